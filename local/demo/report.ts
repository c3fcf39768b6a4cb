import type { Database } from '../../db/client.ts'
import { SOURCE_NAMES } from '../../market/sources.ts'
import { printSources } from './report-sources.ts'
import type { DemoRun } from './runs.ts'

/** What the demo did. */
interface Done {
  runs: readonly DemoRun[]
  /** Of the runs, in the same order. */
  ids: readonly string[]
  compared: { run: DemoRun; id: string } | null
}

interface Report extends Bars {
  /** Every session that the runs were about is. */
  verified: boolean
  shares: object[]
  turns: string[]
  verification: object[]
}

type Print = (line: string) => void

/** The tables at the end, and what they show. */
export async function readReport(
  db: Database,
  { runs, ids, compared }: Done,
): Promise<{ value: Report; lines: string[] }> {
  const lines: string[] = ['']
  const print: Print = (line) => void lines.push(line)
  const bars = await printBars(db, print)
  const sources = await printSources(db, ids, print)
  const all = [...runs.map((run, i) => ({ run, id: ids[i] ?? '' })), ...(compared ? [compared] : [])]
  const verification = await printVerification(db, all, print)
  const verified = verification.every(({ passed }) => passed)
  return { value: { verified, ...bars, ...sources, verification }, lines }
}

interface Year {
  year: string
  bars: number
  stocks: number
  /** Bars by the source whose row counts. */
  by: Record<string, number>
}

interface Bars {
  stocks: { all: number; delisted: number }
  years: Year[]
}

async function printBars(db: Database, print: Print): Promise<Bars> {
  const [stocks = { delisted: 0, all: 0 }] = await db.sql<Bars['stocks'][]>`
    select count(delist_date)::int as delisted, count(*)::int as all from instrument where kind = 'stock' and not stub`
  // A cell that two sources brought counts once, for the one that stands first in the order of sources.
  const years = await db.sql<Year[]>`
    with cell as (
      select distinct on (instrument_id, trade_date) instrument_id, trade_date, source from bars where period = 'daily'
      order by instrument_id, trade_date, array_position(${SOURCE_NAMES as string[]}::text[], source)),
    share as (
      select to_char(trade_date, 'YYYY') as year, source, count(*)::int as bars from cell group by 1, 2)
    select year, (select count(distinct instrument_id)::int from cell where to_char(trade_date, 'YYYY') = year) as stocks,
      sum(bars)::int as bars, jsonb_object_agg(source, bars) as by
    from share group by 1 order by 1`
  const sources = SOURCE_NAMES.filter((source) => years.some(({ by }) => by[source] !== undefined))
  print(`stocks: ${stocks.all}, of which ${stocks.delisted} are delisted\n`)
  const row = (cells: readonly (string | number)[]) =>
    print(`  ${cells.map((cell) => String(cell).padStart(9)).join('')}`)
  const sum = (of: (year: Year) => number) => years.reduce((total, year) => total + of(year), 0)
  row(['year', 'stocks', 'bars', ...sources])
  for (const { year, bars, stocks: n, by } of years)
    row([year, n, bars, ...sources.map((source) => by[source] ?? 0)])
  row(['all', '', sum(({ bars }) => bars), ...sources.map((source) => sum(({ by }) => by[source] ?? 0))])
  print('')
  return { stocks, years }
}

interface Outcome {
  id: string
  status: string
  message: string | null
  /** Sessions; null when the run ended before they were verified. */
  dates: number | null
  complete: number
  incomplete: number
  gaps: number
  unverified: number
  missing: number
  /** How far sources agree on what two of them brought. */
  agreement: string | null
}

interface Verified {
  run_id: string
  title: string
  passed: boolean
  /** Null when the run has disappeared. */
  outcome: Outcome | null
}

async function printVerification(
  db: Database,
  done: readonly { run: DemoRun; id: string }[],
  print: Print,
): Promise<Verified[]> {
  const outcomes = await db.sql<Outcome[]>`
    select id, status, message, (verification->>'dates')::int as dates, (verification->>'complete')::int as complete,
      (verification->>'completeWithGaps')::int as gaps, (verification->>'incomplete')::int as incomplete,
      (verification->>'unverified')::int as unverified, (verification->>'missingCells')::int as missing,
      (select message from sync_log where run_id = r.id and message like 'sources agree on %' order by id desc limit 1) as agreement
    from sync_run r where id = any(${done.map(({ id }) => id)})`
  return done.map(({ run: { title }, id: run_id }) => {
    const outcome = outcomes.find(({ id }) => id === run_id) ?? null
    const passed = outcome !== null && outcome.incomplete === 0 && outcome.status === 'success'
    print(`verification ${passed ? 'passed' : 'FAILED'}: ${title}`)
    if (outcome) outcomeLines(outcome).forEach(print)
    return { run_id, title, passed, outcome }
  })
}

function outcomeLines({ dates, agreement, ...outcome }: Outcome): string[] {
  const { status, message, complete, gaps, incomplete, unverified, missing } = outcome
  if (dates === null) return [`  ${status}: ${message ?? 'nothing was verified'}`]
  const unrecorded = `  ${unverified} sessions lack ${missing} cells that are recorded nowhere (unrecorded: shown apart, no failure)`
  return [
    `  ${dates} sessions: ${complete} complete, ${gaps} with named gaps, ${incomplete} incomplete`,
    ...(unverified > 0 ? [unrecorded] : []),
    ...(agreement === null ? [] : [`  ${agreement}`]),
  ]
}
