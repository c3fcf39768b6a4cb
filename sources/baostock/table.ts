import { isAscii } from 'node:buffer'
import { decimalText } from './values.ts'

/** Where a column stands in a row; undefined for one that is not there. */
export type Columns = Readonly<Partial<Record<string, number>>>

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const OPEN = 0x5b
const BACKSLASH = 0x5c
const CLOSE = 0x5d
const FIRST_PRINTABLE = 0x20

const HEAD = Buffer.from('{"record":[[')
const TAIL = Buffer.from(']}')

/**
 * Rows in the bytes in which they came, with the bounds of their cells. A whole market has 100,000 cells, and half of the
 * time of reading it would go into texts that nobody looks at.
 */
export class Rows {
  readonly length: number
  readonly width: number
  readonly bytes: Buffer
  /** Begin and end of each cell, row by row. */
  readonly bounds: Uint32Array
  /** The bytes as one text where no character takes more than one of them: cutting from it is much cheaper. */
  readonly ascii: string | null

  private constructor(bytes: Buffer, bounds: Uint32Array, width: number) {
    this.bytes = bytes
    this.bounds = bounds
    this.width = width
    this.length = bounds.length / 2 / width
    this.ascii = isAscii(bytes) ? bytes.toString('latin1') : null
  }

  /**
   * Reads `{"record":[["…","…"],…]}` as the server writes it; null for anything that is not exactly that, which may still
   * be the same in another spelling.
   *
   * @param bytes are kept, not copied
   */
  static scan(bytes: Buffer, width: number): Rows | null {
    if (!bytes.subarray(0, HEAD.length).equals(HEAD)) return null
    // A cell of four bytes with quotes and comma takes seven; shorter ones make the array grow.
    let bounds = new Uint32Array(2 * Math.ceil(bytes.length / 7))
    let count = 0
    let at = HEAD.length
    for (;;) {
      for (let column = 1; column <= width; column++) {
        if (bytes[at] !== QUOTE) return null
        const end = endOfText(bytes, at + 1)
        if (end < 0 || bytes[end + 1] !== (column === width ? CLOSE : COMMA)) return null
        if (count === bounds.length) bounds = grown(bounds)
        bounds[count++] = at + 1
        bounds[count++] = end
        at = end + 2
      }
      if (bytes[at] !== COMMA || bytes[at + 1] !== OPEN) break
      at += 2
    }
    return bytes.subarray(at).equals(TAIL) ? new Rows(bytes, bounds.slice(0, count), width) : null
  }

  /** The same of texts. */
  static of(rows: readonly (readonly string[])[], width: number): Rows {
    const cells = rows.flat()
    const bounds = new Uint32Array(2 * cells.length)
    let at = 0
    for (const [i, cell] of cells.entries()) {
      bounds[2 * i] = at
      bounds[2 * i + 1] = at += Buffer.byteLength(cell)
    }
    return new Rows(Buffer.from(cells.join('')), bounds, width)
  }

  /** All of it as texts. */
  texts(): string[][] {
    return Array.from({ length: this.length }, (_, i) => new Row(this).to(i).texts())
  }
}

function endOfText(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) return at
    if (byte === BACKSLASH || byte < FIRST_PRINTABLE) return -1
  }
  return -1
}

function grown(bounds: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * bounds.length)
  larger.set(bounds)
  return larger
}

// Up to here powers of ten are exact numbers.
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

/** A view of one row after the other: a row object for each would be most of the work again. */
export class Row {
  readonly #rows: Rows
  #first = 0

  constructor(rows: Rows) {
    this.#rows = rows
  }

  /** Looks at the row with that number. */
  to(index: number): this {
    this.#first = 2 * index * this.#rows.width
    return this
  }

  /** The cell as it came; empty for a column that is not there. */
  text(column: number | undefined): string {
    if (column === undefined) return ''
    const { ascii, bytes, bounds } = this.#rows
    const at = this.#first + 2 * column
    const from = bounds[at] ?? 0
    const to = bounds[at + 1] ?? 0
    return ascii === null ? bytes.toString('utf8', from, to) : ascii.substring(from, to)
  }

  /** True when the cell is that one character. */
  is(column: number | undefined, character: string): boolean {
    if (column === undefined) return false
    const { bytes, bounds } = this.#rows
    const at = this.#first + 2 * column
    const from = bounds[at] ?? 0
    return bounds[at + 1] === from + 1 && bytes[from] === character.charCodeAt(0)
  }

  /**
   * The number that is nearest to the decimal in the cell; null where there is none. By hand, since a quotient of two
   * exact numbers is rounded once, like what `Number` makes of the text, and needs no text.
   */
  decimal(column: number | undefined): number | null {
    if (column === undefined) return null
    const { bytes, bounds } = this.#rows
    const at = this.#first + 2 * column
    const from = bounds[at] ?? 0
    const to = bounds[at + 1] ?? 0
    if (from === to) return null
    const isNegative = bytes[from] === MINUS
    const firstDigit = isNegative ? from + 1 : from
    let digits = 0
    let point = to
    for (let i = firstDigit; i < to; i++) {
      const byte = bytes[i] ?? 0
      if (byte >= ZERO && byte <= ZERO + 9) digits = digits * 10 + (byte - ZERO)
      else if (byte === POINT && point === to && i > firstDigit && i < to - 1) point = i
      else return this.#slowDecimal(column)
    }
    const power = POWERS[point === to ? 0 : to - 1 - point]
    if (firstDigit === to || power === undefined || digits > Number.MAX_SAFE_INTEGER)
      return this.#slowDecimal(column)
    return isNegative ? -digits / power : digits / power
  }

  texts(): string[] {
    return Array.from({ length: this.#rows.width }, (_, column) => this.text(column))
  }

  #slowDecimal(column: number): number | null {
    const text = decimalText(this.text(column))
    return text === null ? null : Number(text)
  }
}
