import { adjustmentRatio, ADJUSTMENTS, factorStepAt, roundedTo } from '../../market/adjust.ts'
import type { TradeDate } from '../../market/date.ts'
import type { FactorScale } from './factors.ts'
import type { BarRow, RowOptions, StoredBar } from './rows.ts'
import type { WholeBars } from './whole.ts'

/*
 * Rows out of texts with a bar on each line, as readWhole gives them. Adjusted days are what charts ask for, 7,000 at a time: their
 * prices are read from the characters, without a text and an object for each.
 */

// Rows in one lot, some 300 KB of JSON.
const LOT = 1_000

/** The bars, some at a time. */
export async function* barsOf({ source, lines }: WholeBars): AsyncGenerator<StoredBar[]> {
  for (const [id, text] of lines) {
    let lot: StoredBar[] = []
    for (const line of text.slice(0, -1).split('\n')) {
      lot.push(parseLine(id, line, source))
      if (lot.length < LOT) continue
      yield lot
      lot = []
    }
    yield lot
  }
}

function parseLine(id: number, line: string, source: string): StoredBar {
  const [
    date = '',
    open = '',
    high = '',
    low = '',
    close = '',
    preClose,
    change,
    pctChg,
    volume,
    amount = '',
    isSt,
  ] = line.split(',')
  const flag = isSt ? isSt === 'true' : null
  const changes = [preClose || null, change || null, pctChg || null] as const
  return [id, date, open, high, low, close, ...changes, Number(volume), amount, flag, source, false]
}

/** Daily bars, adjusted: the same rows as `adjustedRows` makes of them. */
export async function* adjustedLines(
  { source, lines }: WholeBars,
  options: RowOptions,
): AsyncGenerator<BarRow[]> {
  for (const [id, text] of lines) {
    const cells = new CellReader(text)
    const rows = new AdjustedRows(id, source, options)
    while (!cells.isOver()) {
      const lot: BarRow[] = []
      while (!cells.isOver() && lot.length < LOT) lot.push(rows.next(cells))
      yield lot
    }
  }
}

const LINE_END = 10
const COMMA = 44
const MINUS = 45
const POINT = 46
const ZERO = 48
const NINE = 57
const YES = 116
// 10 ** n, exact as a double up to 22.
const POWERS = Array.from({ length: 23 }, (_, n) => 10 ** n)

/** Reads the cells of lines, one after the other. */
class CellReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  isOver(): boolean {
    return this.#at >= this.#text.length
  }

  /** A cell as text; null when it is empty. */
  text(): string | null {
    const text = this.#text
    const from = this.#at
    let at = from
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === COMMA || code === LINE_END) break
    }
    this.#at = at + 1
    return at === from ? null : text.slice(from, at)
  }

  /** A cell with a decimal: the double nearest to it; NaN when it is empty. */
  number(): number {
    const text = this.#text
    const from = this.#at
    let at = from
    let digits = 0
    let point = -1
    const isNegative = text.charCodeAt(at) === MINUS
    if (isNegative) at++
    for (; ; at++) {
      const code = text.charCodeAt(at)
      if (code >= ZERO && code <= NINE) digits = digits * 10 + (code - ZERO)
      else if (code === POINT) point = at
      else break
    }
    this.#at = at + 1
    if (at === from) return NaN
    const power = POWERS[point < 0 ? 0 : at - point - 1]
    // Both are exact, so that their quotient is rounded once; what is longer goes the long way.
    if (digits > Number.MAX_SAFE_INTEGER || power === undefined) return Number(text.slice(from, at))
    return isNegative ? -digits / power : digits / power
  }

  /** A cell with `true` or `false`; null when it is empty. */
  flag(): boolean | null {
    const code = this.#text.charCodeAt(this.#at)
    const cell = this.text()
    return cell === null ? null : code === YES
  }
}

/** Makes rows of an answer out of the lines of one instrument, by date. */
class AdjustedRows {
  readonly #options: RowOptions
  readonly #source: string
  readonly #symbol: string | null
  readonly #scale: FactorScale | undefined
  readonly #power: number
  readonly #isBest: boolean
  readonly #isAnchored: boolean
  /** What comes behind the source. */
  #end: BarRow = []
  #until: TradeDate = ''
  #ratio: number | null = null

  constructor(id: number, source: string, options: RowOptions) {
    this.#options = options
    this.#source = source
    this.#symbol = options.symbols.get(id) ?? null
    this.#scale = options.scales.get(id)
    this.#power = 10 ** options.decimals
    this.#isBest = options.source === 'best'
    this.#isAnchored = ADJUSTMENTS[options.adjust].anchored
  }

  next(cells: CellReader): BarRow {
    const date = cells.text() ?? ''
    if (date >= this.#until) this.#stepTo(date)
    const row: BarRow = [this.#symbol, date]
    this.#addPrices(row, cells)
    cells.text()
    row.push(cells.text(), cells.number(), cells.text(), cells.flag(), this.#source, ...this.#end)
    return row
  }

  /** Most days have the factor of the day before. */
  #stepTo(date: TradeDate): void {
    const { factor, until } = factorStepAt(this.#scale?.steps ?? [], date)
    this.#until = until
    const anchor = this.#scale?.anchor ?? null
    this.#ratio = adjustmentRatio(this.#options.adjust, factor, anchor)
    this.#end = [
      ...(this.#isBest ? [false] : []),
      this.#ratio !== null,
      factor,
      ...(this.#isAnchored ? [anchor] : []),
      factor === null ? null : (this.#scale?.source ?? null),
    ]
  }

  #addPrices(row: BarRow, cells: CellReader): void {
    const open = cells.number()
    const high = cells.number()
    const low = cells.number()
    const close = cells.number()
    const preClose = cells.number()
    const ratio = this.#ratio
    if (ratio === null) {
      row.push(null, null, null, null, null, null)
      return
    }
    const power = this.#power
    const end = close * ratio
    row.push(roundedTo(open * ratio, power), roundedTo(high * ratio, power), roundedTo(low * ratio, power))
    if (Number.isNaN(preClose)) row.push(roundedTo(end, power), null, null)
    else {
      const begin = preClose * ratio
      row.push(roundedTo(end, power), roundedTo(begin, power), roundedTo(end - begin, power))
    }
  }
}
