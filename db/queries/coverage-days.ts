import { type Dataset, DATASETS, isReportDataset, kindOf } from '../../market/datasets.ts'
import { ROW_SOURCES, type RowSource } from '../../market/sources.ts'
import { servedPairs } from '../audit/cells.ts'
import { REPORTED_BEFORE_DAYS } from '../plan-datasets.ts'
import type { Sql } from '../client.ts'

/** How far a date of a dataset is covered. */
export interface CoverageDay {
  date: string
  /** Cells that the universe has on that date; 1 where only the date as a whole can be covered. */
  expected: number
  covered: number
  /** Cells without a row that nobody asks for any more: `absent_upstream`, or `accepted` by a person. */
  explained: Record<string, number>
  /** Cells that are still wanted: `not_covered` where no source was asked, else why the hole is one. */
  missing: Record<string, number>
}

const EXPLAINED = ['absent_upstream', 'accepted']

/**
 * How far dates are covered, in their order. A cell counts once, whoever covers it.
 *
 * @param dates sessions, or ends of quarters for reports; a hundred take about a second
 * @param source null: any
 */
export async function coverageDays(
  sql: Sql,
  query: { dataset: Dataset; dates: readonly string[]; source: RowSource | null },
): Promise<CoverageDay[]> {
  const labels =
    DATASETS[query.dataset].cell === 'event' ? await eventLabels(sql, query) : await cellLabels(sql, query)
  const days = new Map(query.dates.map((date) => [date, emptyDay(date)]))
  for (const { date, label, n } of labels) {
    const day = days.get(date)
    if (!day) continue
    day.expected += n
    if (label === 'covered') day.covered += n
    else if (EXPLAINED.includes(label)) day.explained[label] = n
    else day.missing[label] = n
  }
  return [...days.values()]
}

const emptyDay = (date: string): CoverageDay => ({
  date,
  expected: 0,
  covered: 0,
  explained: {},
  missing: {},
})

interface Label {
  date: string
  label: string
  n: number
}
type Query = Parameters<typeof coverageDays>[1]

/** Events have no cells: a date is covered for the whole market or not. */
async function eventLabels(sql: Sql, { dataset, dates, source }: Query): Promise<Label[]> {
  return await sql<Label[]>`
    select d as date, case when exists (select from coverage v where v.dataset = ${dataset} and v.instrument_id = 0
      and v.ranges @> d and (${source}::text is null or v.source = ${source})) then 'covered' else 'not_covered' end as label, 1 as n
    from unnest(${dates as string[]}::date[]) as d`
}

async function cellLabels(sql: Sql, { dataset, dates, source }: Query): Promise<Label[]> {
  const of = source === null ? ROW_SOURCES : [source]
  const [sources, exchanges] = servedPairs(of)
  const before = isReportDataset(dataset) ? REPORTED_BEFORE_DAYS : 0
  return await sql<Label[]>`
    with days as materialized (
      select d from unnest(${dates as string[]}::date[]) as d
    ), universe as materialized (
      select id, exchange, coalesce(list_date - ${before}::int, '-infinity') as listed, coalesce(delist_date, 'infinity') as delisted
      from instrument where kind = ${kindOf(dataset)} and not stub
    ), covered as (
      select v.source, v.instrument_id as id, d from coverage v join days on v.ranges @> d
        where v.dataset = ${dataset} and v.instrument_id > 0 and v.source = any(${of})
      union
      select v.source, i.id, d from coverage v join days on v.ranges @> d
        join unnest(${sources}::text[], ${exchanges}::text[]) as p(source, exchange) on p.source = v.source
        join universe i on i.exchange = p.exchange
        where v.dataset = ${dataset} and v.instrument_id = 0
    ), held as (
      select c.id, c.d, bool_or(h.reason is null) as plain, bool_or(h.accepted_at is not null) as accepted,
        bool_or(h.reason = 'absent_upstream') as absent, min(h.reason) as reason
      from covered c left join coverage_hole h on h.dataset = ${dataset} and h.instrument_id = c.id and h.trade_date = c.d
        and h.source = c.source
      group by 1, 2
    )
    select d as date, case when held.id is null then 'not_covered' when plain then 'covered' when accepted then 'accepted'
      when absent then 'absent_upstream' else reason end as label, count(*)::int as n
    from universe i join days on d >= i.listed and d < i.delisted left join held using (id, d)
    group by 1, 2`
}
