import type { Logger } from 'pino'
import type { Sql } from '../db/client.ts'
import { createLease } from '../db/lease.ts'
import type { SealKey } from '../db/sealed.ts'
import { loadSourceSettings, settingsVersion } from '../db/source-settings.ts'
import type { Secret } from '../market/secret.ts'
import { type SourceSettings, withStored } from '../market/source-settings.ts'
import type { SourceName } from '../market/sources.ts'
import type { Source } from '../sources/contract.ts'
import { createSources } from '../sources/index.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { tracedSource } from './traced-source.ts'

/** The sources that are switched on and have what they need, as they are set right now. */
export interface SourceRegistry {
  current(): Promise<SourceSet>
  close(): Promise<void>
}

/** Sources of one version of the settings. */
export interface SourceSet {
  sources: ReadonlyMap<SourceName, Source>
  settings: SourceSettings
  pinned: ReadonlySet<SourceName>
}

// An old source may still have calls in flight; the longest takes three minutes.
const CLOSE_AFTER_MS = 5 * 60_000

/** Sources made from the environment and what the database has over it; made anew when the latter changes. */
export function createRegistry(options: {
  sql: Sql
  environment: SourceSettings
  key: SealKey | null
  log: Logger
  now: () => Date
  tracing?: Tracing | null
  /** Hears of every token that is read, before anybody can use it. */
  onToken?: (token: Secret) => void
}): SourceRegistry {
  const { sql, environment, key, log, now, tracing = null, onToken } = options
  const lease = createLease(sql, 'baostock', { label: `worker ${process.pid}` })
  let known: { version: string; set: Promise<SourceSet> } | null = null
  const retired = new Set<NodeJS.Timeout>()

  const make = async (): Promise<SourceSet> => {
    const stored = await loadSourceSettings(sql, key)
    for (const [source, setting] of Object.entries(stored))
      if (setting.tokenProblem !== null) log.error({ source }, setting.tokenProblem)
    for (const { token } of Object.values(stored)) if (token) onToken?.(token)
    const { settings, pinned } = withStored(environment, stored)
    const sources = createSources(settings, { exclusive: lease, now })
    if (tracing) for (const [name, source] of sources) sources.set(name, tracedSource(source, tracing))
    return { settings, pinned, sources }
  }
  const retire = (old: Promise<SourceSet>): void => {
    const timer = setTimeout(() => {
      retired.delete(timer)
      void closeAll(old)
    }, CLOSE_AFTER_MS)
    timer.unref()
    retired.add(timer)
  }
  return {
    current: async () => {
      // Each time: who has just stored a token and starts a run must not see it fail for the old one.
      const version = await settingsVersion(sql)
      if (known?.version === version) return await known.set
      if (known) retire(known.set)
      const made = { version, set: make() }
      known = made
      made.set.catch(() => {
        if (known === made) known = null
      })
      return await made.set
    },
    close: async () => {
      for (const timer of retired) clearTimeout(timer)
      if (known) await closeAll(known.set)
    },
  }
}

async function closeAll(set: Promise<SourceSet>): Promise<void> {
  const made = await set.catch(() => null)
  await Promise.all([...(made?.sources.values() ?? [])].map((source) => source.close()))
}
