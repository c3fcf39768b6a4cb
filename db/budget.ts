import type { CallLimits } from '../market/capability.ts'
import { counted } from '../market/counted.ts'
import type { Sql, Tx } from './client.ts'
import { withoutParameters } from './errors.ts'

/*
 * Budgets of upstream calls, held in PostgreSQL so that they count over all workers and survive restarts.
 *
 * Minute: GCRA without burst. Slots lie `interval` apart; a request takes the next one and waits for it. Without a burst
 * no window of 60 s, wherever it begins, can hold more calls than the limit. Hour and day: counters.
 * A request that an upstream answers with several of its own (AKTools pages through a site) costs as many slots: the
 * next one is free when all of them would have had their turn.
 * All times are the database's: workers' clocks may differ. Where that clock is set back, all times of a budget go back with
 * it: none may be blocked for the hours that the clock has lost.
 */

export interface BudgetKey {
  source: string
  account: string
  /** Name of the budget: an interface, or what several of them share, e.g. the site behind them. */
  api: string
}

export type Reservation =
  /** Send after `waitMs`. */
  | { kind: 'slot'; waitMs: number }
  /** No slot within reach: ask again after `waitMs`, or give the batch to another source. */
  | { kind: 'later'; waitMs: number; reason: string }
  | { kind: 'denied'; reason: string }

// Upstreams do not say how their minute runs and clocks jitter: 3 % of the budget stays unused for that.
const SAFETY = 0.97
// Slots further ahead are not taken, so a worker that dies loses at most this much of the budget.
const MAX_AHEAD_MS = 5_000
/**
 * How long a limit that an upstream named wins over the configured one. An account that was upgraded since is noticed a
 * day later, at the price of one refused call a day where nothing has changed.
 */
export const LEARNED_FOR = '24 hours'
/** How long a refused permission is believed; points are bought by the day. */
export const DENIED_FOR = '24 hours'

/** Milliseconds between two slots. */
export function slotInterval(limits: CallLimits): number {
  const fromLimit = limits.perMinute === null ? 0 : 60_000 / (limits.perMinute * SAFETY)
  return Math.max(fromLimit, limits.minIntervalMs)
}

/** The lower of two limits; null is none. */
export const least = (a: number | null, b: number | null) =>
  a === null ? b : b === null ? a : Math.min(a, b)

interface BudgetRow {
  learned_per_minute: number | null
  learned_per_hour: number | null
  learned_per_day: number | null
  blocked_ms: number
  blocked_reason: string | null
  denied: boolean
  denied_message: string | null
  slot_ms: number
  hour_calls: number
  day_calls: number
  hour_left_ms: number
  day_left_ms: number
}

/**
 * Takes the next slot of a budget, if one lies within reach.
 *
 * @param cost requests that the upstream makes for this one; one that costs more than a whole hour or day is granted
 *   as the first of it, since it could never be sent otherwise
 */
export async function reserveSlot(
  sql: Sql,
  key: BudgetKey,
  limits: CallLimits,
  cost = 1,
): Promise<Reservation> {
  return await sql
    .begin(async (tx) => {
      await tx`
        insert into source_budget as b (source, account, api) values (${key.source}, ${key.account}, ${key.api})
        on conflict (source, account, api) do update set ${setBack(tx)} where b.counted_at > clock_timestamp()`
      const [row] = await tx<BudgetRow[]>`
        select blocked_reason, denied_message, coalesce(denied_at > clock_timestamp() - ${DENIED_FOR}::interval, false) as denied,
          case when learned_at > clock_timestamp() - ${LEARNED_FOR}::interval then learned_per_minute end as learned_per_minute,
          case when learned_at > clock_timestamp() - ${LEARNED_FOR}::interval then learned_per_hour end as learned_per_hour,
          case when learned_at > clock_timestamp() - ${LEARNED_FOR}::interval then learned_per_day end as learned_per_day,
          coalesce(extract(epoch from blocked_until - clock_timestamp()) * 1000, 0)::float8 as blocked_ms,
          greatest(0, extract(epoch from next_slot - clock_timestamp()) * 1000)::float8 as slot_ms,
          case when hour = date_trunc('hour', clock_timestamp(), 'Asia/Shanghai') then hour_calls else 0 end as hour_calls,
          case when day = (clock_timestamp() at time zone 'Asia/Shanghai')::date then day_calls else 0 end as day_calls,
          (extract(epoch from date_trunc('hour', clock_timestamp(), 'Asia/Shanghai') + interval '1 hour' - clock_timestamp()) * 1000)::float8 as hour_left_ms,
          (extract(epoch from date_trunc('day', clock_timestamp(), 'Asia/Shanghai') + interval '1 day' - clock_timestamp()) * 1000)::float8 as day_left_ms
        from source_budget where source = ${key.source} and account = ${key.account} and api = ${key.api} for update`
      if (!row) throw new Error('the budget row is gone')
      const decision = decide(row, limits, cost)
      if (decision.kind !== 'slot') return decision
      const interval = slotInterval({ ...limits, perMinute: least(limits.perMinute, row.learned_per_minute) })
      await tx`
        update source_budget set
          next_slot = clock_timestamp() + make_interval(secs => ${(row.slot_ms + interval * cost) / 1000}),
          hour = date_trunc('hour', clock_timestamp(), 'Asia/Shanghai'), hour_calls = ${row.hour_calls + cost},
          day = (clock_timestamp() at time zone 'Asia/Shanghai')::date, day_calls = ${row.day_calls + cost},
          total_calls = total_calls + ${cost}, counted_at = clock_timestamp()
        where source = ${key.source} and account = ${key.account} and api = ${key.api}`
      return decision
    })
    .catch((error: unknown) => {
      throw withoutParameters(error)
    })
}

