import type { Sql } from '../client.ts'

/** The newest valuation of a stock, each group of fields from the best source that has it: yuan, shares, percent. */
export interface BestValuation {
  trade_date: string
  turnover_rate: number | null
  turnover_rate_f: number | null
  volume_ratio: number | null
  pe: number | null
  pe_ttm: number | null
  pe_dynamic: number | null
  pb: number | null
  ps: number | null
  ps_ttm: number | null
  pcf_ncf_ttm: number | null
  dv_ratio: number | null
  dv_ttm: number | null
  total_share: number | null
  float_share: number | null
  free_share: number | null
  total_mv: number | null
  circ_mv: number | null
  /** Group → source; groups that no source has are left out. */
  from: Record<string, string>
}

/** Null when no source has brought any. */
export async function newestValuation(sql: Sql, instrumentId: number): Promise<BestValuation | null> {
  const [newest] = await sql<{ date: string | null }[]>`
    select max(trade_date) as date from daily_basic where instrument_id = ${instrumentId}`
  if (!newest?.date) return null
  const [row] = await sql<BestValuation[]>`
    select trade_date, turnover_rate::float8, turnover_rate_f::float8, volume_ratio::float8, pe::float8, pe_ttm::float8,
      pe_dynamic::float8, pb::float8, ps::float8, ps_ttm::float8, pcf_ncf_ttm::float8, dv_ratio::float8, dv_ttm::float8,
      total_share::float8, float_share::float8, free_share::float8, total_mv::float8, circ_mv::float8,
      jsonb_strip_nulls(jsonb_build_object('turnover', turnover_source, 'annual', annual_source, 'pe_ttm', pe_ttm_source,
        'pe_dynamic', pe_dynamic_source, 'pb', pb_source, 'ps_ttm', ps_ttm_source, 'pcf_ncf_ttm', pcf_ncf_ttm_source,
        'shares', shares_source, 'worth', worth_source)) as "from"
    from daily_basic_best where instrument_id = ${instrumentId} and trade_date = ${newest.date}`
  return row ?? null
}
