import type { Period } from './datasets.ts'
import type { TradeDate } from './date.ts'
import type { SourceName } from './sources.ts'

/**
 * How a run uses its sources. `failover`: the best one that is up; `parallel`: all of them over one list of batches, the
 * faster one takes more; `all`: each of them does everything, for comparison.
 */
export const SOURCE_MODES = ['failover', 'parallel', 'all'] as const
export type SourceMode = (typeof SOURCE_MODES)[number]

/**
 * Which cells a run asks for. `any`: those that no source has brought; `upgrade`: also those that only sources of lower
 * precedence have; `each`: those that the source at hand has not brought itself.
 */
export const WANTS = ['any', 'upgrade', 'each'] as const
export type Want = (typeof WANTS)[number]

/** What a run was asked for, as it is stored and shown. Absent: all, or the default. */
export interface RunParams {
  /** Canonical symbols. */
  symbols?: readonly string[]
  start_date?: TradeDate
  end_date?: TradeDate
  preferred_sources?: readonly SourceName[]
  source_mode?: SourceMode
  want?: Want
  /** Ask again for what is covered already, e.g. after doubts about an upstream. */
  refresh?: boolean
  /** Bars that are wanted: weeks and months are derived from days, so that days come in any case. */
  periods?: readonly Period[]
  /** Days to look back; what is covered is not asked again. */
  days_back?: number
  /** Sessions before the newest one that are read again, since upstreams correct young values. */
  recheck?: number
  /** A twentieth of the stocks, another one each month, is read again over its whole history. */
  recheck_share?: boolean
  /** Only cells that some source brought before: what was lost since comes again, and nothing that is new. */
  mend?: boolean
  /** Ids of failures: what was lacking when they came up, and nothing else. */
  failures?: readonly number[]
  /** Weekly and monthly bars are compared with those of the upstream. */
  check_vendor?: boolean
  /** Days of announcements, for reports. */
  announced_from?: TradeDate
  announced_to?: TradeDate
}
