import { AKSHARE_CAPABILITIES } from '../../market/akshare.ts'
import type { SourceCall } from '../../market/capability.ts'
import { codeOf } from '../../market/symbol.ts'
import type { FactorRow } from '../contract.ts'
import { isFactor, NO_FACTOR } from '../rows.ts'
import type { Ask } from './ask.ts'
import { symbolOf } from './bars.ts'
import { drift } from './columns.ts'
import { type Collected, collect, type Mapped, refuseDrift } from './map.ts'
import { dateOf, decimalOf, type Row } from './values.ts'

const FUNCTION = 'stock_zh_a_daily'
// Sina's row for "before the first ex-date".
const BASE_DATE = '1900-01-01'
// By definition the base is 1; a factor column in another unit would show here.
const BASE_RANGE = { least: 0.1, most: 10 }

/**
 * Backward-adjustment factors of one stock: a row per ex-date, each holding until the next one.
 *
 * Before the first row the factor is 1. Sina says so with a row of 1900-01-01, which is left out as long as it says just
 * that and others follow it. Another base, and the base of a stock to which nothing happened, become a row of the first
 * day that was asked for: an answer without rows would look like one about a code that nobody knows.
 */
export async function factors(
  ask: Ask,
  call: SourceCall,
): Promise<Collected<FactorRow> & { requests: number }> {
  const symbol = symbolOf(call)
  const items = await factorTable(ask, symbol)
  const collected = collect(
    items,
    (row) => mapFactor(row, symbol),
    (row) => ({ symbol, trade_date: dateOf(row.date) }),
  )
  refuseDrift(FUNCTION, items, collected)
  const byDate = new Map(collected.rows.map((row) => [row.trade_date, row]))
  const base = byDate.get(BASE_DATE)?.factor
  if (base === undefined) throw drift(FUNCTION, 'no row before the first ex-date: factors are cut off', items)
  if (base < BASE_RANGE.least || base > BASE_RANGE.most)
    throw drift(FUNCTION, `the factor before the first ex-date is ${base}, not 1: hfq_factor changed`, items)
  byDate.delete(BASE_DATE)
  // Announced ex-dates may be there before their day. Those before the first day asked for stay: they hold on it.
  const rows = [...byDate.values()].filter((row) => row.trade_date <= (call.to ?? '9999'))
  const first = call.from ?? AKSHARE_CAPABILITIES.adj_factor.historyStart
  const nothingHappened = rows.length === 0 && collected.rejected.length === 0
  if ((base !== 1 || nothingHappened) && !byDate.has(first))
    rows.push({ symbol, trade_date: first, factor: base })
  rows.sort((a, b) => (a.trade_date < b.trade_date ? -1 : 1))
  return { rows, rejected: collected.rejected, requests: 1 }
}

/** The whole table of one stock. AKShare takes no notice of dates here; its defaults are sent, so that none is left to it. */
export const factorTable = (ask: Ask, symbol: string): Promise<readonly Row[]> =>
  ask(FUNCTION, {
    symbol: `${symbol.slice(7).toLowerCase()}${codeOf(symbol)}`,
    start_date: '19900101',
    end_date: '21000118',
    adjust: 'hfq-factor',
  })

function mapFactor(row: Row, symbol: string): Mapped<FactorRow> {
  const trade_date = dateOf(row.date)
  if (trade_date === null) return { reason: 'no valid date' }
  const factor = decimalOf(row.hfq_factor)
  if (!isFactor(factor)) return NO_FACTOR
  return { symbol, trade_date, factor }
}
