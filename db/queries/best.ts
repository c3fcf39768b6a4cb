import type { Sql } from '../client.ts'

/*
 * The one best view of what several sources have. Instruments and dates are given by value: that is how they reach the
 * keys and partitions behind the views.
 */

/** Numbers are text: they are exact decimals. */
export interface BestBar {
  instrumentId: number
  symbol: string
  period: string
  tradeDate: string
  isFinal: boolean
  open: string
  high: string
  low: string
  close: string
  preClose: string | null
  change: string | null
  pctChg: string | null
  /** Shares. */
  volume: number
  /** Yuan. */
  amount: string
  isSt: boolean | null
  /** The source of each group of fields. */
  from: {
    ohlc: string
    volume: string
    amount: string
    preClose: string | null
    pctChg: string | null
    isSt: string | null
  }
  sources: string[]
  disputedGroups: string[]
  updatedAt: string
}

/** Bars of `bars_best` by instrument and date; both ends of the range are in it. */
export async function bestBars(
  sql: Sql,
  wanted: { instruments: readonly number[]; period: string; from: string; to: string },
): Promise<BestBar[]> {
  return await sql<BestBar[]>`
    select instrument_id as "instrumentId", symbol, period, trade_date as "tradeDate", is_final as "isFinal", open, high, low, close,
      pre_close as "preClose", change, pct_chg as "pctChg", volume, amount, is_st as "isSt",
      jsonb_build_object('ohlc', ohlc_source, 'volume', volume_source, 'amount', amount_source, 'preClose', pre_close_source,
        'pctChg', pct_chg_source, 'isSt', st_source) as "from",
      sources, disputed_groups as "disputedGroups", updated_at as "updatedAt"
    from bars_best
    where instrument_id = any(${wanted.instruments as number[]}) and period = ${wanted.period}
      and trade_date between ${wanted.from} and ${wanted.to}
    order by instrument_id, trade_date`
}

export interface BestFactor {
  instrumentId: number
  tradeDate: string
  factor: string
  source: string
}

/** Factors up to a date, of one source for each instrument; the last one at or before a date holds. */
export async function bestFactors(
  sql: Sql,
  wanted: { instruments: readonly number[]; to: string },
): Promise<BestFactor[]> {
  return await sql<BestFactor[]>`
    select instrument_id as "instrumentId", trade_date as "tradeDate", factor, source from factors_best
    where instrument_id = any(${wanted.instruments as number[]}) and trade_date <= ${wanted.to}
    order by instrument_id, trade_date`
}
