import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import type { SourceRegistry } from './source-registry.ts'

export interface ActivitySettings {
  /** First date of a history that names none. */
  historyStart: string
  /** Symbols in a batch at most. */
  batchSize: number
  maxFailureRetries: number
  /** Waits before a call that hiccuped is sent again, in ms. */
  retryDelays: readonly number[]
  /** How long a source rests after a failure, in place of the table of db/rests.ts: for tests. */
  restSeconds?: number
}

/** All that activities need, made once by the worker. */
export interface ActivityDeps {
  db: Database
  sources: SourceRegistry
  settings: ActivitySettings
  log: Logger
  now: () => Date
}
