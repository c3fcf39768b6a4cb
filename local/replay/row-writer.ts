const COMMA = 44
const QUOTE = 34
const OPEN_ROW = 91
const CLOSE_ROW = 93
const ZERO = 48
// A row of numbers, codes and dates is at most about 200 bytes; longer texts make their own room.
const ROW_ROOM = 1024
const FIRST_SIZE = 64 * 1024
// Needs neither escapes nor more than a byte a character.
const PLAIN = /^[\w .:*-]*$/

/**
 * Writes rows of JSON as bytes, without strings in between: a whole-market day is 54,000 numbers, and formatting them
 * through text costs ten times as much as the rest of the answer. Each wire format writes its numbers its own way.
 */
export class RowWriter {
  protected bytes = Buffer.allocUnsafe(FIRST_SIZE)
  protected length = 0

  clear(): void {
    this.length = 0
  }

  /** What was written; valid until the next clear(). */
  view(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  protected room(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const bigger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + more))
    this.bytes.copy(bigger, 0, 0, this.length)
    this.bytes = bigger
  }

  raw(text: string): void {
    this.room(text.length * 3)
    this.length += this.bytes.write(text, this.length)
  }

  openRow(first: boolean): void {
    this.room(ROW_ROOM)
    if (!first) this.bytes[this.length++] = COMMA
    this.bytes[this.length++] = OPEN_ROW
  }

  closeRow(): void {
    this.bytes[this.length++] = CLOSE_ROW
  }

  comma(): void {
    this.bytes[this.length++] = COMMA
  }

  /** A text that needs no escapes and no multi-byte characters: codes and dates. */
  ascii(text: string): void {
    this.bytes[this.length++] = QUOTE
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i)
    this.bytes[this.length++] = QUOTE
  }

  text(text: string | null): void {
    if (text !== null && PLAIN.test(text)) {
      this.room(text.length + ROW_ROOM)
      this.ascii(text)
      return
    }
    this.raw(JSON.stringify(text))
    this.room(ROW_ROOM)
  }

  protected digits(value: number): void {
    if (value >= 1_000_000_000) {
      this.raw(String(value))
      return
    }
    const whole = value | 0
    let places = 1
    for (let bound = 10; bound <= whole; bound *= 10) places += 1
    this.padded(whole, places)
  }

  protected padded(value: number, places: number): void {
    let rest = value
    for (let at = this.length + places - 1; at >= this.length; at--) {
      const tens = (rest / 10) | 0
      this.bytes[at] = ZERO + rest - tens * 10
      rest = tens
    }
    this.length += places
  }
}
