import { isAscii } from 'node:buffer'
import { endOfDecimal, NO_DECIMAL, readDecimal } from './digits.ts'
import { decimalText, type Memory } from './values.ts'

/** Where a column stands in a row; undefined for one that is not there. */
export type Columns = Readonly<Partial<Record<string, number>>>

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN = 0x5b
const BACKSLASH = 0x5c
const CLOSE = 0x5d
const FIRST_PRINTABLE = 0x20

const HEAD = Buffer.from('{"record":[[')
const TAIL = Buffer.from(']}')

// What stands between two cells of a row: `","`.
const GAP = 3

/**
 * Rows in the bytes in which they came, with the bounds of their cells. A whole market has 100,000 cells, and half of the
 * time of reading it would go into texts that nobody looks at.
 */
export class Rows {
  readonly length: number
  readonly width: number
  readonly bytes: Buffer
  /**
   * Row by row where its first cell begins, less `GAP`, and where each of its cells ends: the cell in column c lies between
   * `bounds[at + c] + GAP` and `bounds[at + c + 1]`.
   */
  readonly bounds: Uint32Array
  /** No character takes more than one byte: cutting texts is much cheaper then. */
  readonly isAscii: boolean

  private constructor(bytes: Buffer, bounds: Uint32Array, width: number) {
    this.bytes = bytes
    this.bounds = bounds
    this.width = width
    this.length = bounds.length / (width + 1)
    this.isAscii = isAscii(bytes)
  }

  /**
   * Reads `{"record":[["…","…"],…]}` as the server writes it; null for anything that is not exactly that, which may still
   * be the same in another spelling.
   *
   * @param bytes are kept, not copied
   */
  static scan(bytes: Buffer, width: number): Rows | null {
    if (!bytes.subarray(0, HEAD.length).equals(HEAD)) return null
    // Without them every quote ends a text.
    if (bytes.includes(BACKSLASH)) return null
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let bounds = boundsFor(bytes.length)
    let count = 0
    let at = HEAD.length
    for (;;) {
      if (count + width >= bounds.length) bounds = grown(bounds, width)
      bounds[count++] = at + 1 - GAP
      for (let column = 1; column <= width; column++) {
        if (bytes[at] !== QUOTE) return null
        at = endOfText(words, bytes, at + 1)
        if (bytes[at] !== QUOTE || bytes[at + 1] !== (column === width ? CLOSE : COMMA)) return null
        bounds[count++] = at
        at += 2
      }
      if (bytes[at] !== COMMA || bytes[at + 1] !== OPEN) break
      at += 2
    }
    return bytes.subarray(at).equals(TAIL) ? new Rows(bytes, bounds.subarray(0, count), width) : null
  }

  /** The same of texts. */
  static of(rows: readonly (readonly string[])[], width: number): Rows {
    const bounds = new Uint32Array(rows.length * (width + 1))
    let count = 0
    let at = 0
    for (const row of rows) {
      bounds[count++] = at
      for (const cell of row) bounds[count++] = at += GAP + Buffer.byteLength(cell)
    }
    return new Rows(Buffer.from(rows.map((row) => FILLER + row.join(FILLER)).join('')), bounds, width)
  }

  /** All of it as texts. */
  texts(): string[][] {
    const row = new Row(this)
    return Array.from({ length: this.length }, (_, i) => row.to(i).texts())
  }
}

const FILLER = ' '.repeat(GAP)

/** Where the text ends that begins there: at a quote, or at what cannot be in one. */
function endOfText(words: DataView, bytes: Buffer, from: number): number {
  const last = bytes.length - 4
  let at = from
  while (at <= last && isInsideText(words.getInt32(at, true))) at += 4
  // The two printable characters before the quote are rare, and so is all that looks at them.
  while (byteAt(bytes, at) > QUOTE || isBlankOrBang(byteAt(bytes, at))) at++
  return at
}

/** True when none of the four bytes of a number is a quote or below the blank. Never true by mistake; false now and then. */
function isInsideText(four: number): boolean {
  const quotes = four ^ 0x22222222
  return ((((quotes - 0x01010101) & ~quotes) | ((four - 0x20202020) & ~four)) & 0x80808080) === 0
}

