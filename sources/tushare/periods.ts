import { toCompact } from '../../market/date.ts'
import { isSymbol } from '../../market/symbol.ts'
import { shiftDecimal } from '../../market/units.ts'
import type { BarRow, PeriodCall } from '../contract.ts'
import { APIS } from './apis.ts'
import { type Cells, type Columns, dateOf, decimal, inUniverse, text } from './map.ts'
import type { AskPages } from './pages.ts'

/*
 * Tushare's own weekly and monthly bars. Its pages name no unit and the data has been seen in two, so the unit is taken
 * from the rows: amount / (volume * close) is near 1 for yuan and shares, 100 for yuan and lots, 0.1 for thousand yuan and lots.
 */

interface Unit {
  ratio: number
  /** Places by which the point moves to shares, to yuan. */
  volume: number
  amount: number
}

const UNITS: readonly Unit[] = [
  { ratio: 1, volume: 0, amount: 0 },
  { ratio: 100, volume: 2, amount: 0 },
  { ratio: 0.1, volume: 2, amount: 3 },
]

// A fraction in these interfaces, percent everywhere else.
const FRACTION_TO_PERCENT = 2

/** Rows that are whole, in canonical units and under the upstream's dates; the others say nothing to compare with. */
export function periodRows(items: readonly Cells[], at: Columns): BarRow[] {
  const unit = unitOf(items, at)
  return items.flatMap((cells): BarRow[] => {
    const symbol = text(cells[at.ts_code ?? -1])
    const trade_date = dateOf(cells[at.trade_date ?? -1])
    const [open, high, low, close, vol, amount] = ['open', 'high', 'low', 'close', 'vol', 'amount'].map(
      (name) => decimal(cells[at[name] ?? -1]),
    )
    if (symbol === null || !isSymbol(symbol) || !inUniverse(symbol) || trade_date === null) return []
    if (open == null || high == null || low == null || close == null || vol == null || amount == null)
      return []
    const pct = decimal(cells[at.pct_chg ?? -1])
    return [
      {
        symbol,
        trade_date,
        open,
        high,
        low,
        close,
        pre_close: decimal(cells[at.pre_close ?? -1]),
        change: decimal(cells[at.change ?? -1]),
        pct_chg: pct === null ? null : Number(shiftDecimal(pct, FRACTION_TO_PERCENT)),
        volume: shiftDecimal(vol, unit.volume),
        amount: shiftDecimal(amount, unit.amount),
      },
    ]
  })
}

/** The unit that fits the middle one of all rows: single odd rows decide nothing. */
function unitOf(items: readonly Cells[], at: Columns): Unit {
  const ratios = items
    .map((cells) => {
      const [vol, close, amount] = ['vol', 'close', 'amount'].map(
        (name) => decimal(cells[at[name] ?? -1]) ?? 0,
      )
      return vol && close && amount ? amount / (vol * close) : 0
    })
    .filter((ratio) => ratio > 0)
    .sort((a, b) => a - b)
  const middle = ratios[ratios.length >> 1] ?? 1
  const distance = ({ ratio }: Unit) => Math.abs(Math.log10(middle / ratio))
  return UNITS.reduce((best, unit) => (distance(unit) < distance(best) ? unit : best))
}

/** Bars of a closed week or month: of some symbols by its dates, of the whole market by its last day. */
export async function periodBars(
  { period, symbols, from, to, last }: PeriodCall,
  pages: AskPages,
): Promise<BarRow[]> {
  const api = APIS[period]
  if (symbols !== null) {
    const params = { ts_code: symbols.join(','), start_date: toCompact(from), end_date: toCompact(to) }
    const { items, at } = await pages(api, params)
    return periodRows(items, at)
  }
  // Months have been seen under their last session and under the last day of the calendar.
  for (const date of new Set([last, to])) {
    const { items, at } = await pages(api, { trade_date: toCompact(date) })
    if (items.length > 0) return periodRows(items, at)
  }
  return []
}
