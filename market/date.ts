/** Trade dates are text `YYYY-MM-DD`: they order as text, carry no zone and cost nothing to compare. */
export type TradeDate = string

const COMPACT = /^(\d{4})(\d{2})(\d{2})$/
// There is no year 0, for PostgreSQL neither.
const ISO = /^(?!0000)\d{4}-\d{2}-\d{2}$/

/** True for a real calendar day: `2025-02-30` is not one. */
export function isTradeDate(text: string): boolean {
  if (!ISO.test(text)) return false
  const at = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === text
}

/** `20240102` → `2024-01-02`; null for anything else, so that a bad row can be quarantined with its text. */
export function fromCompact(text: string): TradeDate | null {
  const match = COMPACT.exec(text)
  if (!match) return null
  const date = `${match[1] ?? ''}-${match[2] ?? ''}-${match[3] ?? ''}`
  return isTradeDate(date) ? date : null
}

/** `2024-01-02` → `20240102`. */
export const toCompact = (date: TradeDate): string => date.slice(0, 4) + date.slice(5, 7) + date.slice(8, 10)

/** The calendar day `days` after `date` (before it when negative). */
export function addDays(date: TradeDate, days: number): TradeDate {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** Calendar days from one date to another: 1 from a day to the next one. */
export const daysBetween = (from: TradeDate, to: TradeDate): number =>
  (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000

const SHANGHAI = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

/** The wall clock of the exchanges: a worker in UTC must not derive "today" from its own zone. */
export function shanghaiClock(now: Date): { date: TradeDate; time: string } {
  const [date = '', time = ''] = SHANGHAI.format(now).split(' ')
  return { date, time }
}
