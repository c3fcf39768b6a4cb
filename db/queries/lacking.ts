import type { Dataset } from '../../market/datasets.ts'
import type { Region } from '../../planning/types.ts'
import type { Sql } from '../client.ts'
import { leaveMonthsOf } from '../derived-due.ts'
import { repeatOnConflict } from '../errors.ts'
import { suspendedAllDay } from '../suspended.ts'

/** Cells of one item of a region that a source's answers of a run did not have. */
export interface LackedCells {
  /** The item's place in what was asked. */
  item: number
  source: string
  /** Between the dates of the item, and of its instrument altogether. */
  inside: number
  all: number
}

/** What each source's answers of a run lacked of some items; rows that came and were refused do not count. */
export async function lackedCells(
  sql: Sql,
  runId: string,
  dataset: string,
  items: readonly { id: number; from: string; to: string }[],
): Promise<LackedCells[]> {
  return await sql<LackedCells[]>`
    select (t.n - 1)::int as item, h.source, count(*) filter (where h.trade_date between t.f and t.l)::int as inside,
      count(*)::int as all
    from unnest(${items.map(({ id }) => id)}::int[], ${items.map(({ from }) => from)}::date[],
        ${items.map(({ to }) => to)}::date[]) with ordinality as t(i, f, l, n)
      join sync_run r on r.id = ${runId}
      join coverage_hole h on h.dataset = ${dataset} and h.instrument_id = t.i and h.reason = 'missing'
        and h.last_seen_at >= r.started_at
    group by 1, 2`
}

/** The regions of a stage's batches that are not finished. */
export async function openRegions(
  sql: Sql,
  runId: string,
  stage: number,
): Promise<{ seq: number; dataset: Dataset; region: Region }[]> {
  return await sql<{ seq: number; dataset: Dataset; region: Region }[]>`
    select seq, dataset, region from sync_batch
    where run_id = ${runId} and stage = ${stage} and state in ('pending', 'running') order by seq`
}

/** Takes away what a run's answers lacked on days of suspension that became known only after them. */
export async function dropExplained(sql: Sql, runId: string, datasets: readonly Dataset[]): Promise<void> {
  await repeatOnConflict(
    () => sql`
      with explained as (
        delete from coverage_hole h using suspension s, sync_run r
        where r.id = ${runId} and h.last_seen_at >= r.started_at and h.reason = 'missing' and h.dataset = any(${datasets as string[]})
          and s.instrument_id = h.instrument_id and s.trade_date = h.trade_date and ${sql.unsafe(suspendedAllDay('s'))}
        returning h.dataset, h.source, h.trade_date
      ) ${leaveMonthsOf(sql, 'explained')}`,
  )
}
