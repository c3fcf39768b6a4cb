import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { pickColumns, readCsv } from '../../../local/replay/recorded/csv.ts'
import type { Row } from '../../../sources/akshare/values.ts'
import { RECORDED_DATA } from '../../support/recorded.ts'

/*
 * Recorded real data in the form in which AKTools would have sent it.
 */

interface DocSample {
  output_params: Record<string, [name: string, type: string, note: string][]>
  sample_output: string[]
}

let samples: Record<string, DocSample> | undefined

/** AKShare's own page of a function. */
function pageOf(name: string): DocSample {
  samples ??= JSON.parse(
    gunzipSync(readFileSync(join(RECORDED_DATA, 'akshare_doc_samples.json.gz'))).toString(),
  ) as Record<string, DocSample>
  const page = samples[name]
  if (!page) throw new RangeError(`no page of ${name} is recorded`)
  return page
}

/** The columns that a page lists for its first answer. */
export const documentedColumns = (name: string): string[] =>
  (Object.values(pageOf(name).output_params)[0] ?? []).map(([column]) => column)

/** The lines of a printed table in AKShare's documentation, without their numbers; `which` counts from 0. */
export function printedLines(name: string, which = 0): string[] {
  const text = pageOf(name).sample_output[which] ?? ''
  return text.split('\n').flatMap((line) => /^\d+\s+(.*)$/.exec(line)?.[1]?.trimEnd() ?? [])
}

/** A recorded answer of East Money's push2his, as `stock_zh_a_hist` makes rows of it. */
export function klineRows(file: string): Row[] {
  const { data } = JSON.parse(readFileSync(join(RECORDED_DATA, 'raw/eastmoney', file), 'utf8')) as {
    data: { code: string; klines: string[] }
  }
  return data.klines.map((line) => {
    const [date = '', ...cells] = line.split(',')
    const [open, close, high, low, lots, amount, amplitude, percent, change, turnover] = cells.map(Number)
    return {
      日期: `${date}T00:00:00.000`,
      股票代码: data.code,
      开盘: open,
      收盘: close,
      最高: high,
      最低: low,
      成交量: lots,
      成交额: amount,
      振幅: amplitude,
      涨跌幅: percent,
      涨跌额: change,
      换手率: turnover,
    }
  })
}

/** A bar as Tushare recorded it: prices and change in yuan, lots with decimals, thousand yuan. */
export interface RecordedBar {
  symbol: string
  date: string
  open: number
  high: number
  low: number
  close: number
  pre_close: number
  change: number
  pct_chg: number
  vol: number
  amount: number
}

const NUMBERS = ['open', 'high', 'low', 'close', 'pre_close', 'change', 'pct_chg', 'vol', 'amount'] as const

export const recordedBars = (file: string): RecordedBar[] =>
  pickColumns(readCsv(RECORDED_DATA, file), ['ts_code', 'trade_date', ...NUMBERS]).map(
    ([symbol = '', day = '', ...cells]) =>
      ({
        symbol,
        date: `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`,
        ...Object.fromEntries(NUMBERS.map((name, i) => [name, Number(cells[i])])),
      }) as RecordedBar,
  )

const yuan = (bar: RecordedBar): number => Math.round(bar.amount * 1_000)
const hundredths = (value: number): number => Math.round(value * 100) / 100

/** The same bar as East Money shows it: whole lots, yuan, two decimals. */
export const asHistory = (bar: RecordedBar): Row => ({
  日期: `${bar.date}T00:00:00.000`,
  股票代码: bar.symbol.slice(0, 6),
  开盘: bar.open,
  收盘: bar.close,
  最高: bar.high,
  最低: bar.low,
  成交量: Math.round(bar.vol),
  成交额: yuan(bar),
  振幅: 0,
  涨跌幅: hundredths(bar.pct_chg),
  涨跌额: hundredths(bar.change),
  换手率: 0,
})

/** The same bar in the snapshot of its evening. */
export const asSnapshot = (bar: RecordedBar, i: number): Row => ({
  序号: i + 1,
  代码: bar.symbol.slice(0, 6),
  名称: '',
  最新价: bar.close,
  涨跌幅: hundredths(bar.pct_chg),
  涨跌额: hundredths(bar.change),
  成交量: Math.round(bar.vol),
  成交额: yuan(bar),
  最高: bar.high,
  最低: bar.low,
  今开: bar.open,
  昨收: bar.pre_close,
  量比: null,
  换手率: null,
  '市盈率-动态': null,
  市净率: null,
  总市值: null,
  流通市值: null,
})

/** What a snapshot says of the values that Tushare recorded for a day, by symbol. */
export function recordedValues(date: string): ReadonlyMap<string, Row> {
  const names = ['ts_code', 'trade_date', 'volume_ratio', 'turnover_rate', 'pb', 'total_mv', 'circ_mv']
  const number = (cell = '') => (cell === '' ? null : Number(cell))
  const yuanOf = (cell = '') => Math.round(Number(cell) * 10_000)
  return new Map(
    pickColumns(readCsv(RECORDED_DATA, 'daily_basic'), names)
      .filter(([, day]) => day === date.replaceAll('-', ''))
      .map(([symbol = '', , ratio, turnover, pb, total, floating]) => [
        symbol,
        {
          量比: number(ratio),
          换手率: hundredths(Number(turnover)),
          市净率: number(pb),
          总市值: yuanOf(total),
          流通市值: yuanOf(floating),
        },
      ]),
  )
}

/** Statements that Tushare recorded, under East Money's names; empty cells are nulls. */
export function recordedStatements(
  file: string,
  columns: Readonly<Record<string, string>>,
  more: (row: Readonly<Record<string, number | null>>) => Row,
): Row[] {
  const names = Object.keys(columns)
  const wanted = ['ts_code', 'ann_date', ...Object.values(columns)]
  return pickColumns(readCsv(RECORDED_DATA, file), wanted).map(([symbol = '', announced = '', ...cells]) => {
    const values = Object.fromEntries(
      names.map((name, i) => [name, cells[i] === '' ? null : Number(cells[i])]),
    )
    return {
      股票代码: symbol.slice(0, 6),
      股票简称: null,
      ...values,
      ...more(values),
      公告日期: `${announced.slice(0, 4)}-${announced.slice(4, 6)}-${announced.slice(6)}T00:00:00.000`,
    }
  })
}
