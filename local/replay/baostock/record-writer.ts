import { RowWriter } from '../row-writer.ts'

const QUOTE = 34
const MINUS = 45
const POINT = 46
const ZERO = 48
const POWERS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]

/** Records as BaoStock writes them: every value is a text, and a number always has the same places. */
export class RecordWriter extends RowWriter {
  /** Where writing goes on, for `cutTo`. */
  get written(): number {
    return this.length
  }

  /** Forgets what was written after `written` had this value. */
  cutTo(written: number): void {
    this.length = written
  }

  none(): void {
    this.ascii('')
  }

  /** `value / 10^decimals` with `places` (not fewer) digits behind the point: `fixed(2330, 2, 10)` is `"23.3000000000"`. */
  fixed(value: number, decimals: number, places: number): void {
    this.bytes[this.length++] = QUOTE
    let rest = value
    if (rest < 0) {
      this.bytes[this.length++] = MINUS
      rest = -rest
    }
    const unit = POWERS[decimals] ?? 1
    const whole = Math.floor(rest / unit)
    this.digits(whole)
    if (places > 0) {
      this.bytes[this.length++] = POINT
      this.padded((rest - whole * unit) | 0, decimals)
      for (let i = decimals; i < places; i++) this.bytes[this.length++] = ZERO
    }
    this.bytes[this.length++] = QUOTE
  }
}
