import type { Instrument } from '../market.ts'
import { CLOSE, HIGH, LOW, OPEN } from '../series.ts'
import { sharesOf } from '../shares.ts'
import { columns } from './frame.ts'
import type { Frame } from './frame.ts'
import { codeOfPrefixed, publishedRows } from './instruments.ts'
import { PythonError } from './python-error.ts'
import type { Arguments } from './query.ts'
import { factorFrame, factorSteps, scaleBySteps } from './sina-factors.ts'
import type { FactorMethod } from './sina-factors.ts'
import { createFunction } from './tool-function.ts'
import type { ToolContext, ToolFunction } from './tool-function.ts'

const DAILY_COLUMNS = [
  ...columns('date', 'date'),
  ...columns('float', 'open', 'high', 'low', 'close', 'volume', 'amount', 'outstanding_share', 'turnover'),
]

/** Two decimals as numpy rounds them: a half goes to the even side. */
const twoDecimals = (value: number): number => {
  const scaled = value * 100
  const floor = Math.floor(scaled)
  const half = scaled - floor
  const isUp = half > 0.5 || (half === 0.5 && floor % 2 !== 0)
  return (isUp ? floor + 1 : floor) / 100
}

/** `20240102` or `2024-01-02` as `20240102`; throws on what is no date. */
const compactDate = (text: string): string => {
  const compact = text.replaceAll('-', '')
  const iso = `${compact.slice(0, 4)}-${compact.slice(4, 6)}-${compact.slice(6)}`
  if (!/^\d{8}$/.test(compact) || Number.isNaN(Date.parse(iso))) throw new PythonError(`no date: ${text}`)
  return compact
}

interface Day {
  readonly date: string
  readonly session: number
  /** Open, high, low and close in yuan, shares, yuan. */
  readonly values: readonly number[]
}

/** Takes out every bar that equals an earlier one in all its numbers, as the function does. */
const withoutRepeats = (days: readonly Day[]): Day[] => {
  const seen = new Set<string>()
  return days.filter(({ values }) => {
    const key = values.join()
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

const daysOf = (context: ToolContext, { id }: Instrument): Day[] => {
  const series = context.market.bars(id)
  const { sessions } = context.market.calendar
  return publishedRows(context, id, series).map((row) => {
    const prices = [OPEN, HIGH, LOW, CLOSE].map((word) => series.price(row, word) / 100)
    const session = series.sessionOf(row)
    const values = [...prices, series.volume(row), series.amount(row)]
    return { date: sessions[session] ?? '', session, values }
  })
}

const barFrame = (context: ToolContext, instrument: Instrument, args: Arguments): Frame => {
  const { adjust = '', start_date = '', end_date = '' } = args
  const [start, end] = [compactDate(start_date), compactDate(end_date)]
  const all = daysOf(context, instrument)
  if (all.length === 0) throw new PythonError('no such symbol')
  const isIn = ({ date }: Day): boolean => date >= start && date <= end
  const method: FactorMethod | undefined = adjust === 'hfq' || adjust === 'qfq' ? adjust : undefined
  // Unadjusted: repeats are looked for in the range; adjusted: in the whole history.
  const days = method === undefined ? withoutRepeats(all.filter(isIn)) : withoutRepeats(all).filter(isIn)
  const scale =
    method === undefined
      ? (price: number): number => price
      : scaleBySteps(factorSteps(context.market.factors(instrument.id), context.session, method), method)
  const floating = sharesOf(context.market.bars(instrument.id))?.floating ?? null
  return {
    columns: DAILY_COLUMNS,
    rows: days.map(({ date, session, values }) => {
      const prices = values.slice(0, 4).map((price) => twoDecimals(scale(price, session)))
      const [volume = 0, amount = 0] = values.slice(4)
      // Shares, yuan, shares, and a fraction: nothing here is lots or percent.
      return [date, ...prices, volume, amount, floating, floating === null ? null : volume / floating]
    }),
  }
}

const ADJUSTS = ['', 'hfq', 'qfq']

const dailyFrame = (context: ToolContext, args: Arguments): Frame => {
  const { symbol = '', adjust = '' } = args
  const { market, session } = context
  const instrument = market.find(codeOfPrefixed(symbol) ?? '')
  if (instrument === undefined) throw new PythonError(`no such symbol: ${symbol}`)
  if (adjust === 'hfq-factor' || adjust === 'qfq-factor') {
    const method: FactorMethod = adjust === 'hfq-factor' ? 'hfq' : 'qfq'
    const steps = factorSteps(market.factors(instrument.id), session, method)
    return factorFrame(steps, market.calendar.sessions, method)
  }
  // Any other word is no error: nothing comes back.
  return ADJUSTS.includes(adjust) ? barFrame(context, instrument, args) : { columns: DAILY_COLUMNS, rows: [] }
}

const calendarFrame = ({ market, session }: ToolContext): Frame => {
  const { sessions, days } = market.calendar
  const from = days[0]?.date ?? ''
  const year = (sessions[session] ?? '').slice(0, 4)
  return {
    columns: columns('date', 'trade_date'),
    rows: sessions.filter((date) => date >= from && date.slice(0, 4) <= year).map((date) => [date]),
  }
}

/** Bars and factors of one symbol and the calendar, from Sina. */
export const SINA_FUNCTIONS: readonly ToolFunction[] = [
  createFunction({
    name: 'stock_zh_a_daily',
    site: 'sina',
    parameters: { symbol: 'sh603843', start_date: '19900101', end_date: '21000118', adjust: '' },
    requests: () => 2,
    subject: ({ symbol = '', start_date: start, end_date: end }) => ({
      code: codeOfPrefixed(symbol) ?? symbol,
      ...(start !== undefined && start === end && { date: start.replaceAll('-', '') }),
    }),
    frame: dailyFrame,
  }),
  createFunction({
    // The calendar to the end of the year, days to come included.
    name: 'tool_trade_date_hist_sina',
    site: 'sina',
    frame: calendarFrame,
  }),
]
