import { type Adjustment, ADJUSTMENTS, type FactorStep, factorSteps } from '../../market/adjust.ts'
import { CAPABILITIES } from '../../market/capabilities.ts'
import type { TradeDate } from '../../market/date.ts'
import type { DateRange } from '../../planning/types.ts'
import { parseMultirange } from '../../planning/wanted.ts'
import type { Sql } from '../client.ts'
import { factorSources } from './factor-sources.ts'
import type { BarRegion, Fragment } from './region.ts'

/** The factors of one instrument over the dates of a region, all of one source. */
export interface FactorScale {
  id: number
  source: string
  steps: FactorStep[]
  /** The newest factor at or before the anchor day; null when there is none. */
  anchor: string | null
}

/** Sources with factors on ex-dates only, and the first date that they have. */
const SPARSE = Object.entries(CAPABILITIES).flatMap(([source, { adj_factor: capability }]) =>
  capability?.sparse ? [{ source, start: capability.historyStart }] : [],
)

interface FactorRow {
  id: number
  source: string
  /** Comma separated. */
  dates: string | null
  factors: string | null
  known: string
  wholeTo: TradeDate | null
  doubtful: TradeDate[] | null
  newest: string | null
  /** Whether the steps are all there is to say. */
  isPlain: boolean
}

/** How the steps of an instrument are found in its rows. */
type Look = 'one day' | 'by factor' | 'row by row'

/**
 * The factors of a region's instruments: of the named source, or with `best` of the source that `factor_source` names for
 * each. An instrument without an entry has no factors.
 *
 * Rows count as they were known at `asOf`; which days a source has answered for is kept for the present only. So as of a
 * moment a source with a row for each session is believed on the days of its rows alone, and one with rows on ex-dates
 * as far as it has answered by now.
 *
 * @param anchor the newest factor at or before it is the anchor's; null: the newest of all
 */
export async function readFactors(
  { sql, planned }: { sql: Sql; planned: Sql },
  region: BarRegion,
  question: Question,
): Promise<FactorScale[]> {
  const { instruments, from, to } = region
  if (from === to) return scalesOf(await lookAt(sql, region, question, 'one day'))
  if (instruments !== null) {
    // Nearly always that is enough, and takes a third of the time.
    const rows = await lookAt(planned, region, question, 'by factor')
    if (rows.every(({ isPlain }) => isPlain)) return scalesOf(rows)
  }
  return scalesOf(await lookAt(sql, region, question, 'row by row'))
}

interface Question {
  source: string
  adjust: Adjustment
  anchor: TradeDate | null
}

async function lookAt(
  sql: Sql,
  region: BarRegion,
  { source, adjust, anchor }: Question,
  look: Look,
): Promise<FactorRow[]> {
  const { from, to, asOf } = region
  const newest = ADJUSTMENTS[adjust].anchored
    ? sql`left join (${lastRows(sql, region, anchor)}) n using (instrument_id)`
    : sql`cross join (select null::numeric as factor) n`
  const steps = { 'one day': oneDay, 'by factor': groups, 'row by row': changes }[look]
  return await sql<FactorRow[]>`
    with asked as materialized (${factorSources(sql, region, source)}),
    facts as materialized (
      select a.instrument_id, a.source, covered, ${look === 'one day' ? sql`false` : gapless(sql, region)} as gapless, (
        select upper(r) - 1 from unnest(covered) as r where s.start is not null and r @> coalesce((
          select c.trade_date from trade_calendar c
          where c.exchange = 'SSE' and c.is_open and c.trade_date >= greatest(i.list_date, s.start) order by c.trade_date limit 1
        ), greatest(i.list_date, s.start))
      ) as whole_to
      from asked a join instrument i on i.id = a.instrument_id
        left join unnest(${SPARSE.map((s) => s.source)}::text[], ${SPARSE.map((s) => s.start)}::date[]) as s(source, start) using (source)
        left join coverage o on o.dataset = 'adj_factor' and o.instrument_id = a.instrument_id and o.source = a.source
        left join coverage m on m.dataset = 'adj_factor' and m.instrument_id = 0 and m.source = a.source
        cross join lateral (
          select case when s.start is null and ${asOf !== null} then '{}' else coalesce(o.ranges, '{}') + coalesce(m.ranges, '{}') end as covered
        ) c
    ),
    steps as (${steps(sql, region)}), doubtful as (${doubtfulDays(sql, region)})
    select f.instrument_id as id, f.source, s.dates, s.factors, d.dates as doubtful, f.whole_to as "wholeTo", n.factor as newest, f.gapless and coalesce(s.is_plain, true) as "isPlain",
      (f.covered * datemultirange(daterange(${from}, ${to}, '[]')) + coalesce(s.days, '{}'))::text as known
    from facts f left join steps s using (instrument_id) left join doubtful d using (instrument_id) ${newest}`
}

