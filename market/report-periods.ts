import { SessionCalendar } from './calendar.ts'
import { addDays, type TradeDate } from './date.ts'

/*
 * Report periods are the ends of quarters. Planning treats them as it treats sessions: a calendar of positions.
 */

/** The year in which the exchanges opened. */
export const FIRST_PERIOD: TradeDate = '1990-12-31'

const QUARTER_ENDS = ['03-31', '06-30', '09-30', '12-31'] as const

/** True for the last day of a quarter. */
export const isPeriodEnd = (date: TradeDate): boolean =>
  QUARTER_ENDS.includes(date.slice(5) as (typeof QUARTER_ENDS)[number])

// Reports of the first and the third quarter are due since then; before it there are years and half-years only.
const QUARTERLY_SINCE: TradeDate = '2002-01-01'

/** True for a period that every listed company has to report on. */
export const isDue = (period: TradeDate): boolean =>
  period >= QUARTERLY_SINCE || period.endsWith('-06-30') || period.endsWith('-12-31')

/** Every report period that ended before a day, as a calendar. */
export function reportCalendar(today: TradeDate): SessionCalendar {
  const periods: TradeDate[] = []
  for (let year = Number(FIRST_PERIOD.slice(0, 4)); ; year++) {
    for (const end of QUARTER_ENDS) {
      const period = `${year}-${end}`
      if (period >= today) return new SessionCalendar(periods)
      if (period >= FIRST_PERIOD) periods.push(period)
    }
  }
}

/**
 * The last day on which a company may publish the report of a period by the exchanges' rules: a month after the first and
 * the third quarter, two after the half-year, four after the year.
 */
export function deadlineOf(period: TradeDate): TradeDate {
  const year = Number(period.slice(0, 4))
  switch (period.slice(5)) {
    case '03-31':
      return `${year}-04-30`
    case '06-30':
      return `${year}-08-31`
    case '09-30':
      return `${year}-10-31`
    default:
      return `${year + 1}-04-30`
  }
}

/** The part of a call that asks for what was announced on some days, in the place of report periods. */
export const ANNOUNCED = 'announced'

/** Periods that companies may still publish for, and the newest one that is through; oldest first. */
export function openPeriods(today: TradeDate): TradeDate[] {
  const settled = newestSettled(today) ?? ''
  return reportCalendar(today).sessions.filter((period) => period >= settled)
}

// Some report late, and upstreams take a day or two to have it.
const SETTLED_AFTER_DAYS = 14

/** The newest period that is through: who has not reported by now is not expected to. Null before the first. */
export function newestSettled(today: TradeDate): TradeDate | null {
  const settled = reportCalendar(today).sessions.filter(
    (period) => addDays(deadlineOf(period), SETTLED_AFTER_DAYS) < today,
  )
  return settled.at(-1) ?? null
}
