import type { Sql } from '../../db/client.ts'
import type { SealKey } from '../../db/sealed.ts'
import { type LoadedSetting, loadSourceSettings, settingsVersion } from '../../db/source-settings.ts'
import type { Secret } from '../../market/secret.ts'
import {
  describeSources,
  type SourceFacts,
  type SourceSettings,
  withStored,
} from '../../market/source-settings.ts'
import type { SourceName } from '../../market/sources.ts'

/** What is known of the sources as they are set now; none is called by the API itself. */
export interface SourceOverview {
  /** Those that are switched on and have what they need, by priority. */
  on: ReadonlyMap<SourceName, SourceFacts>
  /** As the environment alone says. */
  environment: SourceSettings
  /** All of them: the environment with the database over it. */
  settings: SourceSettings
  stored: Readonly<Partial<Record<SourceName, LoadedSetting>>>
}

/** Reads the settings anew when they have changed since. */
export function createSourceReader(options: {
  sql: Sql
  environment: SourceSettings
  key: SealKey | null
  /** Hears of every token that is read, before anybody can use it. */
  onToken: (token: Secret) => void
  now?: () => Date
}): () => Promise<SourceOverview> {
  const { sql, environment, key, onToken, now = () => new Date() } = options
  let known: { version: string; overview: SourceOverview } | null = null
  return async () => {
    const version = await settingsVersion(sql)
    if (known?.version === version) return known.overview
    const stored = await loadSourceSettings(sql, key)
    for (const { token } of Object.values(stored)) if (token) onToken(token)
    const { settings } = withStored(environment, stored)
    const overview = { on: describeSources(settings, now), environment, settings, stored }
    known = { version, overview }
    return overview
  }
}
