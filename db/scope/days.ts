import type { SessionCalendar } from '../../market/calendar.ts'
import { counted } from '../../market/counted.ts'
import { addDays, shanghaiClock, type TradeDate } from '../../market/date.ts'
import type { RunParams } from '../../market/run-params.ts'
import { newestReady } from '../../planning/market-facts.ts'
import type { Sql } from '../client.ts'
import { loadCalendar } from '../queries/planning.ts'
import type { Resolved, ScopeContext } from './context.ts'

/*
 * The sessions of a daily run: those since the last complete one whose data is ready by now. A bad day in between does not
 * stop the others: each of them is planned by what it lacks.
 */

// What is known of a day with these has come as far as it will; without a source of suspensions nobody can say more.
const SETTLED = ['complete', 'complete_with_gaps', 'unverified']

/**
 * @throws RangeError when more sessions are missing than a daily run catches up with, with what to run instead
 */
export async function missingDays(context: ScopeContext, params: RunParams): Promise<Resolved> {
  const { sql, sources, settings, now } = context
  const calendar = await loadCalendar(sql)
  const newest = newestOf(context, calendar)
  if (newest === null) {
    const why = sources.size === 0 ? 'no source is switched on' : 'the calendar has no session that is ready'
    return { params, notes: [`nothing is due: ${why}`] }
  }
  const to = params.end_date !== undefined && params.end_date < newest ? params.end_date : newest
  if (params.start_date !== undefined) return resolved(calendar, params, params.start_date, to, [])
  if (params.days_back !== undefined) {
    const from = addDays(shanghaiClock(now()).date, -params.days_back)
    return resolved(calendar, params, from, to, [`looks back ${params.days_back} days, to ${from}`])
  }
  const known = await newestKnown(sql, to)
  if (known === null) {
    const hint = `the database has no bars yet: only ${to} is asked for; run daily_history or full_history for the years before`
    return resolved(calendar, params, to, to, [hint])
  }
  const since = await sessionsSince(sql, calendar, known, to, settings.maxMissingDays)
  const [first] = since
  if (first === undefined) return resolved(calendar, params, to, to, [`every session up to ${to} is there`])
  const missing = calendar.lastAtOrBefore(to) - calendar.firstAtOrAfter(addDays(known, 1)) + 1
  if (missing > settings.maxMissingDays) {
    throw new RangeError(
      `${counted(missing, 'session is', 'sessions are')} missing since ${known}, more than the ${settings.maxMissingDays} that a daily run catches up ` +
        `with (INCREMENTAL_MAX_MISSING_DAYS): run daily_history with start_date ${addDays(known, 1)}`,
    )
  }
  return resolved(calendar, params, first, to, [
    `${counted(since.length, 'session')} to bring, from ${first} to ${to}`,
  ])
}

/** The newest session that some source has by now. */
function newestOf({ sources, now }: ScopeContext, calendar: SessionCalendar): TradeDate | null {
  const ready = [...sources.values()]
    .flatMap(({ capabilities }) => capabilities.bars ?? [])
    .flatMap((capability) => newestReady(now(), capability, calendar) ?? [])
  return ready.sort().at(-1) ?? null
}

/** The newest session that was found settled; where no day was ever looked at, the newest that has a bar. */
async function newestKnown(sql: Sql, to: TradeDate): Promise<TradeDate | null> {
  const [gate] = await sql<{ date: string | null }[]>`
    select max(trade_date)::text as date from day_gate
    where dataset = 'bars' and state = any(${SETTLED}) and trade_date <= ${to}`
  if (gate?.date != null) return gate.date
  const [bar] = await sql<{ date: string }[]>`
    select trade_date::text as date from bars where period = 'daily' and trade_date <= ${to}
    order by trade_date desc limit 1`
  return bar?.date ?? null
}

/** Sessions after the newest settled one, and those shortly before it that were found wanting, ascending. */
async function sessionsSince(
  sql: Sql,
  calendar: SessionCalendar,
  known: TradeDate,
  to: TradeDate,
  most: number,
): Promise<TradeDate[]> {
  const last = calendar.lastAtOrBefore(to)
  const oldest = calendar.at(Math.max(0, last - most + 1))
  const wanting = await sql<{ date: string }[]>`
    select trade_date::text as date from day_gate
    where dataset = 'bars' and not state = any(${SETTLED}) and trade_date between ${oldest} and ${to}`
  const after = calendar.sessions.slice(calendar.firstAtOrAfter(addDays(known, 1)), last + 1)
  return [...new Set([...wanting.map(({ date }) => date), ...after])].sort()
}

/** The dates with those before them that are to be read again. */
function resolved(
  calendar: SessionCalendar,
  params: RunParams,
  from: TradeDate,
  to: TradeDate,
  notes: readonly string[],
): Resolved {
  const { recheck = 0 } = params
  const last = calendar.lastAtOrBefore(to)
  const again = recheck > 0 && last >= 0 ? calendar.at(Math.max(0, last - recheck)) : from
  const note = recheck > 0 ? [`read again: ${counted(recheck, 'session')} before ${to}`] : []
  const start_date = again < from ? again : from
  return { params: { ...params, start_date, end_date: to }, notes: [...notes, ...note] }
}
