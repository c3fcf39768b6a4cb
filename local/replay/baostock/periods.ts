import type { Calendar } from '../calendar.ts'
import { isoDate } from '../decimal.ts'
import type { BarSeries } from '../series.ts'
import { CLOSE, HIGH, LOW, OPEN, PRE_CLOSE } from '../series.ts'
import type { ApiContext } from './api.ts'
import { compactDate, mondayOf } from './dates.ts'
import { turnover } from './days.ts'
import type { Days, Line } from './days.ts'
import type { Stock } from './universe.ts'

export type PeriodLength = 'w' | 'm'

/** A week or month; session indices, both ends included. */
export interface Period {
  readonly from: number
  readonly to: number
}

const keyOf = (date: string, length: PeriodLength): string =>
  length === 'm' ? date.slice(0, 6) : mondayOf(isoDate(date))

/** The periods whose last session lies in `from..to`, oldest first. One that is not over has none yet. */
export const periodsBetween = (
  { sessions, atOrAfter }: Calendar,
  length: PeriodLength,
  from: number,
  to: number,
): Period[] => {
  const periods: Period[] = []
  const first = keyOf(sessions[from] ?? '', length)
  let start = atOrAfter(length === 'm' ? `${first}01` : compactDate(first))
  for (let at = start; at <= to; at++) {
    const key = keyOf(sessions[at] ?? '', length)
    const next = sessions[at + 1]
    if (next !== undefined && keyOf(next, length) === key) continue
    periods.push({ from: start, to: at })
    start = at + 1
  }
  return periods.filter((period) => period.to >= from)
}

const addDay = (line: Line, series: BarSeries, row: number, scale: number): void => {
  if (line.volume === 0) {
    line.open = series.price(row, OPEN) * scale
    line.high = line.low = line.open
    line.preClose = series.price(row, PRE_CLOSE) * scale
  }
  line.high = Math.max(line.high, series.price(row, HIGH) * scale)
  line.low = Math.min(line.low, series.price(row, LOW) * scale)
  line.close = series.price(row, CLOSE) * scale
  line.volume += series.volume(row)
  line.amount += series.amount(row)
}

/** Fills the line with a week or month of a stock; false: nothing was traded in it. */
export const fillPeriod = (
  { market, isPublished }: ApiContext,
  { code, instrument }: Stock,
  { series, events, floating }: Days,
  { from, to }: Period,
  line: Line,
): boolean => {
  line.volume = line.amount = 0
  let growth = 1
  for (let session = from; session <= to; session++) {
    const row = series.rowAt(session)
    if (row < 0 || !isPublished(instrument.id, session)) continue
    addDay(line, series, row, line.flag === '3' ? 1 : events.scaleAt(session, line.flag))
    growth *= series.price(row, CLOSE) / series.price(row, PRE_CLOSE)
  }
  line.code = code
  line.date = isoDate(market.calendar.sessions[to] ?? '')
  line.turn = turnover(line.volume, floating)
  line.pct = Math.round((growth - 1) * 1_000_000)
  return line.volume > 0
}
