import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import type { RunSettings } from '../market/run-settings.ts'
import type { SourceRegistry } from './source-registry.ts'

export interface ActivitySettings extends RunSettings {
  /** One run in all, which it is where this is left out, or one of each job. */
  lock?: 'global' | 'job'
  maxFailureRetries: number
  /** Waits before a call that hiccuped is sent again, in ms. */
  retryDelays: readonly number[]
  /** Time between two looks at a lock that another run holds, in place of a second: for tests. */
  lockPollMs?: number
  /** How long a source rests after a failure, in place of the table of db/rests.ts: for tests. */
  restSeconds?: number
}

/** All that activities need, made once by the worker. */
export interface ActivityDeps {
  db: Database
  sources: SourceRegistry
  settings: ActivitySettings
  log: Logger
  /** Takes secrets out of what is logged; left out, there are none: for tests. */
  redact?: (text: string) => string
  now: () => Date
  /** Aborted when the worker is to end: what only waits need not be waited for. */
  stopping?: AbortSignal
}
