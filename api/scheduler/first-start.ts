import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseError, withoutParameters } from '../../db/errors.ts'
import { ALL_MADE, madeSchedules, markMade } from '../../db/queries/schedules.ts'
import type { Config } from '../../config.ts'
import type { ApiDeps } from '../deps.ts'
import { TemporalAway, TemporalRefused } from '../temporal/errors.ts'
import type { ScheduleDraft } from '../temporal/schedules.ts'
import { defaultSchedules } from './defaults.ts'
import { readSchedulesFile } from './file.ts'

/**
 * The schedules of a first start; null where none are wanted.
 *
 * @throws SchedulesFileError when the file is wrong
 */
export async function firstSchedules(
  config: Pick<Config, 'DEFAULT_SCHEDULES' | 'SCHEDULES_FILE' | 'RECHECK_SESSIONS'>,
): Promise<ScheduleDraft[] | null> {
  if (config.DEFAULT_SCHEDULES === 'off') return null
  if (config.SCHEDULES_FILE !== undefined) return await readSchedulesFile(config.SCHEDULES_FILE)
  return defaultSchedules({ recheckSessions: config.RECHECK_SESSIONS })
}

const AGAIN_MS = 3_000
/** Any constant that nobody else uses: of all API processes, the one that holds this lock makes the schedules. */
const SCHEDULES_LOCK = 7_302_115

/**
 * Makes the schedules of a first start as soon as PostgreSQL and Temporal answer. From then on they are the user's own:
 * one that was changed stays so, and one that was removed does not come back.
 */
export async function makeSchedulesWhenUp(
  deps: ApiDeps,
  drafts: readonly ScheduleDraft[] | null,
): Promise<void> {
  if (drafts === null) return
  while (!deps.closing.aborted) {
    try {
      if (await makeSchedules(deps, drafts)) return
    } catch (error) {
      const safe = withoutParameters(error)
      const isAway = safe instanceof TemporalAway || safe instanceof DatabaseError
      const reason = deps.redact(safe instanceof Error ? safe.message : String(safe))
      deps.log[isAway ? 'debug' : 'error']({ reason }, 'the schedules of the first start are not made yet')
    }
    await sleep(AGAIN_MS, undefined, { signal: deps.closing }).catch(() => undefined)
  }
}

/** @returns false while another process is at it */
export async function makeSchedules(deps: ApiDeps, drafts: readonly ScheduleDraft[]): Promise<boolean> {
  const connection = await deps.db.sql.reserve()
  try {
    const [row] = await connection<
      { mine: boolean }[]
    >`select pg_try_advisory_lock(${SCHEDULES_LOCK}) as mine`
    if (!row?.mine) return false
    try {
      await makeMissing(deps, drafts)
      return true
    } finally {
      await connection`select pg_advisory_unlock(${SCHEDULES_LOCK})`
    }
  } finally {
    connection.release()
  }
}

/** A process that dies in the middle leaves the rest to the next one. */
async function makeMissing(deps: ApiDeps, drafts: readonly ScheduleDraft[]): Promise<void> {
  const { db, temporal, settings, log } = deps
  const made = await madeSchedules(db.sql, temporal.namespace)
  if (made.has(ALL_MADE)) return log.debug('schedules belong to the user since the first start')
  for (const draft of drafts.filter(({ key }) => !made.has(key))) {
    try {
      await temporal.schedules.create(draft, settings.catchupHours)
    } catch (error) {
      if (!(error instanceof TemporalRefused)) throw error
      log.error({ schedule: draft.key, reason: error.message }, 'Temporal refused a schedule: it is left out')
    }
    await markMade(db.sql, temporal.namespace, draft.key)
  }
  await markMade(db.sql, temporal.namespace, ALL_MADE)
  log.info({ schedules: drafts.map(({ key }) => key) }, 'the schedules of the first start are there')
}
