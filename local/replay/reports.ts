import { isoDate } from './decimal.ts'
import type { Instrument, ReplayMarket } from './market.ts'

/** The statements that a market may have, by the names of the datasets. */
export const STATEMENTS = ['income', 'balance_sheet', 'cash_flow', 'fin_indicator'] as const
export type Statement = (typeof STATEMENTS)[number]

/** One version of one report as Tushare has it; dates `YYYYMMDD`. */
export interface ReportVersion {
  /** The last day of the quarter. */
  readonly period: string
  readonly reportType: string
  readonly compType: string
  readonly endType: string
  /** Of the first version; of this one. */
  readonly announced: string
  readonly published: string
  readonly flag: string | null
  /** Tushare's names; yuan, percent. What is missing is null on the wire. */
  readonly figures: Readonly<Record<string, number>>
}

/** When the report of a period is due and came. */
export interface Disclosure {
  readonly period: string
  readonly announced: string
  readonly planned: string
  /** Null until it came. */
  readonly actual: string | null
}

/** All reports of a market, also those that its today does not know yet. */
export interface ReportBook {
  /** Nothing of it is in the future. */
  readonly isWhole?: boolean
  /** Oldest period first; versions of one period by their publication. */
  readonly versions: (instrument: Instrument, statement: Statement) => readonly ReportVersion[]
  readonly disclosures: (instrument: Instrument) => readonly Disclosure[]
}

/** The market's today as a calendar day. */
export const todayOf = ({ calendar, lastSession }: Pick<ReplayMarket, 'calendar' | 'lastSession'>): string =>
  calendar.sessions[lastSession] ?? ''

/** What was published by the market's today. A recording has no today: all of it. */
export function publishedReports(
  market: ReplayMarket,
  instrument: Instrument,
  statement: Statement,
): readonly ReportVersion[] {
  const today = market.reports?.isWhole ? '99999999' : todayOf(market)
  const versions = market.reports?.versions(instrument, statement) ?? []
  return versions.filter(({ published }) => published <= today)
}

/** The version that came last; one dated before its period ended is not among the site's. */
export function newestVersion(
  market: ReplayMarket,
  instrument: Instrument,
  statement: Statement,
  period: string,
): ReportVersion | undefined {
  return publishedReports(market, instrument, statement)
    .filter((version) => version.period === period && version.announced > period)
    .sort((a, b) => (a.published < b.published ? -1 : a.published > b.published ? 1 : 0))
    .at(-1)
}

/** A report in canonical form: what a complete and correct copy holds of it. */
export interface TruthReport {
  readonly symbol: string
  readonly period_end: string
  readonly report_type: string
  readonly comp_type: string | null
  readonly ann_date: string
  readonly f_ann_date: string | null
  readonly update_flag: string | null
  readonly items: Readonly<Record<string, string | number>>
}

/** The versions that are known today, each once and without those that cannot be true; by code, period and publication. */
export function* truthReports(market: ReplayMarket, statement: Statement): Generator<TruthReport> {
  const isIndicator = statement === 'fin_indicator'
  for (const instrument of market.instruments) {
    const seen = new Set<string>()
    for (const version of publishedReports(market, instrument, statement)) {
      const key = JSON.stringify(version)
      if (version.announced <= version.period || seen.has(key)) continue
      seen.add(key)
      yield {
        symbol: instrument.code,
        period_end: isoDate(version.period),
        report_type: version.reportType,
        comp_type: isIndicator ? null : version.compType,
        ann_date: isoDate(isIndicator ? version.published : version.announced),
        f_ann_date: isIndicator ? null : isoDate(version.published),
        update_flag: version.flag,
        items:
          isIndicator || version.endType === ''
            ? version.figures
            : { end_type: version.endType, ...version.figures },
      }
    }
  }
}
