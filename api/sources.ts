import type { Sql } from '../db/client.ts'
import type { SealKey } from '../db/sealed.ts'
import { type LoadedSetting, loadSourceSettings, settingsVersion } from '../db/source-settings.ts'
import {
  describeSources,
  type SourceFacts,
  type SourceSettings,
  withStored,
} from '../market/source-settings.ts'
import type { SourceName } from '../market/sources.ts'

/** What is known of the sources as they are set now; none is called by the API itself. */
export interface SourceOverview {
  /** Those that are switched on and have what they need, by priority. */
  on: ReadonlyMap<SourceName, SourceFacts>
  /** All of them: the environment with the database over it. */
  settings: SourceSettings
  stored: Readonly<Partial<Record<SourceName, LoadedSetting>>>
}

/** Reads the settings anew when they have changed since. */
export function createSourceReader(options: {
  sql: Sql
  environment: SourceSettings
  key: SealKey | null
}): () => Promise<SourceOverview> {
  const { sql, environment, key } = options
  let known: { version: string; overview: SourceOverview } | null = null
  return async () => {
    const version = await settingsVersion(sql)
    if (known?.version === version) return known.overview
    const stored = await loadSourceSettings(sql, key)
    const { settings } = withStored(environment, stored)
    const overview = { on: describeSources(settings), settings, stored }
    known = { version, overview }
    return overview
  }
}
