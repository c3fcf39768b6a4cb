import type { Sql } from './client.ts'

/*
 * What is forgotten, and when. The market's data is not: rows, revisions, coverage and gates stay for ever.
 */

/** Days that things are kept. Runs and the audit log: long enough to look back at the same season of the year before. */
export const KEPT_DAYS = { logs: 30, notices: 30, runs: 400, failures: 400, audit: 400 } as const

/** Rows that were deleted, by what they were. */
export type CleanedUp = {
  logs: number
  notices: number
  /** With their batches, counts and refused rows. */
  runs: number
  /** Resolved ones; what is open stays until it is resolved. */
  failures: number
  audit: number
  /** Over, whenever they began. */
  sessions: number
}

/** Forgets what is older than it is kept. Interrupted or repeated it does no harm. */
export async function cleanUp(sql: Sql): Promise<CleanedUp> {
  const logs = await sql`delete from sync_log where at < ${before(sql, 'logs')}`
  const notices = await sql`delete from notification where created_at < ${before(sql, 'notices')}`
  const failures = await sql`delete from sync_failure where resolved_at < ${before(sql, 'failures')}`
  const audit = await sql`delete from audit_log where at < ${before(sql, 'audit')}`
  const sessions = await sql`delete from api_session where expires_at <= now()`
  return {
    logs: logs.count,
    notices: notices.count,
    runs: await dropRuns(sql),
    failures: failures.count,
    audit: audit.count,
    sessions: sessions.count,
  }
}

const before = (sql: Sql, kind: keyof typeof KEPT_DAYS) =>
  sql`now() - make_interval(days => ${KEPT_DAYS[kind]})`

// What belongs to a run and is of no use without it. Failures that are open name a run that may be gone.
const OF_RUNS = ['sync_batch', 'sync_run_source', 'quarantine', 'sync_log']

async function dropRuns(sql: Sql): Promise<number> {
  return await sql.begin(async (tx) => {
    const runs = await tx<{ id: string }[]>`
      select id from sync_run where finished_at < ${before(sql, 'runs')} for update`
    const ids = runs.map(({ id }) => id)
    for (const table of OF_RUNS) await tx`delete from ${tx(table)} where run_id = any(${ids}::uuid[])`
    await tx`delete from sync_run where id = any(${ids}::uuid[])`
    return ids.length
  })
}
