import type { TradeDate } from './date.ts'
import type { SourceName } from './sources.ts'

/** What a run was asked for, as it is stored and shown. Absent: all, or the default. */
export interface RunParams {
  /** Canonical symbols. */
  symbols?: readonly string[]
  start_date?: TradeDate
  end_date?: TradeDate
  preferred_sources?: readonly SourceName[]
  /** Ask again for what is covered already, e.g. after doubts about an upstream. */
  refresh?: boolean
}
