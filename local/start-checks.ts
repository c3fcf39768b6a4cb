import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { noKeyYet, openedBy, whyNotOpen } from '../api/access/opening.ts'
import type { Config } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { whyRefused, whyUnfit } from '../db/unfit.ts'
import { DatabaseAwayError, SetupError } from './setup-error.ts'
import type { StackOptions } from './stack.ts'

/*
 * What the API, or the first migration, would refuse to start with. Found out here before any server is started, or as soon as
 * there is a database, since otherwise everything else would be started for nothing.
 */

/** @returns checks that throw SetupError */
export const startChecks = (config: Config): NonNullable<StackOptions['checks']> => ({
  beforeServers: async () => {
    const setting = openedWithoutKeys(config)
    if (setting !== null && !mayHoldKeys(config)) throw new SetupError(noKeyYet(setting))
    await checkSchedules(config)
    if (config.DATABASE_URL !== undefined) await checkDatabase(config.DATABASE_URL)
  },
  beforePrograms: async (databaseUrl) => {
    const setting = openedWithoutKeys(config)
    if (setting === null) return
    const db = openDatabase({ url: databaseUrl, max: 1, name: 'ashare-sync start' })
    try {
      const reason = await whyNotOpen(db.sql, setting)
      if (reason !== null) throw new SetupError(reason)
    } finally {
      await db.close()
    }
  },
})

const openedWithoutKeys = (config: Config): string | null =>
  config.API_KEYS.length > 0 ? null : openedBy(config)

/** A database that is not there yet holds no key. */
const mayHoldKeys = ({ DATABASE_URL, DATA_DIR }: Config): boolean =>
  DATABASE_URL !== undefined || existsSync(join(DATA_DIR, 'postgres', 'PG_VERSION'))

async function checkDatabase(url: string): Promise<void> {
  const db = openDatabase({ url, max: 1, name: 'ashare-sync start' })
  try {
    const reason = await whyUnfit(db.sql).catch(whyRefused)
    if (reason === null) return
    const { host, pathname } = new URL(url)
    const message = `the database of DATABASE_URL (${host}${pathname}) cannot be used: ${reason.why}. What to do: ${reason.todo}`
    throw reason.isAway ? new DatabaseAwayError(message) : new SetupError(message)
  } finally {
    await db.close()
  }
}

async function checkSchedules({ DEFAULT_SCHEDULES, SCHEDULES_FILE }: Config): Promise<void> {
  if (DEFAULT_SCHEDULES === 'off' || SCHEDULES_FILE === undefined) return
  // Loads all that schedules are made of.
  const { readSchedulesFile, SchedulesFileError } = await import('../api/scheduler/file.ts')
  await readSchedulesFile(SCHEDULES_FILE).catch((error: unknown) => {
    throw error instanceof SchedulesFileError ? new SetupError(error.message) : error
  })
}
