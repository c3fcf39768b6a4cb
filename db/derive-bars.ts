import { type LongPeriod, periodAround } from '../market/bar-periods.ts'
import type { TradeDate } from '../market/date.ts'
import { SOURCE_NAMES } from '../market/sources.ts'
import { type BarChange, countBars } from './bar-statistics.ts'
import type { Tx } from './client.ts'

/*
 * Weekly and monthly bars: made of the daily bars of the same source, in the transaction that changes one of those or
 * what is known of its day. They are stored beside them in `bars`, with the first day of their period.
 *
 * A row is dated by the last session that the market has in the period. The calendar tells it beforehand, so that every
 * day of a week finds the week's one row. It is final once every session of the period on which the stock was listed is
 * covered by that source, without an open hole, and the calendar is known to the end of the period. Coverage of a session
 * is written after its ready time only: so what is final is over.
 *
 * Two transactions may bring two days of one week at the same time, and each would make the week of its own day alone.
 * Therefore whoever derives holds a lock on the instruments first, and reads their days after that. It is taken between
 * daily bars and coverage, and nobody touches a derived row without it: so they have no place in the lock order.
 */

/** Daily bars whose weeks and months are made anew: those of all periods that touch the dates. */
export interface DerivedRegion {
  source: string
  /** Null: the whole market. */
  instruments: readonly number[] | null
  from: TradeDate
  to: TradeDate
}

/** Who is written down as the writer of a row. */
export interface DerivedBy {
  runId: string | null
  job: string
}

export const LONG_PERIODS = ['weekly', 'monthly'] as const satisfies readonly LongPeriod[]

// The first of a row of lock classes, one for each source.
const DERIVE_LOCKS = 73_162_070
/** In the place of an instrument: whoever has a few instruments shares it, whoever has the whole market has it alone. */
const MARKET_KEY = 0
// The server has room for some 6,000 locks of all its connections.
const MOST_LOCKED_ALONE = 200

/** Waits until nobody else derives bars of these instruments; holds until the end of the transaction. */
export async function lockDerivedBars(
  tx: Tx,
  { source, instruments }: Pick<DerivedRegion, 'source' | 'instruments'>,
): Promise<void> {
  // 0 is for sources that are none of ours.
  const ofSource = DERIVE_LOCKS + (SOURCE_NAMES as string[]).indexOf(source) + 1
  if (instruments === null || instruments.length > MOST_LOCKED_ALONE) {
    await tx`select pg_advisory_xact_lock(${ofSource}, ${MARKET_KEY})`
    return
  }
  const ids = [...new Set(instruments)].sort((a, b) => a - b)
  await tx`select pg_advisory_xact_lock_shared(${ofSource}, ${MARKET_KEY})`
  await tx`select pg_advisory_xact_lock(${ofSource}, id) from unnest(${ids}::int[]) with ordinality as u(id, n) order by n`
}

/**
 * Makes the weekly and monthly bars of a region what its daily bars say; rows that are right are not written. The caller
 * holds `lockDerivedBars`.
 *
 * @returns rows that were written
 */
export async function deriveBars(tx: Tx, region: DerivedRegion, context: DerivedBy): Promise<number> {
  // Temporary and freshly loaded tables have no statistics: a planner that believes them empty joins in squares, in nested
  // loops, by merging on the instrument alone, or the days of a stock with each other first. So it joins as it is told.
  await tx.unsafe(
    'set local enable_nestloop = off; set local enable_mergejoin = off; set local join_collapse_limit = 1; set local jit = off',
  )
  const written = await tx.unsafe<(Omit<BarChange, 'source'> & { n: number })[]>(statementFor(region), [
    region.source,
    ...(region.instruments === null ? [] : [region.instruments as number[]]),
    context.runId,
    context.job,
  ])
  await tx.unsafe(
    'set local enable_nestloop = on; set local enable_mergejoin = on; set local join_collapse_limit to default',
  )
  await countBars(
    tx,
    written.map(({ period, added, latest }) => ({ period, source: region.source, added, latest })),
  )
  return written.reduce((sum, { n }) => sum + n, 0)
}

