import type { Database } from '../../db/client.ts'
import type { DemoRun } from './runs.ts'

interface Phase {
  dataset: string
  calls: number
  rows: number
  /** What was asked for; an upstream that lacks some of it costs the same calls. */
  cells: number
  seconds: number
}

// Rows that one answer of the upstream holds at most: what no plan can be better than.
const ROW_CAP: Readonly<Record<string, number>> = { bars: 6_000, adj_factor: 6_000 }

/** The table at the end. True when every session that the runs were about is verified. */
export async function printReport(
  db: Database,
  runIds: readonly string[],
  runs: readonly DemoRun[],
  print: (line: string) => void,
): Promise<boolean> {
  print('')
  await printBars(db, print)
  await printCalls(db, runIds, print)
  return await printVerification(db, runIds, runs, print)
}

async function printBars(db: Database, print: (line: string) => void): Promise<void> {
  const [stocks] = await db.sql<{ listed: number; all: number }[]>`
    select count(*) filter (where delist_date is null)::int as listed, count(*)::int as all from instrument where kind = 'stock' and not stub`
  const years = await db.sql<{ year: string; bars: number; stocks: number }[]>`
    select to_char(trade_date, 'YYYY') as year, count(*)::int as bars, count(distinct instrument_id)::int as stocks
    from bars where period = 'daily' group by 1 order by 1`
  print(`stocks: ${stocks?.all ?? 0}, of which ${(stocks?.all ?? 0) - (stocks?.listed ?? 0)} are delisted\n`)
  print('  year        bars   stocks')
  for (const { year, bars, stocks: n } of years)
    print(`  ${year}  ${String(bars).padStart(10)}  ${String(n).padStart(7)}`)
  print(`  all   ${String(years.reduce((sum, y) => sum + y.bars, 0)).padStart(10)}\n`)
}

async function printCalls(
  db: Database,
  runIds: readonly string[],
  print: (line: string) => void,
): Promise<void> {
  const phases = await db.sql<Phase[]>`
    select dataset, sum(calls)::int as calls, sum(inserted + updated + unchanged)::int as rows, sum(cells_total)::int as cells,
      coalesce(extract(epoch from max(finished_at) - min(started_at)), 0)::float8 as seconds
    from sync_batch where run_id = any(${runIds as string[]}) group by dataset order by min(started_at)`
  print('  dataset              rows   calls  least possible  seconds')
  for (const { dataset, calls, rows, cells, seconds } of phases) {
    const cap = ROW_CAP[dataset]
    const least = cap === undefined ? '' : String(Math.ceil(cells / cap))
    print(
      `  ${dataset.padEnd(15)}${String(rows).padStart(10)}${String(calls).padStart(8)}${least.padStart(16)}${seconds.toFixed(1).padStart(9)}`,
    )
  }
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
}

async function printVerification(
  db: Database,
  runIds: readonly string[],
  runs: readonly DemoRun[],
  print: (line: string) => void,
): Promise<boolean> {
  const outcomes = await db.sql<Outcome[]>`
    select id, status, (verification->>'dates')::int as dates, (verification->>'complete')::int as complete,
      (verification->>'completeWithGaps')::int as gaps, (verification->>'incomplete')::int as incomplete,
      (verification->>'unverified')::int as unverified, (verification->>'missingCells')::int as missing
    from sync_run where id = any(${runIds as string[]})`
  let verified = true
  for (const [i, id] of runIds.entries()) {
    const outcome = outcomes.find((o) => o.id === id)
    const passed = outcome !== undefined && outcome.incomplete === 0 && outcome.status === 'success'
    verified &&= passed
    print(`verification ${passed ? 'passed' : 'FAILED'}: ${runs[i]?.title ?? id}`)
    if (!outcome) continue
    print(
      `  ${outcome.dates} sessions: ${outcome.complete} complete, ${outcome.gaps} with named gaps, ${outcome.incomplete} incomplete`,
    )
    if (outcome.unverified > 0)
      print(
        `  ${outcome.unverified} sessions lack ${outcome.missing} cells that are recorded nowhere (unrecorded: shown apart, no failure)`,
      )
  }
  return verified
}
