/**
 * Every kind of data, once. The order is the lock order of the tables (rule 3): a transaction that writes several
 * datasets writes them in this order.
 *
 * `cell`: what one unit of completeness is. `static`: a whole list, refreshed as one; `session`: instrument x session;
 * `event`: rows only where something happened, so that absence is an answer; `report`: instrument x report period, where
 * periods are the ends of quarters and a company that did not report is no hole.
 */
export const DATASETS = {
  trade_calendar: { table: 'trade_calendar', cell: 'static', title: 'Trading calendar', freshForDays: 7 },
  stock_list: { table: 'stock_basic_info', cell: 'static', title: 'Stock list', byExchange: true },
  name_change: { table: 'name_change', cell: 'static', title: 'Former names', optional: true },
  disclosure: { table: 'disclosure', cell: 'static', title: 'Disclosure dates', optional: true },
  suspension: { table: 'suspension', cell: 'event', title: 'Suspensions', optional: true },
  bars: { table: 'bars', cell: 'session', title: 'Bars' },
  adj_factor: { table: 'adj_factor', cell: 'session', title: 'Adjustment factors', oneSource: true },
  daily_basic: { table: 'daily_basic', cell: 'session', title: 'Daily valuation', optional: true },
  index_bars: { table: 'index_bars', cell: 'session', title: 'Index bars', of: 'index', optional: true },
  index_member: { table: 'index_member', cell: 'event', title: 'Index members', optional: true },
  income: { table: 'financial_report', cell: 'report', title: 'Income statements', group: 'financials' },
  balance_sheet: { table: 'financial_report', cell: 'report', title: 'Balance sheets', group: 'financials' },
  cash_flow: {
    table: 'financial_report',
    cell: 'report',
    title: 'Cash flow statements',
    group: 'financials',
  },
  fin_indicator: { table: 'financial_report', cell: 'report', title: 'Financial indicators' },
} as const satisfies Record<string, DatasetSpec>

interface DatasetSpec {
  table: string
  cell: 'static' | 'event' | 'session' | 'report'
  title: string
  /** What its instruments are; stocks where it is left out. */
  of?: 'index'
  /** Runs go on without it: what it would explain is then unverified. */
  optional?: true
  /** Each source has the part of its exchanges: several together make it whole. */
  byExchange?: true
  /** A list that is not asked for again so soon, unless a run is about lists. */
  freshForDays?: number
  /** Every source has a scale of its own: an instrument needs one source for all of its dates. */
  oneSource?: true
  /** Datasets with one name in common for people: upstreams serve and limit them one by one. */
  group?: 'financials'
}

export type Dataset = keyof typeof DATASETS
export const DATASET_NAMES = Object.keys(DATASETS) as Dataset[]
export const isDataset = (value: string): value is Dataset => Object.hasOwn(DATASETS, value)

/** What the instruments of a dataset are. */
export type InstrumentKind = 'stock' | 'index'
export const kindOf = (dataset: Dataset): InstrumentKind => (DATASETS[dataset] as DatasetSpec).of ?? 'stock'

/** Datasets whose cells are instrument x report period. */
export type ReportDataset = 'income' | 'balance_sheet' | 'cash_flow' | 'fin_indicator'
export const isReportDataset = (dataset: Dataset): dataset is ReportDataset =>
  DATASETS[dataset].cell === 'report'

export const PERIODS = ['daily', 'weekly', 'monthly'] as const
export type Period = (typeof PERIODS)[number]
