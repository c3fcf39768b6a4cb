/**
 * Every kind of data, once. The order is the lock order of the tables (rule 3): a transaction that writes several
 * datasets writes them in this order.
 *
 * `cell`: what one unit of completeness is. `static`: a whole list, refreshed as one; `session`: instrument x session;
 * `event`: rows only where something happened, so that absence is an answer.
 */
export const DATASETS = {
  trade_calendar: { table: 'trade_calendar', cell: 'static', title: 'Trading calendar' },
  stock_list: { table: 'stock_basic_info', cell: 'static', title: 'Stock list', byExchange: true },
  suspension: { table: 'suspension', cell: 'event', title: 'Suspensions', optional: true },
  bars: { table: 'bars', cell: 'session', title: 'Bars' },
  adj_factor: { table: 'adj_factor', cell: 'session', title: 'Adjustment factors', oneSource: true },
} as const satisfies Record<string, DatasetSpec>

interface DatasetSpec {
  table: string
  cell: 'static' | 'event' | 'session'
  title: string
  /** Runs go on without it: what it would explain is then unverified. */
  optional?: true
  /** Each source has the part of its exchanges: several together make it whole. */
  byExchange?: true
  /** Every source has a scale of its own: an instrument needs one source for all of its dates. */
  oneSource?: true
}

export type Dataset = keyof typeof DATASETS
export const DATASET_NAMES = Object.keys(DATASETS) as Dataset[]
export const isDataset = (value: string): value is Dataset => Object.hasOwn(DATASETS, value)

export const PERIODS = ['daily', 'weekly', 'monthly'] as const
