import type { Sql } from '../../db/client.ts'
import { DatabaseError, isAway, withoutParameters } from '../../db/errors.ts'
import { activeKeys } from '../../db/queries/api-keys.ts'
import { isLoopback } from './hosts.ts'
import type { AccessSettings } from './settings.ts'

const EVERY_ADDRESS = new Set(['0.0.0.0', '::', '[::]'])

interface Configured {
  HOST: string
  API_KEYS: AccessSettings['keys']
  ALLOWED_HOSTS: readonly string[]
  CORS_ORIGINS: readonly string[]
  CHANGES_PER_MINUTE: number
}

/** What the environment says about who may call. */
export const accessSettings = (config: Configured): AccessSettings => ({
  keys: config.API_KEYS,
  openWithoutKeys: openedBy(config) === null,
  // A service that listens on one address is reached under it; on all of them, each has to be named.
  allowedHosts: [
    ...config.ALLOWED_HOSTS,
    ...(EVERY_ADDRESS.has(config.HOST) ? [] : [config.HOST.toLowerCase()]),
  ],
  corsOrigins: config.CORS_ORIGINS,
  changesPerMinute: config.CHANGES_PER_MINUTE,
})

/** The setting by which other machines reach the service, directly or through a proxy; null: none does. */
export function openedBy({ HOST, ALLOWED_HOSTS }: Pick<Configured, 'HOST' | 'ALLOWED_HOSTS'>): string | null {
  if (!isLoopback(HOST)) return `HOST=${HOST}`
  return ALLOWED_HOSTS.every(isLoopback) ? null : `ALLOWED_HOSTS=${ALLOWED_HOSTS.join(',')}`
}

/** What to do about a service that other machines would reach and that has no key. */
export const noKeyYet = (setting: string): string =>
  `${setting} would open the API to other machines, and there is no key yet: set API_KEYS=admin:admin:KEY with a KEY of 24 characters or more (openssl rand -hex 24), or start with HOST=127.0.0.1 and no ALLOWED_HOSTS, make one with \`npm run key -- create NAME --role admin\` and start again`

/**
 * Why the service must not listen on an address that other machines reach; null when a key is stored. A database that is
 * away decides nothing: keys are asked for on such an address in any case.
 */
export async function whyNotOpen(sql: Sql, setting: string): Promise<string | null> {
  try {
    const { keys } = await activeKeys(sql)
    if (keys.length > 0) return null
    return noKeyYet(setting)
  } catch (error) {
    const safe = withoutParameters(error)
    if (safe instanceof DatabaseError && isAway(safe.code)) return null
    return `${setting} would open the API to other machines, and its keys cannot be read: ${String(safe)}; is the database migrated (npm run db:migrate)?`
  }
}
