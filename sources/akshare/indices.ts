import type { SourceCall } from '../../market/capability.ts'
import { toCompact } from '../../market/date.ts'
import { LOT_TO_SHARES, plainDecimal, shiftDecimal } from '../../market/units.ts'
import type { IndexBarRow } from '../contract.ts'
import { rawOf } from '../raw.ts'
import { arePricesInOrder, insideCall } from '../rows.ts'
import type { Ask } from './ask.ts'
import { symbolOf } from './bars.ts'
import { type Collected, collect, type Mapped, newestFinal, refuseDrift } from './map.ts'
import { dateOf, numberOf, type Row } from './values.ts'

const FUNCTION = 'stock_zh_index_daily_em'

/**
 * Daily bars of one index.
 *
 * @param now the clock of the market: a bar of a session that is not over is refused
 */
export async function indexBars(
  ask: Ask,
  call: SourceCall,
  now: Date,
): Promise<Collected<IndexBarRow> & { requests: number }> {
  const symbol = symbolOf(call)
  const { from, to } = call
  if (from === null || to === null) throw new TypeError('a call for bars needs dates')
  const items = await ask(FUNCTION, {
    symbol: `${symbol.slice(7).toLowerCase()}${symbol.slice(0, 6)}`,
    start_date: toCompact(from),
    end_date: toCompact(to),
  })
  const collected = collect(
    items,
    (row) => mapIndexBar(row, symbol),
    (row) => ({ symbol, trade_date: dateOf(row.date) }),
  )
  refuseDrift(FUNCTION, items, collected)
  const final = newestFinal(now)
  const rows = insideCall(call, collected.rows, collected.rejected).filter((row) => {
    if (row.trade_date <= final) return true
    collected.rejected.push({
      symbol,
      trade_date: row.trade_date,
      reason: 'the session is not over',
      raw: rawOf(row),
    })
    return false
  })
  return { rows, rejected: collected.rejected, requests: 1 }
}

/** Points, lots, yuan. There is no previous close, and nothing that would follow from it. */
function mapIndexBar(row: Row, symbol: string): Mapped<IndexBarRow> {
  const trade_date = dateOf(row.date)
  if (trade_date === null) return { reason: 'no valid date' }
  const close = numberOf(row.close)
  if (close === null || close <= 0) return { reason: 'the close is missing or not positive' }
  const prices = { open: numberOf(row.open), high: numberOf(row.high), low: numberOf(row.low), close }
  if (!arePricesInOrder(prices)) return { reason: 'prices out of order' }
  const lots = numberOf(row.volume)
  const amount = numberOf(row.amount)
  return {
    symbol,
    trade_date,
    ...prices,
    pre_close: null,
    change: null,
    pct_chg: null,
    volume: lots === null ? null : shiftDecimal(lots, LOT_TO_SHARES),
    amount: amount === null ? null : plainDecimal(amount),
  }
}
