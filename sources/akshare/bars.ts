import type { SourceCall } from '../../market/capability.ts'
import { toCompact } from '../../market/date.ts'
import { codeOf } from '../../market/symbol.ts'
import type { BarRow } from '../contract.ts'
import { rawOf } from '../raw.ts'
import { insideCall } from '../rows.ts'
import type { Ask } from './ask.ts'
import { type Collected, collect, mapHistoryBar, newestFinal, refuseDrift } from './map.ts'
import { checkChain, checkMoves } from './moves.ts'
import { dateOf } from './values.ts'

const FUNCTION = 'stock_zh_a_hist'

/**
 * Daily bars of one stock, unadjusted.
 *
 * @param now the clock of the market: a bar of a session that is not over is refused
 */
export async function historyBars(
  ask: Ask,
  call: SourceCall,
  now: Date,
): Promise<Collected<BarRow> & { requests: number }> {
  const symbol = symbolOf(call)
  const { from, to } = call
  if (from === null || to === null) throw new TypeError('a call for bars needs dates')
  const items = await ask(FUNCTION, {
    symbol: codeOf(symbol),
    period: 'daily',
    start_date: toCompact(from),
    end_date: toCompact(to),
    adjust: '',
  })
  const collected = collect(
    items,
    (row) => mapHistoryBar(row, symbol),
    (row) => ({ symbol, trade_date: dateOf(row.日期) }),
  )
  refuseDrift(FUNCTION, items, collected)
  checkMoves(FUNCTION, items, '收盘')
  checkChain(FUNCTION, items)
  const final = newestFinal(now)
  const asked = insideCall(call, collected.rows, collected.rejected)
  const rows = asked.filter((row) => {
    if (row.trade_date <= final) return true
    const { trade_date } = row
    collected.rejected.push({
      symbol,
      trade_date,
      reason: 'the session is not over',
      raw: rawOf(row),
    })
    return false
  })
  return { rows, rejected: collected.rejected, requests: 1 }
}

/** The one symbol of a call: these functions take no lists. */
export function symbolOf(call: SourceCall): string {
  const [symbol, ...others] = call.symbols ?? []
  if (symbol === undefined || others.length > 0)
    throw new TypeError(`a call for ${call.dataset} is for one symbol`)
  return symbol
}
