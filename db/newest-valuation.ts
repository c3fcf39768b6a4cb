import type { Tx } from './client.ts'

/**
 * Brings the valuations in a source's stock list up to its newest rows among those that are staged for `daily_basic`, inside
 * the transaction that merges them. What is missing there leaves the older value, and an older session leaves all of it.
 */
export async function fillNewestValuation(tx: Tx, context: { source: string; runId: string }): Promise<void> {
  await tx`
    with newest as (
      select distinct on (instrument_id) instrument_id, trade_date, total_mv, circ_mv, pe, pe_ttm, pb, ps
      from stage_daily_basic order by instrument_id, trade_date desc
    ), listed as materialized (
      -- Locked in one order, whatever the order of the answers: two of them may be about the same stocks.
      select s.code, n.* from stock_basic_info s join newest n on n.instrument_id = s.instrument_id
      where s.source = ${context.source} and (s.valuation_date is null or s.valuation_date <= n.trade_date)
      order by s.code for update of s
    )
    update stock_basic_info s set total_mv = coalesce(n.total_mv, s.total_mv), circ_mv = coalesce(n.circ_mv, s.circ_mv),
      pe = coalesce(n.pe, s.pe), pe_ttm = coalesce(n.pe_ttm, s.pe_ttm), pb = coalesce(n.pb, s.pb), ps = coalesce(n.ps, s.ps),
      valuation_date = n.trade_date, updated_at = now(), run_id = ${context.runId}
    from listed n
    where s.code = n.code and s.source = ${context.source} and (s.valuation_date is distinct from n.trade_date
      or n.total_mv is distinct from s.total_mv and n.total_mv is not null
      or n.circ_mv is distinct from s.circ_mv and n.circ_mv is not null
      or n.pe is distinct from s.pe and n.pe is not null or n.pe_ttm is distinct from s.pe_ttm and n.pe_ttm is not null
      or n.pb is distinct from s.pb and n.pb is not null or n.ps is distinct from s.ps and n.ps is not null)`
}