/**
 * `deriveBars` for every source that has daily bars in a region, locks included.
 *
 * @param region between two dates, or over all of them
 */
export async function deriveEverySource(
  tx: Tx,
  {
    instruments,
    from = null,
    to = null,
  }: { instruments: readonly number[] | null; from?: TradeDate | null; to?: TradeDate | null },
  context: DerivedBy,
): Promise<number> {
  const held = await tx<{ source: string; from: TradeDate; to: TradeDate }[]>`
    select source, min(trade_date)::text as from, max(trade_date)::text as to from bars
    where period = 'daily' and (${from}::date is null or trade_date between ${from} and ${to})
      and ${instruments === null ? tx`true` : tx`instrument_id = any(${instruments as number[]})`}
    group by 1 order by 1`
  let written = 0
  for (const { source, ...dates } of held) {
    await lockDerivedBars(tx, { source, instruments })
    written += await deriveBars(tx, { source, instruments, ...dates }, context)
  }
  return written
}

/** The first day of the period that holds a date, SQL. Arithmetic: `extract` gives a numeric and takes four times as long. */
const STARTS: Record<LongPeriod, string> = {
  // The first day of our era was a Monday.
  weekly: `trade_date - (trade_date - date '0001-01-01') % 7`,
  monthly: `date_trunc('month', trade_date::timestamp)::date`,
}
/** The last day that may have a session, from the first one: Saturdays and Sundays have none, whether the calendar names them or not. */
const LAST_DAYS: Record<LongPeriod, string> = {
  weekly: 'period_start + 4',
  monthly: `(period_start + interval '1 month - 1 day')::date`,
}

const PRICES = ['open', 'high', 'low', 'close', 'pre_close', 'change', 'pct_chg', 'volume', 'amount']
const COMPARED = ['symbol', 'period_start', 'is_final', ...PRICES]

function statementFor({ instruments, from, to }: DerivedRegion): string {
  const whole = {
    from: earlier(...LONG_PERIODS.map((period) => periodAround(period, from).from)),
    to: later(...LONG_PERIODS.map((period) => periodAround(period, to).to)),
  }
  const dates = `between '${whole.from}' and '${whole.to}'`
  const ofInstruments = (column: string) => (instruments === null ? '' : `and ${column} = any($2)`)
  // Without statistics a plain range of dates looks as good as the key, and its index leads through all instruments: like
  // this, dates leave out partitions and nothing else.
  const within =
    instruments === null
      ? `b.trade_date ${dates}`
      : `b.instrument_id = any($2) and (b.trade_date >= '${whole.from}' or b.trade_date is null)
        and (b.trade_date <= '${whole.to}' or b.trade_date is null)`
  const [run, job] = instruments === null ? ['$2', '$3'] : ['$3', '$4']
  return `with stored as materialized (
      select b.instrument_id, b.symbol, b.trade_date, b.period, b.period_start, b.is_final, ${PRICES.map((c) => `b.${c}`).join(', ')}
      from bars b where b.source = $1 and ${within}
    ), days as materialized (
      select *, ${LONG_PERIODS.map((period) => `${STARTS[period]} as ${period}`).join(', ')}
      from stored where period = 'daily'
    ), sums as (
      ${LONG_PERIODS.map((period) => sumsOf(period, periodRange(period, from, to))).join(' union all ')}
    ), periods as materialized (
      ${LONG_PERIODS.map((period) => sessionsOf(period, dates)).join(' union all ')}
    ), covered as materialized (
      select i.id as instrument_id, i.list_date, i.delist_date, coalesce(o.ranges, '{}') + coalesce(m.ranges, '{}') as ranges
      from instrument i
        left join coverage o on o.dataset = 'bars' and o.source = $1 and o.instrument_id = i.id
        left join coverage m on m.dataset = 'bars' and m.source = $1 and m.instrument_id = 0
      where true ${ofInstruments('i.id')}
    ), holes as materialized (
      select instrument_id, range_agg(daterange(trade_date, trade_date, '[]')) as dates from coverage_hole
      where dataset = 'bars' and source = $1 and trade_date ${dates} ${ofInstruments('instrument_id')}
        and reason <> 'absent_upstream' and accepted_at is null group by 1
    ), derived as (
      select s.instrument_id, l.symbol, p.last_session as trade_date, s.period, s.period_start,
        coalesce(p.is_known and c.ranges @> p.life and not coalesce(h.dates && p.life, false), false) as is_final,
        f.open, s.high, s.low, l.close, f.pre_close, l.close - f.pre_close as change,
        case when f.pre_close <> 0 then round((l.close / f.pre_close - 1) * 100, 4) end as pct_chg, s.volume, s.amount
      from sums s
        join days f on f.instrument_id = s.instrument_id and f.trade_date = s.first_bar
        join days l on l.instrument_id = s.instrument_id and l.trade_date = s.last_bar
        join periods q on q.period = s.period and q.period_start = s.period_start
        left join covered c on c.instrument_id = s.instrument_id
        left join holes h on h.instrument_id = s.instrument_id
        cross join lateral (select q.last_session, q.is_known, ${life('q', 'c')} as life) p
    ), changed as (
      select d.*, t.instrument_id is null as is_new from derived d left join stored t
        on t.instrument_id = d.instrument_id and t.trade_date = d.trade_date and t.period = d.period
      where t.instrument_id is null or (${COMPARED.map((c) => `t.${c}`).join(', ')}) is distinct from (${COMPARED.map((c) => `d.${c}`).join(', ')})
    ), written as (
    insert into bars as b (instrument_id, trade_date, period, source, ${COMPARED.join(', ')}, run_id, data_type)
    select instrument_id, trade_date, period, $1, ${COMPARED.join(', ')}, ${run}::uuid, ${job}
    from changed order by instrument_id, trade_date, period
    on conflict (instrument_id, trade_date, period, source) do update set
      ${[...COMPARED, 'run_id', 'data_type'].map((c) => `${c} = excluded.${c}`).join(', ')}, updated_at = greatest(now(), b.updated_at)
    )
    select period, count(*)::int as n, count(*) filter (where is_new)::int as added, max(trade_date)::text as latest
    from changed group by period`
}

