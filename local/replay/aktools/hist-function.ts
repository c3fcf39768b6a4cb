import { roundHalfAway } from '../series.ts'
import { sharesOf } from '../shares.ts'
import { columns } from './frame.ts'
import type { Cell, Frame } from './frame.ts'
import { findByDigits, publishedRows } from './instruments.ts'
import { adjust, dailyKlines, resample } from './klines.ts'
import type { Adjustment, Kline, Period } from './klines.ts'
import { PythonError } from './python-error.ts'
import type { Arguments } from './query.ts'
import { createFunction } from './tool-function.ts'
import type { ToolContext, ToolFunction } from './tool-function.ts'

const COLUMNS = [
  ...columns('date', '日期'),
  ...columns('text', '股票代码'),
  ...columns('float', '开盘', '收盘', '最高', '最低'),
  ...columns('int', '成交量'),
  ...columns('float', '成交额', '振幅', '涨跌幅', '涨跌额', '换手率'),
]
const DATE = /^\d{8}$/

/** Percent with two decimals. */
const percent = (part: number, whole: number): number =>
  whole === 0 ? 0 : roundHalfAway((part * 10_000) / whole) / 100

const toRow = (bar: Kline, symbol: string, floating: number | undefined): Cell[] => {
  const { preClose } = bar
  return [
    bar.date,
    symbol,
    bar.open / 100,
    bar.close / 100,
    bar.high / 100,
    bar.low / 100,
    // Lots. How the site rounds odd lots is not known.
    Math.round(bar.volume / 100),
    bar.amount,
    percent(bar.high - bar.low, preClose),
    percent(bar.close - preClose, preClose),
    (bar.close - preClose) / 100,
    floating === undefined ? null : percent(bar.volume, floating),
  ]
}

const histFrame = (context: ToolContext, args: Arguments): Frame => {
  const { market } = context
  const { symbol = '', start_date: start = '', end_date: end = '' } = args
  const instrument = findByDigits(market, symbol)
  if (instrument === undefined || !DATE.test(start) || !DATE.test(end)) return { columns: COLUMNS, rows: [] }
  const series = market.bars(instrument.id)
  const adjustment = args.adjust as Adjustment
  // Between the stretches of a recording nobody knows the dividends.
  if (adjustment !== '' && series.sessions !== null) throw new PythonError('no adjusted prices')
  const days = dailyKlines(series, publishedRows(context, instrument.id, series), market.calendar.sessions)
  const bars = resample(adjust(days, adjustment), args.period as Period)
  const floating = sharesOf(series)?.floating
  return {
    columns: COLUMNS,
    rows: bars.filter(({ date }) => date >= start && date <= end).map((bar) => toRow(bar, symbol, floating)),
  }
}

/** Bars of one symbol from East Money. */
export const HIST_FUNCTION: ToolFunction = createFunction({
  name: 'stock_zh_a_hist',
  site: 'eastmoney',
  parameters: {
    symbol: '000001',
    period: 'daily',
    start_date: '19700101',
    end_date: '20500101',
    adjust: '',
    timeout: null,
  },
  choices: { period: ['daily', 'weekly', 'monthly'], adjust: ['', 'qfq', 'hfq'] },
  subject: ({ symbol = '', start_date: start, end_date: end }, market) => ({
    code: findByDigits(market, symbol)?.code ?? symbol,
    ...(start !== undefined && start === end && { date: start }),
  }),
  frame: histFrame,
})
