import { Secret } from '../market/secret.ts'
import type { StoredSetting } from '../market/source-settings.ts'
import { isSourceName, type SourceName } from '../market/sources.ts'
import type { Sql } from './client.ts'
import { withoutParameters } from './errors.ts'
import { seal, type SealKey, unseal, UnsealError } from './sealed.ts'

/** What a person set for a source, as it is stored. */
export interface LoadedSetting extends StoredSetting {
  /** Why a token that is stored cannot be used, with what to do; the environment's stands in for it. Null: no problem. */
  tokenProblem: string | null
  /** When a person changed it last, epoch milliseconds. */
  updatedAt: number
}

/** What is to change; what is absent stays, and null gives it back to the environment. */
export interface SettingPatch {
  enabled?: boolean | null
  priority?: number | null
  pinned?: boolean
  /** Stored encrypted; null removes it. */
  token?: string | null
  callsPerMinute?: number | null
  minIntervalMs?: number | null
}

/** A token may not be stored in clear text. */
export class AppSecretMissing extends Error {
  override readonly name = 'AppSecretMissing'

  constructor() {
    super(
      'tokens are stored encrypted only: set APP_SECRET to 16 random characters or more, restart, and store the token again',
    )
  }
}

interface SettingRow extends Omit<StoredSetting, 'token'> {
  source: string
  sealedToken: string | null
  updatedAt: number
}

/** The settings of every source that a person has touched. */
export async function loadSourceSettings(
  sql: Sql,
  key: SealKey | null,
): Promise<Partial<Record<SourceName, LoadedSetting>>> {
  const rows = await sql<SettingRow[]>`
    select source, enabled, priority, pinned, sealed_token as "sealedToken", calls_per_minute as "callsPerMinute",
      min_interval_ms as "minIntervalMs", (extract(epoch from updated_at) * 1000)::float8 as "updatedAt"
    from source_setting`
  const settings: Partial<Record<SourceName, LoadedSetting>> = {}
  for (const { source, sealedToken, ...row } of rows)
    if (isSourceName(source)) settings[source] = { ...row, ...openToken(source, sealedToken, key) }
  return settings
}

function openToken(
  source: SourceName,
  sealed: string | null,
  key: SealKey | null,
): Pick<LoadedSetting, 'token' | 'tokenProblem'> {
  if (sealed === null) return { token: null, tokenProblem: null }
  if (key === null)
    return {
      token: null,
      tokenProblem: 'a token is stored, but APP_SECRET is not set: set the one that it was stored with',
    }
  try {
    return { token: new Secret(unseal(key, sealed, source)), tokenProblem: null }
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error
    return { token: null, tokenProblem: error.message }
  }
}

/**
 * Changes what is set for a source.
 *
 * @throws AppSecretMissing when a token comes and there is no key to store it under
 */
export async function saveSourceSetting(
  sql: Sql,
  source: SourceName,
  patch: SettingPatch,
  key: SealKey | null,
): Promise<void> {
  const { token } = patch
  if (typeof token === 'string' && key === null) throw new AppSecretMissing()
  const sealed = typeof token === 'string' && key !== null ? seal(key, token, source) : null
  const set = (name: keyof SettingPatch, column: string) =>
    sql`${sql(column)} = case when ${patch[name] !== undefined} then excluded.${sql(column)} else s.${sql(column)} end`
  await sql`
    insert into source_setting as s (source, enabled, priority, pinned, sealed_token, calls_per_minute, min_interval_ms, updated_at)
    values (${source}, ${patch.enabled ?? null}, ${patch.priority ?? null}, ${patch.pinned ?? false}, ${sealed},
      ${patch.callsPerMinute ?? null}, ${patch.minIntervalMs ?? null}, clock_timestamp())
    on conflict (source) do update set ${set('enabled', 'enabled')}, ${set('priority', 'priority')}, ${set('pinned', 'pinned')},
      ${set('token', 'sealed_token')}, ${set('callsPerMinute', 'calls_per_minute')}, ${set('minIntervalMs', 'min_interval_ms')},
      updated_at = greatest(clock_timestamp(), s.updated_at + interval '1 microsecond')`.catch(
    (error: unknown) => {
      throw withoutParameters(error)
    },
  )
}

/**
 * Another text whenever any setting has changed. Of every row and not only the newest time: two changes may commit in
 * another order than their times.
 */
export async function settingsVersion(sql: Sql): Promise<string> {
  const [row] = await sql<{ version: string }[]>`
    select coalesce(string_agg(source || ' ' || updated_at, ', ' order by source), '') as version from source_setting`
  return row?.version ?? ''
}
