import { isoDate } from '../decimal.ts'
import type { Suspension } from '../market.ts'
import type { BarSeries } from '../series.ts'
import { CLOSE, HIGH, LOW, OPEN, PRE_CLOSE } from '../series.ts'
import type { Valuation } from '../valuation.ts'
import type { ApiContext } from './api.ts'
import { UNIT } from './factors.ts'
import type { AdjustFlag, FactorEvents } from './factors.ts'
import type { Stock } from './universe.ts'

/** A line of K data. One object is used for all lines of an answer. */
export interface Line {
  code: string
  /** `YYYY-MM-DD` */
  date: string
  /** Prices in 10^-decimals yuan. */
  decimals: number
  open: number
  high: number
  low: number
  close: number
  preClose: number
  /** Shares; yuan. */
  volume: number
  amount: number
  flag: AdjustFlag
  /** Percent in 0.0001, null: unknown. */
  turn: number | null
  pct: number
  traded: boolean
  /** A suspended day without even zeros for volume and amount. */
  blank: boolean
  special: '' | '0' | '1'
  /** Null on a day without trading. */
  valuation: Valuation | null
}

export const createLine = (flag: AdjustFlag): Line => ({
  code: '',
  date: '',
  decimals: flag === '3' ? 2 : 8,
  open: 0,
  high: 0,
  low: 0,
  close: 0,
  preClose: 0,
  volume: 0,
  amount: 0,
  flag,
  turn: null,
  pct: 0,
  traded: true,
  blank: false,
  special: '',
  valuation: null,
})

/** The days of one stock. */
export interface Days {
  readonly series: BarSeries
  readonly events: FactorEvents
  readonly spells: readonly Suspension[]
  readonly floating: number | null
}

export const daysOf = ({ market, universe }: ApiContext, { instrument }: Stock): Days => ({
  series: market.bars(instrument.id),
  events: universe.eventsOf(instrument.id),
  spells: market.suspensions(instrument.id),
  floating: universe.floatingOf(instrument.id),
})

/** Percent in 0.0001 that a volume is of the floating shares. */
export const turnover = (volume: number, floating: number | null): number | null =>
  floating === null ? null : Math.round((volume / floating) * UNIT)

const fillTraded = (line: Line, { series, events, floating }: Days, row: number, session: number): void => {
  const scale = line.flag === '3' ? 1 : events.scaleAt(session, line.flag)
  line.open = series.price(row, OPEN) * scale
  line.high = series.price(row, HIGH) * scale
  line.low = series.price(row, LOW) * scale
  line.close = series.price(row, CLOSE) * scale
  line.preClose = series.price(row, PRE_CLOSE) * scale
  line.volume = series.volume(row)
  line.amount = series.amount(row)
  line.turn = turnover(line.volume, floating)
  line.pct = series.pctChange(row)
  line.traded = true
  line.blank = false
}

/** The reference price of a suspended day in 0.01 yuan: the last close, less what ex-days have taken since. */
const referenceOf = ({ series, events }: Days, session: number): number => {
  let before = session - 1
  while (before >= series.first && series.rowAt(before) < 0) before -= 1
  const row = series.rowAt(before)
  if (row < 0) return 0
  const close = series.price(row, CLOSE)
  const [then, now] = [events.scaleAt(before, '1'), events.scaleAt(session, '1')]
  return then === now ? close : Math.round((close * then) / now)
}

const fillSuspended = (line: Line, days: Days, session: number, blank: boolean): boolean => {
  const scale = line.flag === '3' ? 1 : days.events.scaleAt(session, line.flag)
  const price = referenceOf(days, session) * scale
  line.open = line.high = line.low = line.close = line.preClose = price
  line.volume = line.amount = line.pct = 0
  line.turn = null
  line.traded = false
  line.blank = blank
  return price > 0
}

const isSuspended = ({ spells }: Days, session: number): boolean =>
  spells.some(({ from, to, timing }) => timing === null && from <= session && session <= to)

/** Fills the line with a session of a stock; false: it has none, not even a suspended one. */
export const fillDay = (
  context: ApiContext,
  stock: Stock,
  days: Days,
  session: number,
  line: Line,
): boolean => {
  const { id } = stock.instrument
  if (!context.isPublished(id, session)) return false
  const row = days.series.rowAt(session)
  if (row >= 0) fillTraded(line, days, row, session)
  // Both ways to say "nothing" are seen; one stock always says it the same way here.
  else if (!isSuspended(days, session) || !fillSuspended(line, days, session, id % 2 === 1)) return false
  const date = context.market.calendar.sessions[session] ?? ''
  line.code = stock.code
  line.date = isoDate(date)
  line.special = context.universe.specialOn(id, date)
  line.valuation = row >= 0 ? context.market.valuations(id).at(session) : null
  return true
}
