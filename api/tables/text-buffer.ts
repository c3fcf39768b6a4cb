import { plainDecimal } from '../../market/units.ts'

const START_BYTES = 1 << 18
// Of one UTF-16 unit in UTF-8.
const MAX_BYTES = 3
// From so many on a call that copies them is faster than a loop.
const LONG_BYTES = 48
// Of numbers that are written digit by digit.
const PLACES = 8
const SCALE = 10 ** PLACES
const MOST_SCALED = 1e15
const MOST_CHARACTERS = 20
const BILLION_PLACES = 9
const BILLION = 10 ** BILLION_PLACES
const MINUS = 45
const POINT = 46
const ZERO = 48
// Two digits as two bytes.
const PAIRS = Uint16Array.from(
  { length: 100 },
  (_, n) => ((ZERO + Math.floor(n / 10)) << 8) | (ZERO + (n % 10)),
)

// Texts of many rows are written in words of eight bytes. No eight bytes of UTF-8 are a NaN, whose bits need not stay what they are.
const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
const WORD_BYTES = Float64Array.BYTES_PER_ELEMENT

/** A text that is written again and again. */
export class RepeatedText {
  readonly words: Float64Array
  readonly length: number

  constructor(text: string) {
    const bytes = new TextEncoder().encode(text)
    this.length = bytes.length
    this.words = new Float64Array(Math.ceil(bytes.length / WORD_BYTES))
    new Uint8Array(this.words.buffer).set(bytes)
  }
}

/**
 * Text as UTF-8, put together byte by byte. An answer is hundreds of thousands of short texts, nearly all of them ASCII:
 * adding strings up makes so much garbage that collecting it takes longer than the writing.
 */
export class TextBuffer {
  readonly #encoder = new TextEncoder()
  #bytes = new Uint8Array(START_BYTES)
  #words = new DataView(this.#bytes.buffer)
  #length = 0

  add(text: string): void {
    this.#makeRoom(text.length * MAX_BYTES)
    const bytes = this.#bytes
    let at = this.#length
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) {
        at += this.#encoder.encodeInto(text.slice(i), bytes.subarray(at)).written
        break
      }
      bytes[at++] = code
    }
    this.#length = at
  }

  /** Text that is there as bytes already, or a part of them. */
  addBytes(text: Uint8Array, begin = 0, end = text.length): void {
    this.#makeRoom(end - begin)
    const bytes = this.#bytes
    let at = this.#length
    // To cut nothing off makes no object.
    if (end - begin > LONG_BYTES)
      bytes.set(end - begin === text.length ? text : text.subarray(begin, end), at)
    else for (let i = begin; i < end; i++) bytes[at++] = text[i] ?? 0
    this.#length += end - begin
  }

  addRepeated({ words, length }: RepeatedText): void {
    // The last word may reach beyond the text, where the next one is written.
    this.#makeRoom(length + WORD_BYTES)
    const view = this.#words
    let at = this.#length
    for (let i = 0; i < words.length; i++, at += WORD_BYTES) view.setFloat64(at, words[i] ?? 0, IS_LITTLE)
    this.#length += length
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#length
  }

  /** Bytes from one place to another once more. */
  addAgain(from: number, to: number): void {
    this.#makeRoom(to - from)
    this.#bytes.copyWithin(this.#length, from, to)
    this.#length += to - from
  }

  /**
   * A number as its shortest decimal, without exponent. Up to 15 digits, of which eight are behind the point, are written one by
   * one: a decimal of so many digits is the shortest one of its double, and to let the engine find that out takes ten
   * times as long.
   */
  addNumber(value: number): void {
    const size = Math.abs(value)
    const places = Number.isInteger(size) ? 0 : PLACES
    const scaled = places === 0 ? size : Math.round(size * SCALE)
    if (!(scaled < MOST_SCALED) || (places > 0 && scaled / SCALE !== size)) {
      this.add(plainDecimal(value))
      return
    }
    this.#makeRoom(MOST_CHARACTERS)
    if (value < 0) this.#bytes[this.#length++] = MINUS
    if (places === 0) {
      this.#addWhole(scaled)
      return
    }
    const whole = Math.floor(scaled / SCALE)
    this.#addWhole(whole)
    this.#bytes[this.#length++] = POINT
    this.#addDigits(scaled - whole * SCALE, PLACES)
    while (this.#bytes[this.#length - 1] === ZERO) this.#length--
  }

  #addWhole(n: number): void {
    if (n >= BILLION) {
      const high = Math.floor(n / BILLION)
      this.#addWhole(high)
      this.#addDigits(n - high * BILLION, BILLION_PLACES)
      return
    }
    let count = 1
    for (let rest = n; rest >= 10; rest = (rest / 10) | 0) count++
    this.#addDigits(n, count)
  }

  /** So many digits of a number under a billion, two at a time. */
  #addDigits(n: number, count: number): void {
    const bytes = this.#bytes
    const start = this.#length
    let at = start + count
    let rest = n | 0
    while (at - start > 1) {
      const next = (rest / 100) | 0
      const pair = PAIRS[rest - next * 100] ?? 0
      bytes[--at] = pair & 0xff
      bytes[--at] = pair >> 8
      rest = next
    }
    if (at > start) bytes[start] = ZERO + (rest % 10)
    this.#length = start + count
  }

  /** What was added since the last time. Long texts are not copied: what comes next goes into other bytes. */
  take(): Uint8Array {
    const isLong = this.#length > this.#bytes.length / 4
    const taken = isLong ? this.#bytes.subarray(0, this.#length) : this.#bytes.slice(0, this.#length)
    if (isLong) this.#use(new Uint8Array(START_BYTES))
    this.#length = 0
    return taken
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#use(larger)
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#words = new DataView(bytes.buffer)
  }
}