/**
 * Rows where the factor is another than in the row before or where days before them are not known, and the days of rows that
 * the source has not answered for.
 */
const changes = (sql: Sql, region: BarRegion): Fragment => sql`
  select instrument_id, string_agg(trade_date::text, ',' order by trade_date) filter (where is_step) as dates,
    string_agg(factor::text, ',' order by trade_date) filter (where is_step) as factors,
    range_agg(daterange(trade_date, trade_date, '[]')) filter (where not gapless and not covered @> trade_date) as days, true as is_plain
  from (
    select r.instrument_id, r.trade_date, r.factor, f.covered, f.gapless, r.before is distinct from r.factor
      or not f.gapless and not f.covered @> daterange(r.day_before, r.trade_date, '[]') as is_step
    from (
      select *, lag(factor) over w as before, lag(trade_date) over w as day_before from (${firstRows(sql, region)} union all ${laterRows(sql, region)}) r
      window w as (partition by instrument_id order by trade_date)
    ) r join facts f using (instrument_id)
  ) r where is_step or not gapless and not covered @> trade_date group by 1`

/**
 * The same where no day between rows is unknown and no factor comes back after another one: `is_plain` says so. To group the rows
 * of 30 years takes a third as long as to put each beside the one before, and half as long again where they are not sorted for it:
 * so the last date is no bound, of which PostgreSQL would expect to leave it a handful of rows.
 */
const groups = (sql: Sql, region: BarRegion): Fragment => sql`
  select instrument_id, string_agg(first::text, ',' order by first) as dates, string_agg(factor::text, ',' order by first) as factors,
    null::datemultirange as days, bool_and(before is null or before < first) as is_plain
  from (
    select *, lag(last) over (partition by instrument_id order by first) as before from (
      select instrument_id, trade_date as first, trade_date as last, factor from (${firstRows(sql, region)}) r
      union all
      select a.instrument_id, g.* from asked a cross join lateral (
        select min(r.trade_date), max(r.trade_date), r.factor from (${factorsAsOf(sql, region.asOf)}) r
        where r.instrument_id = a.instrument_id and r.source = a.source and r.factor is not null
          and r.trade_date > ${region.from} and (r.trade_date <= ${region.to}) is true group by r.factor
      ) g
    ) g
  ) g group by 1`

/** Whether the source has answered for all days between its first and its last row of a region: then no row has to be looked at. */
function gapless(sql: Sql, { from, to }: BarRegion): Fragment {
  const end = (order: Fragment) => sql`(
    select r.trade_date from adj_factor r where r.instrument_id = a.instrument_id and r.source = a.source order by r.trade_date ${order} limit 1
  )`
  return sql`(
    select case when first <= last then covered @> daterange(first, last, '[]') else false end
    from (select greatest(${from}::date, ${end(sql``)}) as first, least(${to}::date, ${end(sql`desc`)}) as last) s
  )`
}

/** The same of one day, which has one row for each instrument. */
const oneDay = (sql: Sql, region: BarRegion): Fragment => sql`
  select instrument_id, r.trade_date::text as dates, r.factor::text as factors,
    case when not f.covered @> r.trade_date then datemultirange(daterange(r.trade_date, r.trade_date, '[]')) end as days, true as is_plain
  from (${firstRows(sql, region)}) r join facts f using (instrument_id)`

function scalesOf(rows: readonly FactorRow[]): FactorScale[] {
  // Of one day, nearly all stocks have the same.
  const ranges = new Map<string, DateRange[]>()
  const rangesOf = (text: string): DateRange[] => {
    const found = ranges.get(text) ?? parseMultirange(text)
    ranges.set(text, found)
    return found
  }
  return rows.map(({ id, source, dates, factors, known, wholeTo, doubtful, newest }) => {
    const values = factors?.split(',').map(trimmed) ?? []
    const steps = factorSteps({
      steps: (dates?.split(',') ?? []).map((date, i) => ({ date, factor: values[i] ?? '' })),
      known: rangesOf(known).map(({ from, to }) => ({
        from,
        to,
        isWhole: wholeTo !== null && to <= wholeTo,
      })),
      doubtful: doubtful ?? [],
    })
    return { id, source, steps, anchor: newest === null ? (wholeTo === null ? null : '1') : trimmed(newest) }
  })
}

