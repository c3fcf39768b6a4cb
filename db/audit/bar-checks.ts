import { FREE_SESSIONS, ST_LIMIT } from '../../market/price-limits.ts'
import type { DateRange } from '../../planning/types.ts'
import type { Sql, Tx } from '../client.ts'
import { suspendedAllDay } from '../suspended.ts'
import { downPercent, upPercent } from './price-limit-sql.ts'

/*
 * What a bar can be suspected of. The first two cannot be true and block their day; the others are worth a look, since
 * each has exceptions that no list names.
 *
 *   ohlc         the high is not the highest price, or the low not the lowest
 *   unit         amount / volume lies outside the day's range: lots for shares, or thousand yuan for yuan
 *   price_limit  a price beyond the daily limit of the board
 *   pre_close    differs from the last traded close although the factor of that source did not change
 *   factor_step  the factor changed by another ratio than the last traded close to pre_close
 */
export const BLOCKING_RULES = ['ohlc', 'unit'] as const
export const FLAGGING_RULES = ['price_limit', 'pre_close', 'factor_step'] as const
export type BarRule = (typeof BLOCKING_RULES)[number] | (typeof FLAGGING_RULES)[number]

/** How often a rule was broken on one date. */
export interface RuleHits {
  date: string
  rule: BarRule
  count: number
  /** The first of them by symbol. */
  examples: string[]
}

export interface CheckedRegion extends DateRange {
  /** Null: all. */
  instruments: readonly number[] | null
}

/** Rows `b` whose prices are out of order. Open, high and low may be absent in bars of indices. */
export const OHLC_BROKEN =
  '(b.high < greatest(b.open, b.close, b.low) or b.low > least(b.open, b.close, b.high))'
/** Rows `b` whose mean price lies outside the day's range. Nothing is divided, and nearly all lie inside without the tolerance. */
export const UNIT_BROKEN = `(b.volume > 0 and not b.amount between b.low * b.volume and b.high * b.volume
  and not b.amount between b.low * b.volume * 0.98 and b.high * b.volume * 1.02)`

// How far back the last traded close is looked for in one go; longer suspensions are looked up one by one.
const LOOKBACK_DAYS = 45
const EXAMPLES = 5
// Upstreams round factors to three decimals or finer; prices are on a grid of 0.01.
const FACTOR_ROUNDING = 0.0006
const HALF_TICK = 0.005

/** Broken rules per date, ascending by date. One statement: give it a year at most. */
export async function checkBars(sql: Sql, region: CheckedRegion): Promise<RuleHits[]> {
  return await sql.begin(async (tx) => {
    // Freshly loaded tables have no statistics, and a planner that believes them empty joins in squares.
    await tx`set local enable_nestloop = off`
    return await hitsOf(tx, region)
  })
}

const hitsOf = async (tx: Tx, { from, to, instruments }: CheckedRegion): Promise<RuleHits[]> =>
  await tx.unsafe<RuleHits[]>(statement(), [from, to, instruments as number[] | null])

