import type { CallLimits } from '../../market/capability.ts'
import { type BudgetKey, DENIED_FOR, LEARNED_FOR, least, slotInterval } from '../budget.ts'
import type { Sql } from '../client.ts'

export interface LearnedLimits {
  perMinute: number | null
  perHour: number | null
  perDay: number | null
}

/** The limits that an upstream has named in its refusals of the last day. */
export async function learnedLimits(sql: Sql, key: BudgetKey): Promise<LearnedLimits> {
  const [row] = await sql<LearnedLimits[]>`
    select learned_per_minute as "perMinute", learned_per_hour as "perHour", learned_per_day as "perDay"
    from source_budget where source = ${key.source} and account = ${key.account} and api = ${key.api}
      and learned_at > clock_timestamp() - ${LEARNED_FOR}::interval`
  return row ?? { perMinute: null, perHour: null, perDay: null }
}

/** The interfaces that an account was told not to call, within the last day. */
export async function deniedApis(sql: Sql, source: string, account: string): Promise<ReadonlySet<string>> {
  const rows = await sql<{ api: string }[]>`
    select api from source_budget
    where source = ${source} and account = ${account} and denied_at > clock_timestamp() - ${DENIED_FOR}::interval`
  return new Set(rows.map(({ api }) => api))
}

/** A window that calls are counted in. Limit and left are null where there is no limit. */
interface WindowView {
  used: number
  limit: number | null
  left: number | null
}

/** What is known of one budget right now; times are epoch milliseconds of the database's clock. */
export interface BudgetView {
  source: string
  account: string
  /** Name of the budget, `api` in its key. */
  budget: string
  /** The pace that calls go at; null where nothing holds them back. */
  callsPerMinute: number | null
  /** This hour and this day of Shanghai. */
  hour: WindowView
  day: WindowView
  totalCalls: number
  /** True when the upstream has named a limit within the last day. */
  learned: boolean
  /** When the next call may be sent; in the past when it may be at once. */
  nextSlotMs: number
  blocked: { untilMs: number; reason: string } | null
  denied: { sinceMs: number; untilMs: number; message: string } | null
}

interface ViewRow extends LearnedLimits {
  source: string
  account: string
  budget: string
  hourCalls: number
  dayCalls: number
  totalCalls: number
  nextSlotMs: number
  blockedUntilMs: number | null
  blockedReason: string | null
  deniedAtMs: number | null
  deniedUntilMs: number | null
  deniedMessage: string | null
}

/**
 * Every budget that was ever asked.
 *
 * @param limitsOf what is configured for a budget; null for one that nothing uses any more, e.g. of an old account
 */
export async function budgetViews(
  sql: Sql,
  limitsOf: (key: BudgetKey) => CallLimits | null,
): Promise<BudgetView[]> {
  const rows = await sql<ViewRow[]>`
    select source, account, api as budget, total_calls as "totalCalls",
      case when learned_at > clock_timestamp() - ${LEARNED_FOR}::interval then learned_per_minute end as "perMinute",
      case when learned_at > clock_timestamp() - ${LEARNED_FOR}::interval then learned_per_hour end as "perHour",
      case when learned_at > clock_timestamp() - ${LEARNED_FOR}::interval then learned_per_day end as "perDay",
      case when hour = date_trunc('hour', clock_timestamp(), 'Asia/Shanghai') then hour_calls else 0 end as "hourCalls",
      case when day = (clock_timestamp() at time zone 'Asia/Shanghai')::date then day_calls else 0 end as "dayCalls",
      (extract(epoch from next_slot) * 1000)::float8 as "nextSlotMs",
      case when blocked_until > clock_timestamp() then (extract(epoch from blocked_until) * 1000)::float8 end as "blockedUntilMs",
      blocked_reason as "blockedReason",
      case when denied_at > clock_timestamp() - ${DENIED_FOR}::interval then (extract(epoch from denied_at) * 1000)::float8 end as "deniedAtMs",
      (extract(epoch from denied_at + ${DENIED_FOR}::interval) * 1000)::float8 as "deniedUntilMs",
      denied_message as "deniedMessage"
    from source_budget order by source, account, api`
  return rows.map((row) => viewOf(row, limitsOf({ ...row, api: row.budget })))
}

function viewOf(row: ViewRow, limits: CallLimits | null): BudgetView {
  const perMinute = least(limits?.perMinute ?? null, row.perMinute)
  const interval = slotInterval({
    perMinute,
    perHour: null,
    perDay: null,
    minIntervalMs: limits?.minIntervalMs ?? 0,
  })
  return {
    source: row.source,
    account: row.account,
    budget: row.budget,
    callsPerMinute: interval === 0 ? null : 60_000 / interval,
    hour: windowOf(row.hourCalls, least(limits?.perHour ?? null, row.perHour)),
    day: windowOf(row.dayCalls, least(limits?.perDay ?? null, row.perDay)),
    totalCalls: row.totalCalls,
    learned: row.perMinute !== null || row.perHour !== null || row.perDay !== null,
    nextSlotMs: row.nextSlotMs,
    blocked:
      row.blockedUntilMs === null
        ? null
        : { untilMs: row.blockedUntilMs, reason: row.blockedReason ?? 'rate limit' },
    denied:
      row.deniedAtMs === null || row.deniedUntilMs === null
        ? null
        : {
            sinceMs: row.deniedAtMs,
            untilMs: row.deniedUntilMs,
            message: row.deniedMessage ?? 'no permission',
          },
  }
}

const windowOf = (used: number, limit: number | null): WindowView => ({
  used,
  limit,
  left: limit === null ? null : Math.max(0, limit - used),
})
