import type { Calendar } from '../calendar.ts'
import { correctBar } from '../correct.ts'
import type { BarPatch, ReplayMarket } from '../market.ts'
import { createTruth } from '../truth.ts'
import { inventedValuations } from '../valuation.ts'
import type { ValuationSeries } from '../valuation.ts'
import { realCalendar } from './calendar.ts'
import { createClimate } from './climate.ts'
import { planDays } from './day-plan.ts'
import { createIndices } from './indices.ts'
import { planLife } from './life.ts'
import { listsAt, namesUpTo } from './lists.ts'
import type { Stock } from './lists.ts'
import { populate } from './population.ts'
import { priceLife } from './prices.ts'
import type { PricedLife } from './prices.ts'
import { createReports } from './reports.ts'

export interface SandboxOptions {
  /** Instruments listed up to today, delisted ones included. */
  readonly stocks?: number
  /** Length of the history; 35 and more is all of it, from 1990-12-19. */
  readonly years?: number
  readonly seed?: number
  /** `YYYYMMDD` or `YYYY-MM-DD`. Its session counts as closed; the default keeps demos the same for ever. */
  readonly today?: string
  /** The days that upstreams name in their calendars: all since 1990, or those since the history begins. */
  readonly calendar?: 'all' | 'window'
}

export interface SandboxMarket extends ReplayMarket {
  /** Generates everything now instead of at the first question; returns the number of rows that were generated. */
  readonly warm: () => number
}

const DEFAULT_TODAY = '20261120'
const ALL_YEARS = 35

/** First day of a window of `years` that ends on `date` (`YYYYMMDD`); a part of a year is counted in months. */
const windowStart = (date: string, years: number): string => {
  if (years >= ALL_YEARS) return '0'
  const months = Number(date.slice(0, 4)) * 12 + Number(date.slice(4, 6)) - 1 - Math.round(years * 12)
  const year = Math.floor(months / 12)
  return `${year}${String((months % 12) + 1).padStart(2, '0')}${date.slice(6)}`
}

/** The same sessions under the same indices; only what is told of the days is shorter. */
const namedSince = (calendar: Calendar, date: string): Calendar => ({
  ...calendar,
  days: calendar.days.filter((day) => day.date >= date),
})

/** Session index of a day or of the last session before it; the day as `YYYYMMDD` or `YYYY-MM-DD`. */
const lastSessionUpTo = (calendar: Calendar, date: string): number => {
  const compact = date.replaceAll('-', '')
  const session = /^\d{8}$/.test(compact) ? calendar.atOrBefore(compact) : -1
  if (session < 0) throw new Error(`the sandbox knows no session up to '${date}'`)
  return session
}

/** Prices are walked at the first question about an instrument and kept: 32 bytes a bar. */
const createPrices = (stocks: readonly Stock[], calendar: Calendar, seed: number) => {
  const climate = createClimate(seed, calendar.sessions.length)
  const known: (PricedLife | undefined)[] = []
  return (id: number): PricedLife => {
    // Known ones first and without another look-up: a whole-market answer asks 5,700 times.
    const found = known[id]
    if (found !== undefined) return found
    const stock = stocks[id]
    if (stock === undefined) throw new Error(`the sandbox has no instrument ${id}`)
    const { origin, life } = stock
    return (known[id] = priceLife(origin, life, planDays(origin, life, calendar), climate, seed))
  }
}

/**
 * The sandbox market: invented companies on the real calendar, the same for the same options on every machine.
 * A window shorter than the real history opens with its founding stocks listed on its first session, so that every
 * stock's history is complete from its list date. Lives are planned to the calendar's end and only shown up to
 * today: moving today forward never changes the past.
 */
export const createSandboxMarket = (options: SandboxOptions = {}): SandboxMarket => {
  const { stocks = 300, years = 3, seed = 1 } = options
  const calendar = realCalendar()
  if (!(Number.isInteger(stocks) && stocks > 0 && years > 0)) {
    throw new Error(`the sandbox needs at least one stock and some years, not ${stocks} and ${years}`)
  }
  let today = lastSessionUpTo(calendar, options.today ?? DEFAULT_TODAY)
  const first = calendar.atOrAfter(windowStart(calendar.sessions[today] ?? '', years))
  const all = populate({ calendar, stocks, seed, first, today }).map((origin) => ({
    origin,
    life: planLife(origin, calendar, seed),
  }))
  const prices = createPrices(all, calendar, seed)
  const valued: ValuationSeries[] = []
  let view = listsAt(all, calendar, today)
  const core = {
    label: `sandbox market (invented data, seed ${seed})`,
    calendar: options.calendar === 'window' ? namedSince(calendar, calendar.sessions[first] ?? '') : calendar,
    firstSession: first,
    get lastSession() {
      return today
    },
    offers: { suspensions: true, codeChanges: true, nameChanges: true },
    get instruments() {
      return view.instruments
    },
    find: (code: string) => view.byCode.get(code),
    bars: (id: number) => prices(id).bars,
    factors: (id: number) => prices(id).factors,
    suspensions: (id: number) => all[id]?.life.suspensions ?? [],
    indices: createIndices({
      calendar,
      first,
      lastSession: () => today,
      instruments: () => view.instruments,
      bars: (id) => prices(id).bars,
    }),
    codeChanges: () => view.codeChanges,
    names: (id: number) => namesUpTo(all[id], calendar, today),
    valuations: (id: number) => (valued[id] ??= inventedValuations(id, prices(id).bars, calendar)),
    reports: createReports(seed, calendar.sessions.at(-1) ?? ''),
    setToday: (date: string) => {
      today = lastSessionUpTo(calendar, date)
      view = listsAt(all, calendar, today)
    },
    correct: (code: string, date: string, patch: BarPatch) => correctBar(core, code, date, patch),
  }
  const warm = (): number => all.reduce((rows, { origin }) => rows + prices(origin.id).bars.count, 0)
  return Object.assign(core, createTruth(core), { warm })
}
