import type { SourceName } from '../../market/sources.ts'
import type { System, Trigger } from './system.ts'

/** What one source did for the bars of a run. */
export interface BarsShare {
  source: SourceName
  cells: number
  calls: number
}

/** What a run came to. */
export interface BarsRun {
  status: string
  /** From the claim of the first batch of bars to the end of the last. */
  barsSeconds: number
  /** From the trigger to the end of the run: lists, planning and verification included. */
  seconds: number
  shares: BarsShare[]
}

/** Runs bars of a system and waits for the end. @param onStart told the id of the run as soon as there is one */
export async function runBars(
  system: System,
  body: Trigger,
  onStart: (runId: string) => void = () => undefined,
): Promise<BarsRun> {
  const started = performance.now()
  const runId = await system.trigger({ periods: ['daily'], ...body })
  onStart(runId)
  const { status } = await system.until(runId)
  const seconds = (performance.now() - started) / 1_000
  const [bars] = await system.db.sql<{ seconds: number | null }[]>`
    select extract(epoch from max(finished_at) - min(started_at))::float8 as seconds
    from sync_batch where run_id = ${runId} and dataset = 'bars'`
  const shares = await system.db.sql<BarsShare[]>`
    select source, cells_done::int as cells, calls::int as calls from sync_run_source
    where run_id = ${runId} and dataset = 'bars' and calls > 0 order by cells_done desc, source`
  return { status, barsSeconds: bars?.seconds ?? 0, seconds, shares }
}

/** Nothing was ever fetched, and nobody was ever asked; the lists stay. */
export async function forgetBars({ db }: System): Promise<void> {
  await db.sql`
    truncate bars, adj_factor, suspension, coverage, coverage_hole, sync_failure, source_health, source_budget`
}

/**
 * Symbols that every source knows and has bars of: stocks of Shanghai and Shenzhen that were listed before `first` and still
 * are. The stock list has to be there.
 */
export async function commonSymbols({ db }: System, first: string): Promise<string[]> {
  const rows = await db.sql<{ code: string }[]>`
    select c.code from instrument i join instrument_code c on c.instrument_id = i.id and c.valid_to is null
    where i.kind = 'stock' and not i.stub and i.exchange in ('SSE', 'SZSE') and i.delist_date is null and i.list_date <= ${first}
    order by 1`
  return rows.map(({ code }) => code)
}
