import type { CallLimits, CapabilityTable, SourceCall } from '../market/capability.ts'
import type { Dataset } from '../market/datasets.ts'
import type { TradeDate } from '../market/date.ts'
import type { SourceName } from '../market/sources.ts'
import type { Board, Exchange } from '../market/symbol.ts'

export type { CallLimits } from '../market/capability.ts'

/*
 * The one interface of an upstream. No source knows the database: it gets a call, asks for a slot before each request
 * that it sends, and gives rows in canonical units (shares, yuan, percent, `YYYY-MM-DD`, `000001.SZ`).
 *
 * Decimals are text where a conversion took place and numbers where the upstream's own digits are kept.
 */

export interface CalendarRow {
  exchange: Exchange
  trade_date: TradeDate
  is_open: boolean
  previous_trade_date: TradeDate | null
}

export interface StockRow {
  symbol: string
  name: string | null
  area: string | null
  industry: string | null
  fullname: string | null
  enname: string | null
  cnspell: string | null
  market: string | null
  board: Board
  exchange: Exchange
  curr_type: string | null
  list_status: 'L' | 'D' | 'P'
  list_date: TradeDate | null
  delist_date: TradeDate | null
  is_hs: string | null
}

/** One code that took the place of another: the same instrument before and after. */
export interface CodeChangeRow {
  old_symbol: string
  new_symbol: string
  name: string | null
  list_date: TradeDate | null
}

export interface BarRow {
  symbol: string
  trade_date: TradeDate
  /** Yuan, unadjusted, as served. */
  open: number
  high: number
  low: number
  close: number
  /** The ex-right reference price; missing on some first days. */
  pre_close: number | null
  change: number | null
  /** Percent, against the ex-right reference. */
  pct_chg: number | null
  /** Shares, whole. */
  volume: string
  /** Yuan. */
  amount: string
  /** Under special treatment that day; null or absent where the source does not say. */
  is_st?: boolean | null
}

export interface FactorRow {
  symbol: string
  trade_date: TradeDate
  factor: number
}

export interface SuspensionRow {
  symbol: string
  trade_date: TradeDate
  /** S suspended that day, R resumed. */
  suspend_type: 'S' | 'R'
  /** Null: the whole day; else the part of it, and such a day has a bar. */
  suspend_timing: string | null
}

/** A name that a stock had from a day on. */
export interface NameRow {
  symbol: string
  name: string
  start_date: TradeDate
  /** The last day of it; null: it still has it, or nobody says. */
  end_date: TradeDate | null
  ann_date: TradeDate | null
  reason: string | null
}

/** When a company publishes the report of a period. */
export interface DisclosureRow {
  symbol: string
  /** The last day of the quarter. */
  period_end: TradeDate
  ann_date: TradeDate | null
  /** As planned. */
  pre_date: TradeDate | null
  /** As it happened; null until then. */
  actual_date: TradeDate | null
}

/** Numbers as the upstream has them, exact decimal text where they were converted; null: not served, which is not zero. */
export type Figure = string | number | null

/** The valuation of a stock on a session. Fields that a source does not have are left out. */
export interface DailyBasicRow {
  symbol: string
  trade_date: TradeDate
  /** Yuan. */
  close?: Figure
  /** Percent of the floating shares; of the free ones. */
  turnover_rate?: Figure
  turnover_rate_f?: Figure
  volume_ratio?: Figure
  /** Null for companies without a profit where the source says nothing then; negative where it says so. */
  pe?: Figure
  pe_ttm?: Figure
  /** Of the profit of this year so far, as if the year went on like that: another figure than the trailing one. */
  pe_dynamic?: Figure
  pb?: Figure
  ps?: Figure
  ps_ttm?: Figure
  /** Price / net cash flow per share, trailing. */
  pcf_ncf_ttm?: Figure
  /** Percent. */
  dv_ratio?: Figure
  dv_ttm?: Figure
  /** Shares. */
  total_share?: Figure
  float_share?: Figure
  free_share?: Figure
  /** Yuan. */
  total_mv?: Figure
  circ_mv?: Figure
}

/** A bar of an index: prices are points. Volume and amount are missing in old years. */
export interface IndexBarRow {
  symbol: string
  trade_date: TradeDate
  open: Figure
  high: Figure
  low: Figure
  close: number
  pre_close: Figure
  change: Figure
  /** Percent. */
  pct_chg: Figure
  /** Shares; yuan. */
  volume: Figure
  amount: Figure
}

/** That a stock is in an index on a day. */
export interface IndexMemberRow {
  index_symbol: string
  symbol: string
  trade_date: TradeDate
  /** Percent; null where the source does not say. */
  weight: Figure
}