/** Rows of a slice with what went before them, then one flag for each rule. */
const statement = (): string => `with sessions as materialized (
    select trade_date, lag(trade_date) over o as day_before, lag(trade_date, ${FREE_SESSIONS}) over o as fifth_before
    from trade_calendar where exchange = 'SSE' and is_open window o as (order by trade_date)
  ), traded as (
    select b.instrument_id, b.source, b.trade_date, b.symbol, b.open, b.high, b.low, b.close, b.pre_close, b.volume, b.amount, b.is_st,
      f.factor, lag(b.trade_date) over w as near_date, lag(b.close) over w as near_close, lag(f.factor) over w as near_factor
    from bars b left join adj_factor f on f.instrument_id = b.instrument_id and f.trade_date = b.trade_date and f.source = b.source
      and f.trade_date between $1::date - ${LOOKBACK_DAYS} and $2
    where b.period = 'daily' and b.trade_date between $1::date - ${LOOKBACK_DAYS} and $2
      and ($3::int[] is null or b.instrument_id = any($3))
    window w as (partition by b.instrument_id, b.source order by b.trade_date)
  ), followed as (
    select t.*, i.board, i.list_date, s.day_before, s.fifth_before, coalesce(t.near_date, far[1]::date) as last_date,
      coalesce(t.near_close, far[2]::numeric) as last_close, coalesce(t.near_factor, far[3]::numeric) as last_factor,
      coalesce(t.is_st, ${MOVED_FAR} and ${NAMED_ST}) as special
    from traded t join instrument i on i.id = t.instrument_id join sessions s on s.trade_date = t.trade_date
      cross join lateral (select ${LONG_AGO} as far offset 0) f
    where t.trade_date between $1 and $2
  ), judged as (
    select r.trade_date, r.symbol, ${OHLC_BROKEN.replaceAll('b.', 'r.')} as ohlc, ${UNIT_BROKEN.replaceAll('b.', 'r.')} as unit,
      ${beyondLimit()} as price_limit, ${IS_CONNECTED} and ${STEP_BROKEN} as step, r.factor = r.last_factor as same_factor
    from followed r offset 0
  ), suspects as materialized (select * from judged where ohlc or unit or price_limit or step)
  select trade_date as date, rule, count(*)::int as count, (array_agg(symbol order by symbol))[1:${EXAMPLES}] as examples
  from suspects, lateral (values ('ohlc', ohlc), ('unit', unit), ('price_limit', price_limit),
    ('pre_close', step and same_factor), ('factor_step', step and not same_factor)) as v(rule, broken)
  where broken group by 1, 2 order by 1, 2`

// Only moves that a stock under special treatment could not make: names are looked up for few rows then.
const MOVED_FAR = `(t.high > round(t.pre_close * ${1 + ST_LIMIT.percent / 100}, 2) or t.low < round(t.pre_close * ${1 - ST_LIMIT.percent / 100}, 2))`
const NAMED_ST = `exists (select from name_change n where n.instrument_id = t.instrument_id and n.start_date <= t.trade_date
  and (n.end_date is null or n.end_date >= t.trade_date) and n.name like '%ST%')`

// Before the window and after the listing: the first bar of all has nothing before it. Needed for few rows, and looked up once
// for each of them because of the `offset 0` around it: the planner would copy it to wherever a last bar is looked at, a dozen
// calls for a row.
const LONG_AGO = `case when t.near_date is null and (i.list_date is null or t.trade_date > i.list_date)
  then last_bar_before(t.instrument_id, t.source, $1::date - ${LOOKBACK_DAYS}) end`

/** Nothing is missing between a bar and the one before it: it is the next session, or those between were suspended. */
const IS_CONNECTED = `(r.last_date = r.day_before or (
    select count(*) from trade_calendar c where c.exchange = 'SSE' and c.is_open and c.trade_date > r.last_date and c.trade_date < r.trade_date
  ) <= (
    select count(distinct s.trade_date) from suspension s where s.instrument_id = r.instrument_id and ${suspendedAllDay('s')}
      and s.trade_date > r.last_date and s.trade_date < r.trade_date
  ))`

// A day on which nothing stepped needs no division.
const STEP_BROKEN = `not (r.factor = r.last_factor and r.last_close = r.pre_close) and r.pre_close > 0
  and abs(r.factor / r.last_factor - r.last_close / r.pre_close)
    > r.last_close / r.pre_close * (${HALF_TICK} / r.pre_close + ${FACTOR_ROUNDING} / r.factor + ${FACTOR_ROUNDING} / r.last_factor)`

// Inside of every limit, the narrowest with its rounding to a tick included: most bars need no further look.
const INSIDE_PERCENT = ST_LIMIT.percent - 2

// Rounded as the exchanges do; a tick is always allowed.
const beyondLimit = (): string =>
  `(r.high > r.pre_close * ${1 + INSIDE_PERCENT / 100} or r.low < r.pre_close * ${1 - INSIDE_PERCENT / 100})
    and (r.high > greatest(round(r.pre_close * (1 + (${upPercent()}) / 100.0), 2), r.pre_close + 0.01)
      or r.low < least(round(r.pre_close * (1 - (${downPercent()}) / 100.0), 2), r.pre_close - 0.01)) and (${upPercent()}) is not null`
