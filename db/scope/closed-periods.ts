import { type LongPeriod, periodAround } from '../../market/bar-periods.ts'
import type { SessionCalendar } from '../../market/calendar.ts'
import { counted } from '../../market/counted.ts'
import { addDays, type TradeDate } from '../../market/date.ts'
import type { RunParams } from '../../market/run-params.ts'
import { newestReady } from '../../planning/market-facts.ts'
import { type ClosedPeriod, periodState } from '../queries/period-state.ts'
import { calendarEnd, instrumentIds, loadCalendar } from '../queries/planning.ts'
import type { Resolved, ScopeContext } from './context.ts'

/*
 * The weeks or months of a run: closed ones that are not complete. One is closed when its last session is ready at some
 * source, so that Saturday's first hour is the time of Friday's week and the first of January that of December.
 */

const LOOKED_BACK: Record<LongPeriod, number> = { weekly: 8, monthly: 3 }
const NAMES: Record<LongPeriod, string> = { weekly: 'week', monthly: 'month' }

// Each takes a query over its days. Who asks for more of them asks for a history, which is planned by what it lacks anyway.
const MOST_LOOKED_AT = 120

/** From the first closed period that is not complete to the newest closed one; no dates at all when all of them are. */
export async function closedPeriods(
  context: ScopeContext,
  period: LongPeriod,
  params: RunParams,
): Promise<Resolved> {
  const { sql, sources } = context
  const calendar = await loadCalendar(sql)
  const closed = periodsUpTo(calendar, period, await newestClosed(context, calendar))
  const asked = withinParams(closed, params).slice(params.start_date === undefined ? -LOOKED_BACK[period] : 0)
  const newest = asked.at(-1)
  if (newest === undefined) return nothingDue(params, closed.at(-1), `no closed ${NAMES[period]} is due`)
  const name = NAMES[period]
  if (asked.length > MOST_LOOKED_AT)
    return due(params, asked, [
      `${counted(asked.length, `${name} is`, `${name}s are`)} asked for: which of them are complete shows as they come`,
    ])
  const capabilities = [...sources.values()].flatMap(({ capabilities }) => capabilities.bars ?? [])
  const exchanges = [...new Set(capabilities.flatMap((each) => each.exchanges))]
  const instruments = params.symbols ? [...(await instrumentIds(sql, params.symbols)).values()] : null
  for (const [i, each] of asked.entries()) {
    const { incomplete, mixed } = await periodState(sql, { ...each, period, exchanges, instruments })
    if (incomplete === 0) continue
    const first = `the ${name} from ${each.first} to ${each.last} lacks ${counted(incomplete, 'stock')}`
    if (mixed === 0 || params.want !== undefined) return due(params, asked.slice(i), [first])
    // A bar of a week is made of one source's days: who has some of them is asked for the others.
    const note = `${mixed} of them have days of several sources: one is asked for all of them`
    return due({ ...params, want: 'each' }, asked.slice(i), [`${first}; ${note}`])
  }
  const complete = `every ${name} up to ${newest.last} is complete`
  if (params.check_vendor)
    return due(params, asked, [`${complete}: they are compared with those of the upstreams`])
  return nothingDue(params, newest, `nothing is due: ${complete}`)
}

/** The newest session that some source has by now, in the part of the calendar that is known. */
async function newestClosed(
  { sql, sources, now }: ScopeContext,
  calendar: SessionCalendar,
): Promise<{ ready: TradeDate; known: TradeDate } | null> {
  const ready = [...sources.values()]
    .flatMap(({ capabilities }) => capabilities.bars ?? [])
    .flatMap((capability) => newestReady(now(), capability, calendar) ?? [])
    .sort()
    .at(-1)
  const known = await calendarEnd(sql)
  return ready === undefined || known === null ? null : { ready, known }
}

/** Periods that are over, ascending. */
function periodsUpTo(
  calendar: SessionCalendar,
  period: LongPeriod,
  until: { ready: TradeDate; known: TradeDate } | null,
): ClosedPeriod[] {
  if (until === null) return []
  const periods: ClosedPeriod[] = []
  let end = ''
  for (const date of calendar.sessions) {
    const last = periods.at(-1)
    if (last && date <= end) last.last = date
    else {
      periods.push({ first: date, last: date })
      end = periodAround(period, date).to
    }
  }
  return periods.filter(
    ({ last }) => last <= until.ready && weekdaysEnd(periodAround(period, last).to) <= until.known,
  )
}

const SUNDAY = 0
const SATURDAY = 6

/** The day itself, or the Friday before a weekend: there are no sessions on one, whether the calendar names it or not. */
function weekdaysEnd(date: TradeDate): TradeDate {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay()
  return weekday === SATURDAY ? addDays(date, -1) : weekday === SUNDAY ? addDays(date, -2) : date
}

const withinParams = (
  periods: readonly ClosedPeriod[],
  { start_date, end_date }: RunParams,
): ClosedPeriod[] =>
  periods.filter(
    ({ first, last }) =>
      (start_date === undefined || last >= start_date) && (end_date === undefined || first <= end_date),
  )

function due(params: RunParams, periods: readonly ClosedPeriod[], notes: readonly string[]): Resolved {
  const [first] = periods
  const last = periods.at(-1)
  if (!first || !last) return { params, notes }
  return { params: { ...params, start_date: first.first, end_date: last.last }, notes }
}

/** Dates that hold no session: nothing is planned, nothing verified. */
function nothingDue(params: RunParams, newest: ClosedPeriod | undefined, note: string): Resolved {
  const end_date = newest?.last ?? '1990-12-18'
  return { params: { ...params, start_date: addDays(end_date, 1), end_date }, notes: [note] }
}
