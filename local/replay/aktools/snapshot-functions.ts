import { roundHalfAway } from '../series.ts'
import { sharesOf } from '../shares.ts'
import type { Valuation } from '../valuation.ts'
import { columns } from './frame.ts'
import type { Cell, Frame } from './frame.ts'
import { digitsOf, listedNow, prefixedCode } from './instruments.ts'
import { longChanges, quotesOf, volumeRatio } from './quotes.ts'
import type { Quote } from './quotes.ts'
import { createFunction, pagesOf } from './tool-function.ts'
import type { ToolContext, ToolFunction } from './tool-function.ts'

const EAST_MONEY_COLUMNS = [
  ...columns('int', '序号'),
  ...columns('text', '代码', '名称'),
  ...columns('float', '最新价', '涨跌幅', '涨跌额'),
  ...columns('int', '成交量'),
  ...columns(
    'float',
    '成交额',
    '振幅',
    '最高',
    '最低',
    '今开',
    '昨收',
    '量比',
    '换手率',
    '市盈率-动态',
    '市净率',
  ),
  ...columns('int', '总市值', '流通市值'),
  ...columns('float', '涨速', '5分钟涨跌', '60日涨跌幅', '年初至今涨跌幅'),
]

const hundredth = (value: number | null): number | null => (value === null ? null : value / 100)

const twoPlaces = (value: number | null | undefined): number | null =>
  value == null ? null : roundHalfAway(value * 100) / 100

const valuationOf = ({ market, session }: ToolContext, { instrument, bar }: Quote): Valuation | null =>
  bar === null ? null : market.valuations(instrument.id).at(session)

/** The cells from the price to the day's percentages; one that does not trade has its last close and nothing else. */
const dayCells = (quote: Quote, floating: number | undefined): readonly Cell[] => {
  const { bar, preClose } = quote
  if (bar === null || preClose === null) {
    return [null, null, null, null, null, null, null, null, null, hundredth(preClose), null, null]
  }
  const { open, close, high, low, volume, amount, change } = bar
  return [
    close / 100,
    change / 100,
    (close - preClose) / 100,
    // Lots, as in its bars.
    Math.round(volume / 100),
    amount,
    roundHalfAway(((high - low) * 10_000) / preClose) / 100,
    high / 100,
    low / 100,
    open / 100,
    preClose / 100,
    hundredth(volumeRatio(quote)),
    floating === undefined ? null : roundHalfAway((volume * 10_000) / floating) / 100,
  ]
}

const eastMoneyRow = (quote: Quote, yearStart: number, valuation: Valuation | null): Cell[] => {
  const { instrument, series, bar, preClose } = quote
  const shares = sharesOf(series)
  const last = bar?.close ?? preClose
  const worth = (count: number | undefined): number | null =>
    last === null || count === undefined ? null : Math.round((last * count) / 100)
  const still = bar === null ? null : 0
  const [sixtyDays, thisYear] = longChanges(quote, yearStart)
  return [
    digitsOf(instrument.code),
    instrument.name,
    ...dayCells(quote, shares?.floating),
    twoPlaces(valuation?.peDynamic),
    twoPlaces(valuation?.pb),
    valuation?.totalMv ?? worth(shares?.total),
    valuation?.circMv ?? worth(shares?.floating),
    // After the close nothing moves.
    still,
    still,
    hundredth(sixtyDays),
    hundredth(thisYear),
  ]
}

/** Best first, those that do not trade last; equals as the site's pages have them, the greatest code first. */
const byChange = (a: Quote, b: Quote): number => {
  if (a.bar !== null && b.bar !== null && a.bar.change !== b.bar.change) return b.bar.change - a.bar.change
  if ((a.bar === null) !== (b.bar === null)) return a.bar === null ? 1 : -1
  return digitsOf(a.instrument.code) < digitsOf(b.instrument.code) ? 1 : -1
}

const eastMoneyFrame = (context: ToolContext): Frame => {
  const { calendar } = context.market
  const yearStart = calendar.atOrAfter(`${(calendar.sessions[context.session] ?? '').slice(0, 4)}0101`)
  const quotes = quotesOf(context).sort(byChange)
  return {
    columns: EAST_MONEY_COLUMNS,
    rows: quotes.map((quote, at) => [at + 1, ...eastMoneyRow(quote, yearStart, valuationOf(context, quote))]),
  }
}

const SINA_COLUMNS = [
  ...columns('text', '代码', '名称'),
  ...columns(
    'float',
    '最新价',
    '涨跌额',
    '涨跌幅',
    '买入',
    '卖出',
    '昨收',
    '今开',
    '最高',
    '最低',
    '成交量',
    '成交额',
  ),
  ...columns('text', '时间戳'),
]

/** Of one that does not trade all is 0 but the last close. */
const sinaRow = ({ instrument, bar, preClose }: Quote): Cell[] => {
  const reference = (preClose ?? 0) / 100
  const time = instrument.exchange === 'BSE' ? '15:30:01' : '15:00:00'
  const head = [prefixedCode(instrument.code), instrument.name]
  if (bar === null || preClose === null) return [...head, 0, 0, 0, 0, 0, reference, 0, 0, 0, 0, 0, time]
  const { open, close, high, low, volume, amount } = bar
  const price = close / 100
  const change = close - preClose
  const percent = roundHalfAway((change * 100_000) / preClose) / 1000
  return [
    ...head,
    price,
    change / 100,
    percent,
    price,
    price,
    reference,
    open / 100,
    high / 100,
    low / 100,
    // Shares.
    volume,
    amount,
    time,
  ]
}

const sinaFrame = (context: ToolContext): Frame => ({
  columns: SINA_COLUMNS,
  rows: quotesOf(context)
    .map((quote) => sinaRow(quote))
    .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
})

/** The whole market "now", which is the newest session after its close. */
export const SNAPSHOT_FUNCTIONS: readonly ToolFunction[] = [
  createFunction({
    name: 'stock_zh_a_spot_em',
    site: 'eastmoney',
    requests: (market) => pagesOf(listedNow(market).length, 100),
    // A pause of 0.5 to 1.5 s between two pages.
    requestMs: 1200,
    frame: eastMoneyFrame,
  }),
  createFunction({
    name: 'stock_zh_a_spot',
    site: 'sina',
    // One more asks how many there are.
    requests: (market) => 1 + pagesOf(listedNow(market).length, 80),
    frame: sinaFrame,
  }),
]