/**
 * One version of one statement as it was published. Corrected ones come as further rows; a later one never replaces an
 * earlier one.
 */
export interface ReportRow {
  symbol: string
  /** The last day of the quarter. */
  period_end: TradeDate
  /** Tushare's numbers; 1: consolidated. */
  report_type: string
  /** 1 industry and trade, 2 banks, 3 insurers, 4 securities; null where the source does not say. */
  comp_type: string | null
  /** Of the period's first version; of this one. */
  ann_date: TradeDate | null
  f_ann_date: TradeDate | null
  /** 1 corrected, 0 as first published. */
  update_flag: string | null
  /** Field → figure, in Tushare's names where it has one; yuan, percent. Fields without a figure are left out. */
  items: Readonly<Record<string, string | number>>
}

export interface RowsOf {
  trade_calendar: CalendarRow
  stock_list: StockRow
  name_change: NameRow
  disclosure: DisclosureRow
  suspension: SuspensionRow
  bars: BarRow
  adj_factor: FactorRow
  daily_basic: DailyBasicRow
  index_bars: IndexBarRow
  index_member: IndexMemberRow
  income: ReportRow
  balance_sheet: ReportRow
  cash_flow: ReportRow
  fin_indicator: ReportRow
}

/** A row that cannot be true, kept with its reason. `raw` is the upstream's own text of it. */
export interface RejectedRow {
  symbol: string | null
  trade_date: TradeDate | null
  reason: string
  raw: string
}

/** One upstream answer with all its pages. */
export interface Answer<D extends Dataset = Dataset> {
  rows: RowsOf[D][]
  /** Only with the stock list: codes that were renumbered. */
  codeChanges: CodeChangeRow[]
  rejected: RejectedRow[]
  /** Requests that were sent for it: pages count. */
  requests: number
  /** What a person should know of it, e.g. a part that the account may not read; for the run's log. */
  notes?: readonly string[]
  /** Rows of other datasets that came with it, e.g. suspensions and valuations that BaoStock has on its bars. */
  alongside?: { suspension?: SuspensionRow[]; daily_basic?: DailyBasicRow[] }
}

export interface FetchContext {
  signal: AbortSignal
  /**
   * Resolves when the budget grants one request; called before every request, pages included.
   *
   * @param cost requests that the upstream makes for this one, where it is a bridge to another site
   */
  reserve(budget: string, cost?: number): Promise<void>
}

/** A closed week or month of some symbols, or of the whole market. */
export interface PeriodCall {
  period: 'weekly' | 'monthly'
  symbols: readonly string[] | null
  /** First and last calendar day, and the market's last session. */
  from: TradeDate
  to: TradeDate
  last: TradeDate
}

/** The right to be the only one, over all workers, who talks to an upstream. */
export interface Exclusive {
  /** Waits for the right. */
  acquire(signal: AbortSignal): Promise<ExclusiveHold>
}

export interface ExclusiveHold {
  /** Aborted when the right was lost: whoever held it must stop at once. */
  readonly lost: AbortSignal
  /** True while somebody else waits for it. */
  readonly wanted: boolean
  release(): Promise<void>
}

/** An answer that no paging can bring whole: the call has to be split. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge'
}

export interface Source {
  readonly name: SourceName
  /** A hash of the account, so that budgets of two accounts stay apart and no token is stored. */
  readonly account: string
  readonly capabilities: CapabilityTable
  /** False where a second request at once makes it worse: a call that failed is left to the next rest. */
  readonly retriesInPlace: boolean
  limitsOf(budget: string): CallLimits
  /** The budget and the site of an interface; see `Capability`. */
  budgetOf(api: string): string
  siteOf(api: string): string
  /** The requests that make up a list without dates, e.g. one per list status. */
  partsOf(dataset: Dataset): readonly string[]
  fetch(call: SourceCall, context: FetchContext): Promise<Answer>
  /**
   * Weekly or monthly bars as the upstream makes them, in canonical units and under its own dates: ours are made of days,
   * and are compared with these. Only where it has such bars; `wholeMarket` says whether one call brings them all.
   */
  readonly periods?: { api: string; wholeMarket: boolean }
  fetchPeriods?(call: PeriodCall, context: FetchContext): Promise<BarRow[]>
  /** One cheap live request to a site; throws a SourceError that says why it is not usable. */
  probe(context: FetchContext, site: string): Promise<{ latencyMs: number }>
  /** For by-date calls of unknown depth: the first date that they have, as far as a few sample calls can tell; null for none. */
  sampleDepth?(dataset: Dataset, newest: TradeDate, context: FetchContext): Promise<TradeDate | null>
  close(): Promise<void>
}