const byteAt = (bytes: Buffer, at: number): number => bytes[at] ?? 0
const isBlankOrBang = (byte: number): boolean => byte >= FIRST_PRINTABLE && byte < QUOTE

/** Room for the bounds of as many cells as there usually are in so many bytes; what is in it before does not matter. */
function boundsFor(length: number): Uint32Array<ArrayBuffer> {
  // A cell of four bytes with quotes and comma takes seven; shorter ones make the array grow.
  const size = Math.ceil(length / 7) * Uint32Array.BYTES_PER_ELEMENT
  return new Uint32Array(Buffer.allocUnsafeSlow(size).buffer)
}

function grown(bounds: Uint32Array, more: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * bounds.length + more + 1)
  larger.set(bounds)
  return larger
}

// Texts that are cut from others are copies up to this length; longer ones would keep the whole text that they are a part of.
const LONGEST_COPY = 12
// A text of a whole answer would be new pages of the system for each answer, which cost a tenth of the time of reading it;
// texts of this size live where the garbage of the last ones was.
const BLOCK_BYTES = 32 * 1024

/** A view of one row after the other: a row object for each would be most of the work again. */
export class Row {
  readonly #bytes: Buffer
  readonly #bounds: Uint32Array
  readonly #width: number
  readonly #isAscii: boolean
  #first = 0
  /** A part of the bytes as text, from which cells are cut. */
  #block = ''
  #blockAt = 0

  constructor({ bytes, bounds, width, isAscii }: Rows) {
    this.#bytes = bytes
    this.#bounds = bounds
    this.#width = width
    this.#isAscii = isAscii
  }

  /** Looks at the row with that number. */
  to(index: number): this {
    this.#first = index * (this.#width + 1)
    return this
  }

  /** The cell as it came; empty for a column that is not there. */
  text(column: number | undefined): string {
    return column === undefined ? '' : this.#cut(this.#begin(column), this.#end(column))
  }

  /** What is remembered of the cell's text. */
  known<T>(column: number | undefined, memory: Memory<T>): T | null {
    return column === undefined ? null : memory.ofBytes(this.#bytes, this.#begin(column), this.#end(column))
  }

  /** True when the cell is that one character. */
  is(column: number | undefined, character: string): boolean {
    if (column === undefined) return false
    const from = this.#begin(column)
    return this.#end(column) === from + 1 && this.#bytes[from] === character.charCodeAt(0)
  }

  /** The number that is nearest to the decimal in the cell; null where there is none. Made of the bytes, without a text. */
  decimal(column: number | undefined): number | null {
    if (column === undefined) return null
    const from = this.#begin(column)
    const to = this.#end(column)
    if (from === to) return null
    const value = readDecimal(this.#bytes, from, to)
    return Number.isNaN(value) ? this.#slowDecimal(column) : value
  }

  /** The exact decimal in the cell as `decimalText` of values.ts spells it; null where there is none. */
  decimalText(column: number | undefined): string | null {
    if (column === undefined) return null
    const from = this.#begin(column)
    const to = this.#end(column)
    if (from === to) return null
    const end = endOfDecimal(this.#bytes, from, to)
    return end === NO_DECIMAL ? decimalText(this.text(column)) : this.#cut(from, end)
  }

  texts(): string[] {
    return Array.from({ length: this.#width }, (_, column) => this.text(column))
  }

  #begin(column: number): number {
    return (this.#bounds[this.#first + column] ?? 0) + GAP
  }

  #end(column: number): number {
    return this.#bounds[this.#first + column + 1] ?? 0
  }

  #cut(from: number, to: number): string {
    if (!this.#isAscii || to - from > LONGEST_COPY) return this.#bytes.toString('utf8', from, to)
    if (from < this.#blockAt || to > this.#blockAt + this.#block.length) {
      this.#blockAt = this.#begin(0)
      this.#block = this.#bytes.toString('latin1', this.#blockAt, Math.max(to, this.#blockAt + BLOCK_BYTES))
    }
    return this.#block.substring(from - this.#blockAt, to - this.#blockAt)
  }

  #slowDecimal(column: number): number | null {
    const text = decimalText(this.text(column))
    return text === null ? null : Number(text)
  }
}
