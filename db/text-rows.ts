/*
 * Rows of a statement in one text. A value of its own for each cell is what takes the driver longest: here cells stay the bytes that
 * came, and are numbers or texts only where somebody asks.
 */

const SEPARATOR = ','.charCodeAt(0)
const POINT = '.'.charCodeAt(0)
const MINUS = '-'.charCodeAt(0)
const ZERO = '0'.charCodeAt(0)
const TRUE = 't'.charCodeAt(0)
// Exact as doubles.
const POWERS = Array.from({ length: 23 }, (_, n) => 10 ** n)

/**
 * The aggregate that writes rows as one text. Cells are numbers, dates and the like, which have no comma in them, and an empty one is
 * null.
 *
 * @param cells expressions; those that may be null as `orEmpty`
 */
export const textRows = (cells: readonly string[], order: string): string =>
  `string_agg(concat_ws(',', ${cells.join(', ')}), ',' order by ${order})`

/** A cell that may be null. */
export const orEmpty = (value: string): string => `coalesce((${value})::text, '')`

/** Reads rows as `textRows` writes them. */
export class TextRows {
  readonly count: number
  readonly bytes: Buffer
  readonly #width: number
  /** Where each cell begins, row by row, and where one behind the last would. */
  readonly #begins: Uint32Array

  /** @param width cells of a row */
  constructor(bytes: Buffer, count: number, width: number) {
    this.bytes = bytes
    this.count = count
    this.#width = width
    this.#begins = new Uint32Array(count * width + 1)
    const end = bytes.length
    let at = 0
    for (let i = 1; i < this.#begins.length; i++) {
      while (at < end && bytes[at] !== SEPARATOR) at++
      this.#begins[i] = ++at
    }
  }

  /** Where in the bytes a cell begins. */
  begin(row: number, cell: number): number {
    return this.#begins[row * this.#width + cell] ?? 0
  }

  /** The first place behind it. */
  end(row: number, cell: number): number {
    return (this.#begins[row * this.#width + cell + 1] ?? 0) - 1
  }

  text(row: number, cell: number): string | null {
    const begin = this.begin(row, cell)
    const end = this.end(row, cell)
    return begin === end ? null : this.bytes.toString('latin1', begin, end)
  }

  /** A boolean. */
  flag(row: number, cell: number): boolean | null {
    const begin = this.begin(row, cell)
    return begin === this.end(row, cell) ? null : this.bytes[begin] === TRUE
  }

  /** A decimal: the double nearest to it; NaN for null. */
  number(row: number, cell: number): number {
    this.numbers(row, cell, ONE)
    return ONE[0] ?? NaN
  }

  /**
   * The same of as many rows, from a row on, as there are places. Told one by one, each of these numbers would be an object: for a
   * chart 800 KB of garbage.
   */
  numbers(row: number, cell: number, places: Float64Array): void {
    for (let i = 0; i < places.length; i++) {
      const begin = this.begin(row + i, cell)
      const end = this.end(row + i, cell)
      const isNegative = this.bytes[begin] === MINUS
      let digits = 0
      let decimals = 0
      for (let at = isNegative ? begin + 1 : begin; at < end; at++) {
        const byte = this.bytes[at] ?? 0
        if (byte === POINT) decimals = end - at - 1
        else digits = digits * 10 + (byte - ZERO)
      }
      const power = POWERS[decimals]
      // Digits and power are exact, so that their quotient is rounded once; what is longer goes the long way.
      if (digits > Number.MAX_SAFE_INTEGER || power === undefined)
        places[i] = Number(this.text(row + i, cell))
      else if (begin === end) places[i] = NaN
      else places[i] = isNegative ? -digits / power : digits / power
    }
  }
}

const ONE = new Float64Array(1)
