import type { Prices } from './adjust.ts'
import { CAPABILITIES } from './capabilities.ts'
import { addDays, shanghaiClock, type TradeDate } from './date.ts'

/*
 * Weeks and months of bars. A week is one of ISO 8601 (Monday to Sunday), a month one of the calendar; a bar of them is
 * dated by the market's last session in it, whether the stock traded on that day or not.
 */

export type LongPeriod = 'weekly' | 'monthly'

const MONDAY = 1
const SATURDAY = 6

/** First and last calendar day of the week or month that holds a date. */
export function periodAround(period: LongPeriod, date: TradeDate): { from: TradeDate; to: TradeDate } {
  const day = new Date(`${date}T00:00:00Z`)
  if (period === 'weekly') {
    const from = addDays(date, -((day.getUTCDay() - MONDAY + 7) % 7))
    return { from, to: addDays(from, 6) }
  }
  const next = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1)).toISOString().slice(0, 10)
  return { from: `${date.slice(0, 7)}-01`, to: addDays(next, -1) }
}

/** The last day from Monday to Friday at or before a date: on the others there are no sessions. */
export function weekdayAtOrBefore(date: TradeDate): TradeDate {
  const day = new Date(`${date}T00:00:00Z`).getUTCDay()
  return day === 0 ? addDays(date, -2) : day === SATURDAY ? addDays(date, -1) : date
}

// The latest time of the day at which any source has the bars of a session.
const SETTLED = Object.values(CAPABILITIES)
  .map(({ bars }) => bars?.readyTime ?? '')
  .reduce((latest, time) => (time > latest ? time : latest))

/** The last day whose bars every source has by then: a period that ends later is still open. */
export function settledThrough(now: Date): TradeDate {
  const { date, time } = shanghaiClock(now)
  return time >= SETTLED ? date : addDays(date, -1)
}

/** A day as a part of a longer bar: shares, yuan as decimal text; prices are null where they cannot be known. */
export interface DayPart {
  prices: Prices | null
  volume: number
  amount: string
}

/**
 * The bar of some days of one week or month, in their order: the open of the first, the close of the last, the highest, the
 * lowest, the sums of volume and amount; pre_close is the first day's. Prices are null as soon as those of one day are.
 */
export function joinDays(days: readonly DayPart[]): DayPart {
  const prices = days.map((day) => day.prices)
  return {
    prices: prices.every((each) => each !== null) ? joinPrices(prices) : null,
    volume: days.reduce((sum, day) => sum + day.volume, 0),
    amount: sumOfDecimals(days.map((day) => day.amount)),
  }
}

function joinPrices(prices: readonly Prices[]): Prices | null {
  const [first] = prices
  const last = prices.at(-1)
  if (!first || !last) return null
  return {
    open: first.open,
    high: Math.max(...prices.map(({ high }) => high)),
    low: Math.min(...prices.map(({ low }) => low)),
    close: last.close,
    preClose: first.preClose,
  }
}

// Amounts are stored with four decimals. A month of one stock has more digits than a double.
const AMOUNT_DECIMALS = 4

function sumOfDecimals(amounts: readonly string[]): string {
  const sum = amounts.reduce((total, text) => {
    const [whole = '0', fraction = ''] = text.split('.')
    return total + BigInt(whole + fraction.padEnd(AMOUNT_DECIMALS, '0').slice(0, AMOUNT_DECIMALS))
  }, 0n)
  const digits = String(sum).padStart(AMOUNT_DECIMALS + 1, '0')
  return `${digits.slice(0, -AMOUNT_DECIMALS)}.${digits.slice(-AMOUNT_DECIMALS)}`
}
