import type { CapabilityTable } from '../../market/capability.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { RunSettings } from '../../market/run-settings.ts'
import type { SourceName } from '../../market/sources.ts'
import type { Sql } from '../client.ts'

/** What the dates of a run are found with. */
export interface ScopeContext {
  sql: Sql
  /** Sources that are switched on, best first. */
  sources: ReadonlyMap<SourceName, { capabilities: CapabilityTable }>
  settings: RunSettings
  now: () => Date
}

/** A run with its dates. */
export interface Resolved {
  params: RunParams
  /** What a person should know of it, for the run's log. */
  notes: readonly string[]
}
