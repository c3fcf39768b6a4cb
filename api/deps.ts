import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import type { CallLimits } from '../market/capability.ts'
import type { TradeDate } from '../market/date.ts'
import type { SourceName } from '../market/sources.ts'
import type { PlanSource } from '../db/plan-datasets.ts'
import type { TemporalGateway } from './temporal/gateway.ts'

/** A source as the API knows it: what it can do and what it grants. */
export interface ApiSource extends PlanSource {
  /** A hash of the account's token, the key of its budgets. */
  account: string
  limitsOf(api: string): CallLimits
}

export interface ApiSettings {
  /** One run in all, or one per job. */
  lock: 'global' | 'job'
  historyStart: TradeDate
  batchSize: number
}

/** All that the API needs, made once by the process. */
export interface ApiDeps {
  db: Database
  temporal: TemporalGateway
  /** Sources that are switched on and have what they need, the preferred one first. */
  sources: ReadonlyMap<SourceName, ApiSource>
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
