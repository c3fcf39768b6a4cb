import type { Sql } from '../client.ts'
import { leaveMonthsOf } from '../derived-due.ts'

/** A cell that a source was asked for and that has no row. */
export interface Gap {
  dataset: string
  instrument_id: number
  symbol: string
  trade_date: string
  source: string
  reason: string
  first_seen_at: string
  last_seen_at: string
  /** Complete answers that lacked it. */
  answers: number
  accepted_at: string | null
  accepted_by: string | null
}

/** Why a cell is a hole. */
export const GAP_REASONS = [
  'missing',
  'rejected',
  'lost',
  'bad_row',
  'factor_changed',
  'absent_upstream',
] as const
export type GapReason = (typeof GAP_REASONS)[number]

export interface GapFilter {
  datasets?: readonly string[] | undefined
  /** Null: all. */
  instruments: readonly number[] | null
  source?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

/** Where a page ends. */
export type GapKey = Pick<Gap, 'trade_date' | 'dataset' | 'instrument_id' | 'source'>

/** A page of gaps, newest dates first. */
export async function listGaps(
  sql: Sql,
  filter: GapFilter & {
    reason?: GapReason | undefined
    /** True: only those that runs still ask for; false: only the others. */
    wanted?: boolean | undefined
    after?: GapKey | undefined
    limit: number
  },
): Promise<Gap[]> {
  const { reason = null, wanted = null, after, limit } = filter
  return await sql<Gap[]>`
    select h.dataset, h.instrument_id, coalesce(c.code, h.instrument_id::text) as symbol, h.trade_date, h.source, h.reason,
      h.first_seen_at, h.last_seen_at, h.answers, h.accepted_at, h.accepted_by
    from coverage_hole h left join instrument_code c on c.instrument_id = h.instrument_id and c.valid_to is null
    where ${chosen(sql, filter)} and (${reason}::text is null or h.reason = ${reason})
      and (${wanted}::boolean is null or (h.reason <> 'absent_upstream' and h.accepted_at is null) = ${wanted})
      and (${after === undefined} or h.trade_date < ${after?.trade_date ?? null}::date or (h.trade_date = ${after?.trade_date ?? null}::date
        and (h.dataset, h.instrument_id, h.source) > (${after?.dataset ?? ''}, ${after?.instrument_id ?? 0}, ${after?.source ?? ''})))
    order by h.trade_date desc, h.dataset, h.instrument_id, h.source limit ${limit}`
}

/** Takes the absence of cells for granted: they are not asked again. Gives how many that are. */
export async function acceptGaps(sql: Sql, filter: GapFilter, by: string): Promise<number> {
  return await changed(
    sql,
    sql`update coverage_hole h set accepted_at = now(), accepted_by = ${by}
      where ${chosen(sql, filter)} and h.accepted_at is null returning h.dataset, h.source, h.trade_date`,
  )
}

/** Asks again for cells that were accepted, or that two answers have shown to be absent upstream. */
export async function reopenGaps(sql: Sql, filter: GapFilter): Promise<number> {
  return await changed(
    sql,
    sql`
    update coverage_hole h set accepted_at = null, accepted_by = null,
      first_seen_at = case when h.reason = 'absent_upstream' then now() else h.first_seen_at end,
      answers = case when h.reason = 'absent_upstream' then 0 else h.answers end,
      reason = case when h.reason = 'absent_upstream' then 'missing' else h.reason end
    where ${chosen(sql, filter)} and (h.accepted_at is not null or h.reason = 'absent_upstream')
    returning h.dataset, h.source, h.trade_date`,
  )
}

/** Counts the cells that a statement changed. */
async function changed(sql: Sql, cells: ReturnType<Sql>): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    with cells as (${cells}), due as (${leaveMonthsOf(sql, 'cells')})
    select count(*)::int as n from cells`
  return row?.n ?? 0
}

const chosen = (sql: Sql, { datasets, instruments, source, from, to }: GapFilter) => sql`
  (${datasets === undefined} or h.dataset = any(${(datasets ?? []) as string[]}))
  and (${instruments === null} or h.instrument_id = any(${(instruments ?? []) as number[]}))
  and (${source ?? null}::text is null or h.source = ${source ?? null})
  and (${from ?? null}::date is null or h.trade_date >= ${from ?? null}::date)
  and (${to ?? null}::date is null or h.trade_date <= ${to ?? null}::date)`