/** Without zeros behind the last digit: factors are stored with eight decimals. */
const trimmed = (decimal: string): string => (decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal)

/** Factors as they were known at a moment; null where the row did not exist then. */
const factorsAsOf = (sql: Sql, asOf: string | null): Fragment =>
  asOf === null
    ? sql`select instrument_id, source, trade_date, factor from adj_factor`
    : sql`
      select f.instrument_id, f.source, f.trade_date, case when f.updated_at <= ${asOf} then f.factor else (
        select (v.old->>'factor')::numeric from revision v
        where v.dataset = 'adj_factor' and v.instrument_id = f.instrument_id and v.trade_date = f.trade_date
          and v.source = f.source and v.known_from <= ${asOf} and v.known_to > ${asOf} limit 1
      ) end as factor
      from adj_factor f`

/**
 * The rows on the first date of a region, or the last ones before it where they hold there: where the source has answered for
 * all the days between, or from the beginning.
 */
const firstRows = (sql: Sql, region: BarRegion): Fragment => sql`
  select l.instrument_id, ${region.from}::date as trade_date, l.factor
  from (${lastRows(sql, region, region.from)}) l join facts f using (instrument_id)
  where l.trade_date = ${region.from} or f.whole_to >= ${region.from} or f.covered @> daterange(l.trade_date, ${region.from}, '[]')`

function laterRows(sql: Sql, region: BarRegion): Fragment {
  const { instruments, asOf } = region
  const ofRegion = instruments === null ? sql`` : sql`and r.instrument_id = any(${instruments as number[]})`
  return sql`
    select instrument_id, r.trade_date, r.factor from asked join (${factorsAsOf(sql, asOf)}) r using (instrument_id, source)
    where ${isLater(sql, region)} ${ofRegion}`
}

/** Of a row `r`: on a date of the region behind its first one. */
const isLater = (sql: Sql, { from, to }: BarRegion): Fragment =>
  sql`r.trade_date > ${from} and r.trade_date <= ${to} and r.factor is not null`

/** For each instrument the last row at or before a date. */
function lastRows(sql: Sql, { instruments, asOf }: BarRegion, date: TradeDate | null): Fragment {
  const factors = factorsAsOf(sql, asOf)
  const until = date === null ? sql`true` : sql`r.trade_date <= ${date}`
  const probe = (condition: Fragment) => sql`
    select r.trade_date, r.factor from (${factors}) r
    where r.instrument_id = a.instrument_id and r.source = a.source and r.factor is not null and ${until} and ${condition}
    order by r.trade_date desc limit 1`
  if (instruments !== null)
    return sql`select a.instrument_id, r.trade_date, r.factor from asked a cross join lateral (${probe(sql`true`)}) r`
  // Of the whole market nearly all have a row on the newest day, and those are found at once.
  return sql`
    select a.instrument_id, coalesce(e.trade_date, p.trade_date) as trade_date, coalesce(e.factor, p.factor) as factor
    from asked a left join (
      select r.* from (${factors}) r
      where r.factor is not null and r.trade_date = (select max(r.trade_date) from adj_factor r where ${until})
    ) e using (instrument_id, source)
    left join lateral (${probe(sql`e.factor is null`)}) p on true
    where e.factor is not null or p.factor is not null`
}

/** Days of a region without their row, where the rows around them differ. */
const doubtfulDays = (sql: Sql, { instruments, from, to }: BarRegion): Fragment => sql`
  select h.instrument_id, array_agg(h.trade_date order by h.trade_date) as dates
  from asked a join coverage_hole h using (instrument_id, source)
  where h.dataset = 'adj_factor' and h.trade_date between ${from} and ${to}
    ${instruments === null ? sql`` : sql`and h.instrument_id = any(${instruments as number[]})`}
    and not exists (
      select from adj_factor f where f.instrument_id = h.instrument_id and f.source = h.source and f.trade_date = h.trade_date
    )
    and (
      select f.factor from adj_factor f where f.instrument_id = h.instrument_id and f.source = h.source and f.trade_date < h.trade_date
      order by f.trade_date desc limit 1
    ) is distinct from (
      select f.factor from adj_factor f where f.instrument_id = h.instrument_id and f.source = h.source and f.trade_date > h.trade_date
      order by f.trade_date limit 1
    )
  group by 1`
