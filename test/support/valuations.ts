import type { Sql } from '../../db/client.ts'
import type { ReplayMarket } from '../../local/replay/market.ts'
import type { Valuation } from '../../local/replay/valuation.ts'
import type { SourceName } from '../../market/sources.ts'

/** Columns of `daily_basic`, without close. */
const FIELDS = [
  'turnover_rate', 'turnover_rate_f', 'volume_ratio', 'pe', 'pe_ttm', 'pe_dynamic', 'pb', 'ps', 'ps_ttm', 'pcf_ncf_ttm',
  'dv_ratio', 'dv_ttm', 'total_share', 'float_share', 'free_share', 'total_mv', 'circ_mv',
] as const // prettier-ignore
type Field = (typeof FIELDS)[number]
type Fields = Partial<Record<Field, number | null>>

const ofProfit = (value: number | null) => (value === null || value < 0 ? null : value)
const places = (value: number | null, count: number) =>
  value === null ? null : Math.sign(value) * (Math.round(Math.abs(value) * 10 ** count) / 10 ** count)

/** What each source knows of a valuation. */
const TOLD: Readonly<Record<SourceName, (v: Valuation) => Fields>> = {
  tushare: (v) => ({
    turnover_rate: v.turnoverRate,
    turnover_rate_f: v.turnoverRateF,
    volume_ratio: v.volumeRatio,
    pe: ofProfit(v.pe),
    pe_ttm: ofProfit(v.peTtm),
    pb: v.pb,
    ps: v.ps,
    ps_ttm: v.psTtm,
    dv_ratio: v.dvRatio,
    dv_ttm: v.dvTtm,
    total_share: v.totalShare,
    float_share: v.floatShare,
    free_share: v.freeShare,
    total_mv: v.totalMv,
    circ_mv: v.circMv,
  }),
  baostock: (v) => ({
    turnover_rate: v.turnoverRate,
    pe_ttm: v.peTtm,
    pb: v.pb,
    ps_ttm: v.psTtm,
    pcf_ncf_ttm: v.pcfNcfTtm,
  }),
  akshare: (v) => ({
    turnover_rate: places(v.turnoverRate, 2),
    volume_ratio: v.volumeRatio,
    pe_dynamic: places(v.peDynamic, 2),
    pb: places(v.pb, 2),
    total_mv: v.totalMv,
    circ_mv: v.circMv,
  }),
}

/**
 * Every difference between the valuations of a market, as a source tells them, and those that are stored of it, as text;
 * empty when they are equal.
 */
export async function valuationDifferences(
  sql: Sql,
  market: ReplayMarket,
  source: SourceName,
  wanted: (symbol: string, date: string) => boolean = () => true,
): Promise<string[]> {
  const rows = await sql<({ symbol: string; date: string } & Record<Field, string | null>)[]>`
    select *, trade_date as date from daily_basic where source = ${source}`
  const stored = new Map(rows.map((row) => [`${row.symbol} ${row.date}`, row]))
  const differences: string[] = []
  for (const { symbol, trade_date: date } of market.truthBars()) {
    if (!wanted(symbol, date)) continue
    const key = `${symbol} ${date}`
    const id = market.find(symbol)?.id ?? -1
    const truth = market.valuations(id).at(market.calendar.indexOf(date.replaceAll('-', '')))
    const row = stored.get(key)
    stored.delete(key)
    if (truth === null || row === undefined) {
      if (truth !== null || row !== undefined) differences.push(`${key}: ${row ? 'stored' : 'missing'}`)
      continue
    }
    const told = TOLD[source](truth)
    for (const field of FIELDS) {
      const value = row[field] === null ? null : Number(row[field])
      if (value !== (told[field] ?? null))
        differences.push(`${key} ${field}: ${String(value)} instead of ${String(told[field] ?? null)}`)
    }
  }
  for (const key of stored.keys()) differences.push(`${key}: not in the market`)
  return differences
}
