import type { SessionCalendar } from '../market/calendar.ts'
import { isDue } from '../market/report-periods.ts'
import type { Track } from './bin.ts'
import { requestsOf } from './market-calls.ts'

/** Periods that nobody may have published for yet: the newest one; in April the year before as well. */
const openOnes = (calendar: SessionCalendar): number =>
  calendar.at(calendar.length - 1).endsWith('-03-31') ? 2 : 1

/**
 * The fewest requests behind one call for all reports of a company: whichever are wanted, those of its whole life come, a
 * row for each at least. Corrections and twins may fill one more page, so that a plan is never above what is sent.
 *
 * @param calendar of report periods
 */
export function reportPages({ life }: Track, rowsPerPage: number, calendar: SessionCalendar): number {
  const end = Math.min(life.end, calendar.length - openOnes(calendar))
  let rows = Math.max(0, end - life.start)
  for (let position = life.start; position < end; position++) {
    if (!isDue(calendar.at(position))) rows--
  }
  return requestsOf(rows, rowsPerPage)
}
