import { periodsBetween } from '../baostock/periods.ts'
import type { PeriodLength } from '../baostock/periods.ts'
import type { BarSeries } from '../series.ts'
import { CLOSE, HIGH, LOW, OPEN, PRE_CLOSE, roundHalfAway } from '../series.ts'
import { createApi } from './api.ts'
import type { Api, ApiContext, Column, Emit } from './api.ts'
import { readQuoteQuery } from './quote-query.ts'

interface Row {
  readonly code: string
  readonly date: string
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly preClose: number
  readonly volume: number
  readonly amount: number
}

/** The bar of some sessions of a stock, undefined when it did not trade. Prices in 0.01 yuan. */
const barOf = (code: string, date: string, series: BarSeries, from: number, to: number): Row | undefined => {
  const rows: number[] = []
  for (let session = from; session <= to; session++) {
    const row = series.rowAt(session)
    if (row >= 0) rows.push(row)
  }
  const [first] = rows
  const last = rows.at(-1)
  if (first === undefined || last === undefined) return undefined
  return {
    code,
    date,
    open: series.price(first, OPEN),
    high: Math.max(...rows.map((row) => series.price(row, HIGH))),
    low: Math.min(...rows.map((row) => series.price(row, LOW))),
    close: series.price(last, CLOSE),
    preClose: series.price(first, PRE_CLOSE),
    volume: rows.reduce((sum, row) => sum + series.volume(row), 0),
    amount: rows.reduce((sum, row) => sum + series.amount(row), 0),
  }
}

const price = (name: string, value: (row: Row) => number): Column<Row> => ({
  name,
  write: (out, row) => out.fixed(value(row), 2),
})

const COLUMNS: readonly Column<Row>[] = [
  { name: 'ts_code', write: (out, row) => out.ascii(row.code) },
  { name: 'trade_date', write: (out, row) => out.ascii(row.date) },
  price('close', (row) => row.close),
  price('open', (row) => row.open),
  price('high', (row) => row.high),
  price('low', (row) => row.low),
  price('pre_close', (row) => row.preClose),
  price('change', (row) => row.close - row.preClose),
  // A fraction, here alone.
  {
    name: 'pct_chg',
    write: (out, row) => out.fixed(roundHalfAway(((row.close - row.preClose) * 10_000) / row.preClose), 4),
  },
]

/** Closed periods of the stocks asked for, newest first. */
const select =
  (length: PeriodLength) =>
  ({ market, params, isPublished }: ApiContext, emit: Emit<Row>): void => {
    const query = readQuoteQuery(market, params)
    if (query === undefined) return
    const { calendar } = market
    for (const { from, to } of periodsBetween(calendar, length, query.from, query.to).reverse()) {
      const date = calendar.sessions[to] ?? ''
      for (const { id, code } of query.instruments) {
        if (!isPublished(id, to)) continue
        const row = barOf(code, date, market.bars(id), from, to)
        if (row !== undefined && !emit(row)) return
      }
    }
  }

/** Weekly and monthly bars. Both units that were seen are served: lots and thousand yuan, shares and yuan. */
export const PERIOD_APIS: readonly Api[] = [
  createApi<Row>({
    name: 'weekly',
    points: 2000,
    cap: 6000,
    required: ['ts_code', 'trade_date'],
    columns: [
      ...COLUMNS,
      { name: 'vol', write: (out, row) => out.fixed(row.volume, 2) },
      { name: 'amount', write: (out, row) => out.fixed(row.amount, 3) },
    ],
    select: select('w'),
  }),
  createApi<Row>({
    name: 'monthly',
    points: 2000,
    cap: 4500,
    required: ['ts_code', 'trade_date'],
    columns: [
      ...COLUMNS,
      { name: 'vol', write: (out, row) => out.fixed(row.volume, 0) },
      { name: 'amount', write: (out, row) => out.fixed(row.amount, 0) },
    ],
    select: select('m'),
  }),
]
