import type { Config } from '../../config.ts'
import { type Database, openDatabase } from '../../db/client.ts'
import { databaseNow } from '../../db/clock.ts'
import { schemaState } from '../../db/schema-state.ts'
import { sealKey } from '../../db/sealed.ts'
import { loadSourceSettings } from '../../db/source-settings.ts'
import { whyRefused, whyUnfit } from '../../db/unfit.ts'
import { type Finding, ok, problem, type Tell, within } from './finding.ts'

/* PostgreSQL: reachable, new enough, migrated, and whether its stored tokens can be read. */

export interface CheckedDatabase {
  db: Database
  /** Its tables are those of this program. */
  isCurrent: boolean
  /** By how much its clock is ahead of ours, ms. */
  aheadMs: number
}

const LIMIT_MS = 8_000

/** @returns null when it cannot be used; else it is open, and the caller closes it */
export async function checkDatabase(url: string, tell: Tell): Promise<CheckedDatabase | null> {
  const db = openDatabase({ url, max: 2, name: 'ashare-sync doctor' })
  const { host } = new URL(url)
  try {
    const reason = await within(LIMIT_MS, whyUnfit(db.sql))
    if (reason !== null) {
      tell(problem('postgresql', `${host}: ${reason.why}`, reason.todo))
      await db.close()
      return null
    }
    tell(ok('postgresql', `PostgreSQL ${await serverVersion(db)} at ${host}`))
    const schema = await schemaFinding(db)
    tell(schema)
    return { db, isCurrent: schema.state === 'ok', aheadMs: await clockAhead(db) }
  } catch (error) {
    const { why, todo } = whyRefused(error)
    tell(problem('postgresql', `${host}: ${why}`, todo))
    await within(LIMIT_MS, db.close()).catch(() => undefined)
    return null
  }
}

async function serverVersion({ sql }: Database): Promise<string> {
  const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`
  return row?.version ?? ''
}

async function schemaFinding({ sql }: Database): Promise<Finding> {
  const { state, pending } = await schemaState(sql)
  if (state === 'current') return ok('migrations', 'the tables are those of this version')
  if (state === 'newer')
    return problem('migrations', 'the tables are of a newer version', 'update ashare-sync to that version')
  return problem(
    'migrations',
    `${pending} migrations are missing`,
    'npm run db:migrate; a service that is started here does it by itself',
  )
}

/** The middle of a question and its answer is compared; the best of three, since the first one opens a connection. */
async function clockAhead({ sql }: Database): Promise<number> {
  const samples: { tookMs: number; aheadMs: number }[] = []
  for (let i = 0; i < 3; i++) {
    const asked = Date.now()
    const theirs = await databaseNow(sql)
    const answered = Date.now()
    samples.push({ tookMs: answered - asked, aheadMs: theirs - (asked + answered) / 2 })
  }
  return samples.sort((a, b) => a.tookMs - b.tookMs)[0]?.aheadMs ?? 0
}

/** Whether tokens that are stored can be read. */
export async function secretFinding({ sql }: Database, config: Config): Promise<Finding> {
  const key = config.APP_SECRET ? sealKey(config.APP_SECRET) : null
  const stored = await loadSourceSettings(sql, key)
  const unread = Object.entries(stored).flatMap(([name, { tokenProblem }]) =>
    tokenProblem === null ? [] : [`${name}: ${tokenProblem}`],
  )
  if (unread.length > 0)
    return problem('secret', unread.join('; '), 'set the APP_SECRET of then, or store the tokens again')
  if (key !== null) return ok('secret', 'APP_SECRET is set')
  return ok('secret', 'no token is stored, so APP_SECRET is not needed')
}
