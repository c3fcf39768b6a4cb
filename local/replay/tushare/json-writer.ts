import { RowWriter } from '../row-writer.ts'

const MINUS = 45
const POINT = 46
const POWERS = [1, 10, 100, 1000, 10_000]

/** Rows with numbers as Tushare writes them. */
export class JsonWriter extends RowWriter {
  /** `value / 10^decimals` as a JSON number; whole values come without a decimal point, as upstream sends them. */
  fixed(value: number, decimals: number): void {
    let rest = value
    if (rest < 0) {
      this.bytes[this.length++] = MINUS
      rest = -rest
    }
    const unit = POWERS[decimals] ?? 1
    const whole = Math.floor(rest / unit)
    this.digits(whole)
    let fraction = rest - whole * unit
    if (fraction === 0) return
    let places = decimals
    while (fraction % 10 === 0) {
      fraction /= 10
      places -= 1
    }
    this.bytes[this.length++] = POINT
    this.padded(fraction | 0, places)
  }
}
