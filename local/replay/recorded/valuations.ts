import type { Calendar } from '../calendar.ts'
import { parseFixed } from '../decimal.ts'
import type { Valuation, ValuationSeries } from '../valuation.ts'
import { pickColumns, readCsv } from './csv.ts'

const COLUMNS = [
  'ts_code', 'trade_date', 'close', 'turnover_rate', 'turnover_rate_f', 'volume_ratio', 'pe', 'pe_ttm', 'pb', 'ps', 'ps_ttm',
  'dv_ratio', 'dv_ttm', 'total_share', 'float_share', 'free_share', 'total_mv', 'circ_mv',
] // prettier-ignore

/** Shares and yuan from units of ten thousand, exactly. */
const whole = (text = ''): number => parseFixed(text, 4)
const ratioOf = (text = ''): number | null => (text === '' ? null : Number(text))

const toValuation = (row: readonly string[]): Valuation => ({
  close: Number(row[2]),
  turnoverRate: Number(row[3]),
  turnoverRateF: Number(row[4]),
  volumeRatio: ratioOf(row[5]),
  pe: ratioOf(row[6]),
  peTtm: ratioOf(row[7]),
  // Recorded from Tushare, which has neither.
  peDynamic: null,
  pcfNcfTtm: null,
  pb: ratioOf(row[8]),
  ps: ratioOf(row[9]),
  psTtm: ratioOf(row[10]),
  dvRatio: ratioOf(row[11]),
  dvTtm: ratioOf(row[12]),
  totalShare: whole(row[13]),
  floatShare: whole(row[14]),
  freeShare: whole(row[15]),
  totalMv: whole(row[16]),
  circMv: whole(row[17]),
})

/** Reads the recorded valuations, by code. */
export const readValuations = (
  directory: string,
  calendar: Calendar,
): ReadonlyMap<string, ValuationSeries> => {
  const collected = new Map<string, Map<number, Valuation>>()
  for (const row of pickColumns(readCsv(directory, 'daily_basic'), COLUMNS)) {
    const [code = '', date = ''] = row
    const session = calendar.indexOf(date)
    if (session < 0) throw new Error(`${date} is no session of the recorded calendar`)
    const known = collected.get(code) ?? new Map<number, Valuation>()
    collected.set(code, known.set(session, toValuation(row)))
  }
  return new Map(
    [...collected].map(([code, known]) => [
      code,
      {
        first: Math.min(...known.keys()),
        last: Math.max(...known.keys()),
        at: (session: number) => known.get(session) ?? null,
      },
    ]),
  )
}