/** What was counted in an hour or a day that has not come yet counts in the one of now. */
const setBack = (tx: Tx) => tx`
  next_slot = b.next_slot - (b.counted_at - clock_timestamp()),
  blocked_until = b.blocked_until - (b.counted_at - clock_timestamp()),
  hour = least(b.hour, date_trunc('hour', clock_timestamp(), 'Asia/Shanghai')),
  day = least(b.day, (clock_timestamp() at time zone 'Asia/Shanghai')::date),
  learned_at = case when b.learned_at > clock_timestamp() then clock_timestamp() else b.learned_at end,
  denied_at = case when b.denied_at > clock_timestamp() then clock_timestamp() else b.denied_at end,
  counted_at = clock_timestamp()`

function decide(row: BudgetRow, limits: CallLimits, cost: number): Reservation {
  if (row.denied) return { kind: 'denied', reason: row.denied_message ?? 'no permission' }
  if (row.blocked_ms > 0)
    return { kind: 'later', waitMs: row.blocked_ms, reason: row.blocked_reason ?? 'rate limit' }
  const perDay = least(limits.perDay, row.learned_per_day)
  if (perDay !== null && row.day_calls + Math.min(cost, perDay) > perDay) {
    return { kind: 'later', waitMs: row.day_left_ms, reason: used('day', perDay, row.day_calls, cost) }
  }
  const perHour = least(limits.perHour, row.learned_per_hour)
  if (perHour !== null && row.hour_calls + Math.min(cost, perHour) > perHour) {
    return { kind: 'later', waitMs: row.hour_left_ms, reason: used('hour', perHour, row.hour_calls, cost) }
  }
  if (row.slot_ms > MAX_AHEAD_MS)
    return { kind: 'later', waitMs: row.slot_ms - MAX_AHEAD_MS / 2, reason: 'all slots near are taken' }
  return { kind: 'slot', waitMs: row.slot_ms }
}

const used = (window: string, limit: number, calls: number, cost: number): string =>
  calls >= limit
    ? `the ${window}'s ${counted(limit, 'call is', 'calls are')} used`
    : `${calls} of the ${window}'s ${counted(limit, 'call')} used, and this needs ${cost}`

/** Milliseconds that a budget is still blocked for: read again right before sending, since a refusal may have come meanwhile. */
export async function blockedFor(sql: Sql, key: BudgetKey): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`
    select greatest(0, coalesce(extract(epoch from blocked_until - clock_timestamp()) * 1000, 0))::float8 as ms
    from source_budget where source = ${key.source} and account = ${key.account} and api = ${key.api}`
  return row?.ms ?? 0
}

/** Notes a refusal: nothing is sent to that api for a while, and the limit that the refusal named is adopted. */
export async function noteRateLimit(
  sql: Sql,
  key: BudgetKey,
  refusal: { window: 'minute' | 'hour' | 'day'; calls: number | null; reason: string },
): Promise<{ blockedMs: number }> {
  // A limit of nothing is no limit to keep a pace by: the block alone has to do.
  const calls = refusal.calls === 0 ? null : refusal.calls
  // What was learned too long ago must not become young with what is learned now.
  const learned = (window: typeof refusal.window, column: string) => sql`
    case when ${calls}::int is null then ${sql(column)} when ${window === refusal.window} then ${calls}
      when learned_at > clock_timestamp() - ${LEARNED_FOR}::interval then ${sql(column)} end`
  const [row] = await sql<{ ms: number }[]>`
    update source_budget set blocked_reason = ${refusal.reason.slice(0, 300)}, counted_at = clock_timestamp(),
      blocked_until = greatest(coalesce(blocked_until, clock_timestamp()), case ${refusal.window}::text
        when 'minute' then clock_timestamp() + interval '61 seconds'
        when 'hour' then date_trunc('hour', clock_timestamp(), 'Asia/Shanghai') + interval '1 hour 5 seconds'
        else date_trunc('day', clock_timestamp(), 'Asia/Shanghai') + interval '1 day 1 minute' end),
      learned_per_minute = ${learned('minute', 'learned_per_minute')},
      learned_per_hour = ${learned('hour', 'learned_per_hour')},
      learned_per_day = ${learned('day', 'learned_per_day')},
      learned_at = case when ${calls}::int is null then learned_at else clock_timestamp() end
    where source = ${key.source} and account = ${key.account} and api = ${key.api}
    returning (extract(epoch from blocked_until - clock_timestamp()) * 1000)::float8 as ms`
  return { blockedMs: row?.ms ?? 0 }
}

/** Remembers that the account may not call an api. */
export async function noteDenied(sql: Sql, key: BudgetKey, message: string): Promise<void> {
  await sql`
    insert into source_budget (source, account, api, denied_at, denied_message)
    values (${key.source}, ${key.account}, ${key.api}, clock_timestamp(), ${message.slice(0, 300)})
    on conflict (source, account, api) do update set denied_at = excluded.denied_at, denied_message = excluded.denied_message`
}

/** Forgets a refused permission: a person has changed the account, or a probe was let through. */
export async function clearDenied(sql: Sql, key: BudgetKey): Promise<void> {
  await sql`
    update source_budget set denied_at = null, denied_message = null
    where source = ${key.source} and account = ${key.account} and api = ${key.api}`
}
