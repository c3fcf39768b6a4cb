import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import type { RunSettings } from '../market/run-settings.ts'
import type { SourceRegistry } from './source-registry.ts'

export interface ActivitySettings extends RunSettings {
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
