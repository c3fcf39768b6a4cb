import type { Instrument } from '../market.ts'
import type { Disclosure, ReportBook, ReportVersion, Statement } from '../reports.ts'
import { STATEMENTS } from '../reports.ts'
import { type Business, businessOf, figuresOf } from './report-figures.ts'
import { hashSeed, Rng } from './rng.ts'

/*
 * Reports of invented companies, planned to the calendar's end as everything else is. Some are late, some are corrected
 * months later, many come as twins on one day, and once in a long while indicators are dated before their period was over.
 */

// A prospectus holds the reports of three years.
const REPORTED_BEFORE_DAYS = 1_110
const DAY_MS = 86_400_000

const instant = (date: string): number =>
  Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6)))
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')
const later = (date: string, days: number): string => dateOf(instant(date) + days * DAY_MS)

const QUARTERS = ['0331', '0630', '0930', '1231'] as const

/** Days from the end of the period to its deadline. */
const DEADLINE_DAYS: Readonly<Record<string, number>> = { '0331': 30, '0630': 62, '0930': 31, '1231': 120 }

function periodsBetween(from: string, to: string): string[] {
  const periods: string[] = []
  for (let year = Number(from.slice(0, 4)); year <= Number(to.slice(0, 4)); year++)
    for (const quarter of QUARTERS) {
      const period = `${year}${quarter}`
      if (period >= from && period < to) periods.push(period)
    }
  return periods
}

interface Planned {
  readonly versions: Record<Statement, ReportVersion[]>
  readonly disclosure: Disclosure | null
}

// One in so many companies is a bank.
const BANKS = 12
// This one is a bank outside too, and answers about it were recorded.
const BANK = '600000.SH'

// One such row is known of all indicators, and none of 5,700 recorded statements.
const MISDATED = 0.001

/** The book of a sandbox; a company's reports are written at the first question about it. */
export function createReports(seed: number, end: string): ReportBook {
  const known = new Map<number, readonly Planned[]>()
  const reportsOf = (instrument: Instrument): readonly Planned[] => {
    let planned = known.get(instrument.id)
    if (!planned) known.set(instrument.id, (planned = planCompany(instrument, seed, end)))
    return planned
  }
  return {
    versions: (instrument, statement) => reportsOf(instrument).flatMap(({ versions }) => versions[statement]),
    disclosures: (instrument) => reportsOf(instrument).flatMap(({ disclosure }) => disclosure ?? []),
  }
}

function planCompany({ id, code, listDate, delistDate }: Instrument, seed: number, end: string): Planned[] {
  if (listDate === null) return []
  const rng = new Rng(hashSeed(seed, id, 41))
  const business = businessOf(rng, code === BANK || id % BANKS === 5)
  const periods = periodsBetween(later(listDate, -REPORTED_BEFORE_DAYS), delistDate ?? end)
  return periods.map((period, at) => planPeriod(business, period, at, new Rng(hashSeed(seed, id, 42, at))))
}

function planPeriod(business: Business, period: string, at: number, rng: Rng): Planned {
  const quarter = period.slice(4)
  const deadline = DEADLINE_DAYS[quarter] ?? 30
  const isLate = rng.chance(0.02)
  const isCorrected = rng.chance(0.1)
  const isTwin = rng.chance(0.2)
  const isDoubled = rng.chance(0.02)
  const isMisdated = rng.chance(MISDATED)
  const planned = later(period, rng.between(Math.floor(deadline / 3), deadline - 1))
  const announced = isLate ? later(period, deadline + rng.between(5, 40)) : planned
  const corrected = later(announced, rng.between(60, 200))
  const report = { quarters: QUARTERS.indexOf(quarter as '0331') + 1, years: Math.floor(at / 4) }
  const first = figuresOf(business, { ...report, scale: 1 })
  const second = figuresOf(business, { ...report, scale: 1.013 })
  const versions = Object.fromEntries(
    STATEMENTS.map((statement) => {
      const version = (differs: Partial<ReportVersion>): ReportVersion => ({
        period,
        reportType: '1',
        compType: business.isBank ? '2' : '1',
        endType: String(report.quarters),
        announced,
        published: announced,
        flag: '0',
        figures: first[statement],
        ...differs,
      })
      const original = version({})
      return [
        statement,
        [
          original,
          ...(isDoubled ? [original] : []),
          // The twin lacks what was added to the other by hand.
          ...(isTwin ? [version({ flag: '1', figures: withoutLast(first[statement]) })] : []),
          ...(isCorrected ? [version({ flag: '1', published: corrected, figures: second[statement] })] : []),
          ...(isMisdated && statement === 'fin_indicator'
            ? [version({ announced: later(period, -9), published: later(period, -9) })]
            : []),
        ],
      ]
    }),
  ) as unknown as Planned['versions']
  return { versions, disclosure: { period, announced: later(period, -5), planned, actual: announced } }
}

const withoutLast = (figures: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(figures).slice(0, -1))
