import type { Database } from '../../db/client.ts'
import type { CapabilityTable } from '../../market/capability.ts'
import type { Dataset } from '../../market/datasets.ts'
import { type SourceName, SOURCES } from '../../market/sources.ts'
import { TUSHARE_CAPABILITIES } from '../../market/tushare.ts'

interface Share {
  dataset: Dataset
  source: SourceName
  rows: number
  calls: number
  /** First claim to last commit of the dataset; null when the service was stopped in between. */
  seconds: number | null
  /** What was asked for; an upstream that lacks some of it costs the same calls. */
  cells: number
}

/** What came from where: rows and calls of each dataset and source, and what was said when sources took turns. */
export async function printSources(
  db: Database,
  runIds: readonly string[],
  print: (line: string) => void,
): Promise<{ shares: Share[]; turns: string[] }> {
  const shares = await sharesOf(db, runIds)
  if (shares.length === 0) return { shares, turns: [] }
  print('  dataset         source        rows   calls  least possible  seconds')
  for (const [i, share] of shares.entries()) {
    const { dataset, source, rows, calls, seconds } = share
    const isFirst = shares[i - 1]?.dataset !== dataset
    const isOnly = isFirst && shares[i + 1]?.dataset !== dataset
    const counts = `${String(rows).padStart(9)}${String(calls).padStart(8)}`
    const times = `${(isOnly ? leastCalls(share) : '').padStart(16)}${(isFirst ? (seconds?.toFixed(1) ?? '') : '').padStart(9)}`
    print(`  ${(isFirst ? dataset : '').padEnd(15)} ${source.padEnd(9)}${counts}${times}`.trimEnd())
  }
  print('')
  const calls = (source: string) =>
    shares.filter((share) => share.source === source).reduce((sum, share) => sum + share.calls, 0)
  const used = Object.entries(SOURCES).filter(([source]) => calls(source) > 0)
  print(`calls: ${used.map(([source, { title }]) => `${title} ${calls(source)}`).join(', ')}\n`)
  return { shares, turns: await printTurns(db, runIds, print) }
}

async function sharesOf(db: Database, runIds: readonly string[]): Promise<Share[]> {
  return await db.sql<Share[]>`
    with timed as (
      select dataset, min(started_at) as started_at, sum(cells_total)::int as cells,
        case when min(started_at) >= pg_postmaster_start_time()
          then coalesce(extract(epoch from max(finished_at) - min(started_at)), 0)::float8 end as seconds
      from sync_batch where run_id = any(${runIds as string[]}) group by 1)
    select s.dataset, s.source, sum(s.inserted + s.updated + s.unchanged)::int as rows, sum(s.calls)::int as calls,
      t.seconds, t.cells
    from sync_run_source s join timed t using (dataset) where s.run_id = any(${runIds as string[]})
    group by s.dataset, s.source, t.started_at, t.seconds, t.cells
    order by t.started_at, s.dataset, rows desc`
}

/** No plan can be better than cells over the rows of the fullest answer, where all of a dataset came from Tushare. */
function leastCalls({ dataset, source, cells }: Share): string {
  const bySymbols = (TUSHARE_CAPABILITIES as CapabilityTable)[dataset]?.bySymbols ?? null
  return source === 'tushare' && bySymbols !== null ? String(Math.ceil(cells / (bySymbols.rowCap + 1))) : ''
}

/** The lines in which the runs logged that another source took over, or that one was back. */
async function printTurns(
  db: Database,
  runIds: readonly string[],
  print: (line: string) => void,
): Promise<string[]> {
  const turns = await db.sql<{ message: string }[]>`
    select message from sync_log where run_id = any(${runIds as string[]})
      and message ~ '(goes on with|begins with|is up again|has calls left again|is left out)' order by id`
  const lines = turns.map(({ message }) => message)
  for (const line of lines) print(`  ${line}`)
  if (lines.length > 0) print('')
  return lines
}
