import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import type { SourceName } from '../market/sources.ts'
import type { Source } from '../sources/contract.ts'

export interface ActivitySettings {
  /** First date of a history that names none. */
  historyStart: string
  /** Symbols in a batch at most. */
  batchSize: number
  maxFailureRetries: number
  /** Waits before a call that hiccuped is sent again, in ms. */
  retryDelays: readonly number[]
  sourcePriority: Readonly<Partial<Record<SourceName, number>>>
}

/** All that activities need, made once by the worker. */
export interface ActivityDeps {
  db: Database
  sources: ReadonlyMap<SourceName, Source>
  settings: ActivitySettings
  log: Logger
  now: () => Date
}
