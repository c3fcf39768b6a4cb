import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import type { SealKey } from '../db/sealed.ts'
import type { RunSettings } from '../market/run-settings.ts'
import type { SourceOverview } from './sources.ts'
import type { TemporalGateway } from './temporal/gateway.ts'

export interface ApiSettings extends RunSettings {
  /** One run in all, or one per job. */
  lock: 'global' | 'job'
}

/** All that the API needs, made once by the process. */
export interface ApiDeps {
  db: Database
  temporal: TemporalGateway
  sources: () => Promise<SourceOverview>
  /** Tokens are stored under it; null without APP_SECRET. */
  sealKey: SealKey | null
  settings: ApiSettings
  log: Logger
  now: () => Date
  /** Aborted when the process ends: open streams close. */
  closing: AbortSignal
  /** Texts that must never leave, e.g. tokens. */
  redact: (text: string) => string
}

/** What middleware hands on with a request. */
export interface ApiEnv {
  Variables: { requestId: string }
}
