import { createCalendar } from '../calendar.ts'
import type { Calendar, CalendarDay } from '../calendar.ts'
import { CALENDAR_END, CALENDAR_START, CLOSURES } from './closures.ts'

const DAY_MS = 86_400_000

// Calendar days are walked in UTC: midnight there is the same date in every time zone of the machine.
const toText = (ms: number): string => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')
const toMs = (date: string): number =>
  Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8)))

const isClosed = (date: string, weekday: number): boolean => {
  if (weekday === 0 || weekday === 6) return true
  const monthDay = date.slice(4)
  const closures = CLOSURES[Number(date.slice(0, 4))] ?? ''
  return closures.split(' ').some((range) => {
    const [from = '', to = from] = range.split('-')
    return from !== '' && from <= monthDay && monthDay <= to
  })
}

/** The real calendar of SSE and SZSE from the first session to the end of the announced year. */
export const realCalendar = (): Calendar => {
  const days: CalendarDay[] = []
  let previousSession: string | null = null
  for (let ms = toMs(CALENDAR_START); ms <= toMs(CALENDAR_END); ms += DAY_MS) {
    const date = toText(ms)
    const open = !isClosed(date, new Date(ms).getUTCDay())
    days.push({ date, open, previousSession })
    if (open) previousSession = date
  }
  return createCalendar(days)
}