const earlier = (...dates: TradeDate[]): TradeDate => dates.sort()[0] ?? ''
const later = (...dates: TradeDate[]): TradeDate => dates.sort().at(-1) ?? ''

const periodRange = (period: LongPeriod, from: TradeDate, to: TradeDate) => ({
  from: periodAround(period, from).from,
  to: periodAround(period, to).to,
})

function sumsOf(period: LongPeriod, { from, to }: { from: TradeDate; to: TradeDate }): string {
  return `select instrument_id, '${period}' as period, ${period} as period_start, min(trade_date) as first_bar, max(trade_date) as last_bar,
        max(high) as high, min(low) as low, sum(volume)::bigint as volume, sum(amount) as amount
      from days where trade_date between '${from}' and '${to}' group by instrument_id, ${period}`
}

/** First and last session of each period, and whether the calendar is known to its end. */
function sessionsOf(period: LongPeriod, dates: string): string {
  return `select '${period}' as period, period_start, first_session, last_session,
        last_day - greatest((last_day - date '0001-01-01') % 7 - 4, 0) <= (select max(trade_date) from trade_calendar where exchange = 'SSE') as is_known
      from (select *, ${LAST_DAYS[period]} as last_day from (
        select ${STARTS[period]} as period_start, min(trade_date) as first_session, max(trade_date) as last_session
        from trade_calendar where exchange = 'SSE' and is_open and trade_date ${dates} group by 1
      ) s) p_${period}`
}

/** From the first to the last session of a period on which the stock was listed; of all where no list says so. */
const life = (period: string, instrument: string): string => `case
          when ${instrument}.list_date > ${period}.last_session or ${instrument}.delist_date <= ${period}.first_session
            then daterange(${period}.first_session, ${period}.last_session, '[]')
          else daterange(greatest(${period}.first_session, ${instrument}.list_date), least(${period}.last_session, ${instrument}.delist_date - 1), '[]') end`
