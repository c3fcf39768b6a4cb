import type { TradeDate } from './date.ts'

/** What runs take from the configuration where their parameters are silent. */
export interface RunSettings {
  /** First date of a history that names none. */
  historyStart: TradeDate
  /** Symbols in a batch at most. */
  batchSize: number
  /** First report period of a history of reports that names none. */
  financeStart: TradeDate
  /** Companies in a batch of reports at most. */
  financeBatchSize: number
  /** Sessions that a daily run catches up with at most: more of them are a history. */
  maxMissingDays: number
  /** Sessions before the newest one that a daily run reads again, since upstreams correct young values. */
  recheckSessions: number
}

export const RUN_DEFAULTS: RunSettings = {
  historyStart: '1990-12-19',
  batchSize: 500,
  financeStart: '2010-01-01',
  financeBatchSize: 100,
  maxMissingDays: 30,
  recheckSessions: 5,
}
