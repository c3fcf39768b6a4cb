import type { Calendar } from './calendar.ts'
import type { ReportBook } from './reports.ts'
import type { IndexMarket } from './indices.ts'
import type { BarSeries, BarValues, FactorRuns } from './series.ts'
import type { Truth } from './truth.ts'
import type { ValuationSeries } from './valuation.ts'

export type ListStatus = 'L' | 'D' | 'P'

/** One instrument as its list shows it today; `id` is its stable number in this market, the code may change. */
export interface Instrument {
  readonly id: number
  /** `600000.SH` */
  readonly code: string
  readonly name: string
  /** Null: in no list at all, although rows of it exist (Beijing's old codes in a recording). */
  readonly status: ListStatus | null
  /** `YYYYMMDD`, null where nobody recorded it. */
  readonly listDate: string | null
  readonly delistDate: string | null
  /** 主板 创业板 科创板 CDR 北交所 */
  readonly market: string | null
  readonly exchange: 'SSE' | 'SZSE' | 'BSE'
  readonly area: string | null
  readonly industry: string | null
  readonly fullname: string | null
  readonly enname: string | null
  readonly cnspell: string | null
  readonly currency: string | null
  /** N, H (through Shanghai) or S (through Shenzhen) */
  readonly isHs: string | null
  readonly actName: string | null
  readonly actEntType: string | null
}

/** Sessions `from..to` (indices) without trading, or with a halt when `timing` says which part of the day. */
export interface Suspension {
  readonly from: number
  readonly to: number
  /** `09:30-10:00`: only that part was halted and the bar exists. Null: the whole session. */
  readonly timing: string | null
  /** Trading goes on at `to + 1`; false when the listing ended or the market's own end came first. */
  readonly resumes: boolean
}

/** A Beijing code that was renumbered. */
export interface CodeChange {
  readonly name: string
  readonly oldCode: string
  readonly newCode: string
  /** `YYYYMMDD` */
  readonly listDate: string
}

/** A spell under one name; `to` is null while it is the current one. Dates `YYYYMMDD`. */
export interface NameSpell {
  readonly code: string
  readonly name: string
  readonly from: string
  readonly to: string | null
  readonly announced: string | null
  readonly reason: string
}

/** What a market can answer at all; a recording without, say, suspensions says so here instead of answering "none". */
export interface Offers {
  readonly suspensions: boolean
  readonly codeChanges: boolean
  readonly nameChanges: boolean
}

/** New values of one bar; what is left out stays. */
export type BarPatch = Readonly<Partial<BarValues>>

/**
 * A market in neutral form: no wire format, no paging, no rate limits. The upstream servers of the replay
 * (Tushare, later AKTools and BaoStock) translate from here, so that all of them tell the same story.
 */
export interface ReplayMarket extends Truth {
  /** Shown wherever data of this market is shown, so that nobody takes it for the real one. */
  readonly label: string
  readonly calendar: Calendar
  /** Index of the first and of the newest published session. */
  readonly firstSession: number
  readonly lastSession: number
  readonly offers: Offers
  /** Everything listed up to today, sorted by code; a new array object whenever today has moved. */
  readonly instruments: readonly Instrument[]
  readonly find: (code: string) => Instrument | undefined
  /** Bars, factors and suspensions may reach past `lastSession`: the caller cuts there. */
  readonly bars: (id: number) => BarSeries
  readonly factors: (id: number) => FactorRuns
  /** Ascending, without overlaps. */
  readonly suspensions: (id: number) => readonly Suspension[]
  readonly indices: IndexMarket
  readonly codeChanges: () => readonly CodeChange[]
  readonly names: (id: number) => readonly NameSpell[]
  /** None on a session without a bar. */
  readonly valuations: (id: number) => ValuationSeries
  /** Absent: no reports of companies. */
  readonly reports?: ReportBook
  /** Moves today; refused by a recording. */
  readonly setToday: (date: string) => void
  /** Corrects a bar that was already published, as upstreams do. */
  readonly correct: (code: string, date: string, patch: BarPatch) => void
}
