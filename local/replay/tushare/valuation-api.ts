import type { Valuation } from '../valuation.ts'
import type { Api, ApiContext, Column, Emit } from './api.ts'
import { createApi } from './api.ts'
import { readQuoteQuery, visitNewestFirst } from './quote-query.ts'

interface Row {
  code: string
  date: string
  valuation: Valuation
}

const column = (name: string, value: (valuation: Valuation) => number | null): Column<Row> => ({
  name,
  write: (out, { valuation }) => {
    out.raw(String(value(valuation)))
  },
})

/** Units of ten thousand. */
const counted = (name: string, value: (valuation: Valuation) => number): Column<Row> =>
  column(name, (valuation) => value(valuation) / 10_000)

/** Of a company without a profit there is no ratio. */
const ofProfit = (value: number | null): number | null => (value === null || value < 0 ? null : value)

const COLUMNS: readonly Column<Row>[] = [
  { name: 'ts_code', write: (out, row) => out.ascii(row.code) },
  { name: 'trade_date', write: (out, row) => out.ascii(row.date) },
  column('close', (v) => v.close),
  column('turnover_rate', (v) => v.turnoverRate),
  column('turnover_rate_f', (v) => v.turnoverRateF),
  column('volume_ratio', (v) => v.volumeRatio),
  column('pe', (v) => ofProfit(v.pe)),
  column('pe_ttm', (v) => ofProfit(v.peTtm)),
  column('pb', (v) => v.pb),
  column('ps', (v) => v.ps),
  column('ps_ttm', (v) => v.psTtm),
  column('dv_ratio', (v) => v.dvRatio),
  column('dv_ttm', (v) => v.dvTtm),
  counted('total_share', (v) => v.totalShare),
  counted('float_share', (v) => v.floatShare),
  counted('free_share', (v) => v.freeShare),
  counted('total_mv', (v) => v.totalMv),
  counted('circ_mv', (v) => v.circMv),
]

const select = ({ market, params, isPublished }: ApiContext, emit: Emit<Row>): void => {
  const query = readQuoteQuery(market, params)
  if (query === undefined) return
  const { instruments } = query
  const all = instruments.map(({ id }) => market.valuations(id))
  visitNewestFirst(query, all, (index, session) => {
    const instrument = instruments[index]
    const valuation = all[index]?.at(session) ?? null
    if (instrument === undefined || valuation === null || !isPublished(instrument.id, session)) return true
    return emit({ code: instrument.code, date: market.calendar.sessions[session] ?? '', valuation })
  })
}

/** `daily_basic`. */
export const VALUATION_API: Api = createApi<Row>({
  name: 'daily_basic',
  points: 2000,
  cap: 6000,
  required: ['ts_code', 'trade_date'],
  columns: COLUMNS,
  select,
})
