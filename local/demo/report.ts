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

/** The tables at the end. True when every session that the runs were about is verified. */
export async function printReport(
  db: Database,
  { runs, ids, compared }: Done,
  print: (line: string) => void,
): Promise<boolean> {
  print('')
  await printBars(db, print)
  await printSources(db, ids, print)
  const all = [...runs.map((run, i) => ({ run, id: ids[i] ?? '' })), ...(compared ? [compared] : [])]
  return await printVerification(db, all, print)
}

interface Year {
  year: string
  bars: number
  stocks: number
  /** Bars by the source whose row counts. */
  by: Record<string, number>
}

async function printBars(db: Database, print: (line: string) => void): Promise<void> {
  const [stocks] = await db.sql<{ listed: number; all: number }[]>`
    select count(*) filter (where delist_date is null)::int as listed, count(*)::int as all from instrument where kind = 'stock' and not stub`
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
  print(`stocks: ${stocks?.all ?? 0}, of which ${(stocks?.all ?? 0) - (stocks?.listed ?? 0)} are delisted\n`)
  const row = (cells: readonly (string | number)[]) =>
    print(`  ${cells.map((cell) => String(cell).padStart(9)).join('')}`)
  const sum = (of: (year: Year) => number) => years.reduce((total, year) => total + of(year), 0)
  row(['year', 'stocks', 'bars', ...sources])
  for (const { year, bars, stocks: n, by } of years)
    row([year, n, bars, ...sources.map((source) => by[source] ?? 0)])
  row(['all', '', sum(({ bars }) => bars), ...sources.map((source) => sum(({ by }) => by[source] ?? 0))])
  print('')
}

interface Outcome {
  id: string
  status: string
  incomplete: number
  dates: number
  complete: number
  gaps: number
  unverified: number
  missing: number
  /** How far sources agree on what two of them brought. */
  agreement: string | null
}

async function printVerification(
  db: Database,
  done: readonly { run: DemoRun; id: string }[],
  print: (line: string) => void,
): Promise<boolean> {
  const outcomes = await db.sql<Outcome[]>`
    select id, status, (verification->>'dates')::int as dates, (verification->>'complete')::int as complete,
      (verification->>'completeWithGaps')::int as gaps, (verification->>'incomplete')::int as incomplete,
      (verification->>'unverified')::int as unverified, (verification->>'missingCells')::int as missing,
      (select message from sync_log where run_id = r.id and message like 'sources agree on %' order by id desc limit 1) as agreement
    from sync_run r where id = any(${done.map(({ id }) => id)})`
  let verified = true
  for (const { run, id } of done) {
    const outcome = outcomes.find((o) => o.id === id)
    const passed = outcome !== undefined && outcome.incomplete === 0 && outcome.status === 'success'
    verified &&= passed
    print(`verification ${passed ? 'passed' : 'FAILED'}: ${run.title}`)
    if (!outcome) continue
    print(
      `  ${outcome.dates} sessions: ${outcome.complete} complete, ${outcome.gaps} with named gaps, ${outcome.incomplete} incomplete`,
    )
    if (outcome.unverified > 0)
      print(
        `  ${outcome.unverified} sessions lack ${outcome.missing} cells that are recorded nowhere (unrecorded: shown apart, no failure)`,
      )
    if (outcome.agreement !== null) print(`  ${outcome.agreement}`)
  }
  return verified
}
