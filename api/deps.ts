import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import type { SealKey } from '../db/sealed.ts'
import type { AccessSettings } from './access/settings.ts'
import type { Caller } from './access/caller.ts'
import type { RunSettings } from '../market/run-settings.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { Receiver } from './notifications/send.ts'
import type { SourceOverview } from './source/overview.ts'
import type { TemporalGateway } from './temporal/gateway.ts'

export interface ApiSettings extends RunSettings {
  /** One run in all, or one per job. */
  lock: 'global' | 'job'
  /** A start that was missed is made up for within this time: a day where it is left out. */
  catchupHours?: number
  /** How long a request waits for the end of a run, in place of 60 s: for tests. */
  patienceMs?: number
}

/** All that the API needs, made once by the process. */
export interface ApiDeps {
  db: Database
  temporal: TemporalGateway
  sources: () => Promise<SourceOverview>
  /** Tokens are stored under it; null without APP_SECRET. */
  sealKey: SealKey | null
  settings: ApiSettings
  /** Who is told what happens; null: nobody. */
  receiver: Receiver | null
  /** Who may call. */
  access: AccessSettings
  log: Logger
  now: () => Date
  /** Aborted when the process ends: open streams close. */
  closing: AbortSignal
  /** Texts that must never leave, e.g. tokens. */
  redact: (text: string) => string
  /** Where the Temporal Web UI shows the workflows; null or left out: nobody has said. */
  workflowsUrl?: string | null
  /** Where traces go; null or left out: nowhere. */
  tracing?: Tracing | null
}

/** What middleware hands on with a request. */
export interface ApiEnv {
  Variables: {
    requestId: string
    /** Who makes the request; absent on routes for anyone, and before it is known. */
    caller?: Caller
  }
}
