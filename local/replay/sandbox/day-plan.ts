import type { Calendar } from '../calendar.ts'
import type { Life } from './life.ts'
import { CHINEXT_REFORM, FIRST_DAY_44, firstLimits, LIMITS_BEGIN, usualLimit } from './limits.ts'
import type { Origin } from './population.ts'

/** What happens on each session of a life, by row (row 0 = the listing day). */
export interface DayPlan {
  /** Price limit in percent of pre_close, see limits.ts. */
  readonly limit: Uint8Array
  /** 1 where there is no trading. */
  readonly closed: Uint8Array
  /** 1 + index into the life's exRights, 0 for none. */
  readonly exRight: Uint8Array
  /** How many sessions after its first day a new issue opens and stays at the upper limit. */
  readonly hotRows: number
}

// In these years new issues were priced low and then rose by the limit day after day.
const HOT_FROM = '20140101'
const HOT_TO = '20230410'

/** Fills in stretches: the limit only changes on days of new rules and where special treatment begins or ends. */
const fillLimits = (limit: Uint8Array, origin: Origin, life: Life, calendar: Calendar): void => {
  const { board, listed, founding } = origin
  const rules = [LIMITS_BEGIN, CHINEXT_REFORM].map(calendar.atOrAfter)
  const turns = [...rules, ...life.special.flat()].filter((session) => session > listed)
  const stretches = [listed, ...turns].sort((a, b) => a - b)
  stretches.forEach((from, i) => {
    const special = life.special.some(([start, end]) => start <= from && from < end)
    const percent = usualLimit(board, calendar.sessions[from] ?? '', special)
    limit.fill(percent, from - listed, (stretches[i + 1] ?? Infinity) - listed)
  })
  // A founding stock has no first days: as if it had been listed before every rule.
  if (!founding) limit.set(firstLimits(board, calendar.sessions[listed] ?? '').slice(0, limit.length))
}

/** Spreads a life's events over its rows, so that the loop over prices only reads bytes. */
export const planDays = (origin: Origin, life: Life, calendar: Calendar): DayPlan => {
  const count = (origin.delisted ?? calendar.sessions.length) - origin.listed
  const limit = new Uint8Array(count)
  const closed = new Uint8Array(count)
  const exRight = new Uint8Array(count)
  fillLimits(limit, origin, life, calendar)
  for (const spell of life.suspensions) {
    if (spell.timing === null) closed.fill(1, spell.from - origin.listed, spell.to - origin.listed + 1)
  }
  life.exRights.forEach((event, i) => {
    exRight[event.session - origin.listed] = i + 1
  })
  const listDate = calendar.sessions[origin.listed] ?? ''
  const hot = !origin.founding && limit[0] === FIRST_DAY_44 && listDate >= HOT_FROM && listDate < HOT_TO
  return { limit, closed, exRight, hotRows: hot ? 2 + (origin.id % 9) : 0 }
}
