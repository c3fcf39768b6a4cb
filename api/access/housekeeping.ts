import { setTimeout as sleep } from 'node:timers/promises'
import { withoutParameters } from '../../db/errors.ts'
import { trimAudit } from '../../db/queries/audit.ts'
import { deleteExpiredSessions } from '../../db/queries/sessions.ts'
import type { ApiDeps } from '../deps.ts'

// Long enough to look back at the same season of the year before.
const AUDIT_DAYS = 400
const EVERY_MS = 6 * 60 * 60 * 1000

/** Forgets old audit entries and sessions that are over. */
export async function tidyAccess({
  db,
}: Pick<ApiDeps, 'db'>): Promise<{ entries: number; sessions: number }> {
  return { entries: await trimAudit(db.sql, AUDIT_DAYS), sessions: await deleteExpiredSessions(db.sql) }
}

/** Does so now and every few hours until the process closes. */
export async function keepAccessTidy(deps: Pick<ApiDeps, 'db' | 'log' | 'closing'>): Promise<void> {
  while (!deps.closing.aborted) {
    try {
      await tidyAccess(deps)
    } catch (error) {
      deps.log.warn({ reason: String(withoutParameters(error)) }, 'old audit entries could not be removed')
    }
    await sleep(EVERY_MS, undefined, { signal: deps.closing }).catch(() => undefined)
  }
}
