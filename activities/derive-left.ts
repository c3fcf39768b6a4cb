import { deriveLeft } from '../db/derived-due.ts'
import { withoutParameters } from '../db/errors.ts'
import type { ActivityDeps } from './deps.ts'

// Activities that open or close a run have ten seconds.
const SHORT_MS = 4_000

/**
 * Makes weeks and months that were left for later, for a moment. What is left then waits for the verification or the next
 * run; so does what cannot be made, which must not keep a run from beginning or ending.
 */
export async function deriveLeftShortly({ db, log }: ActivityDeps, runId: string): Promise<void> {
  try {
    await deriveLeft(db.sql, runId, SHORT_MS)
  } catch (error) {
    log.warn({ runId, err: withoutParameters(error) }, 'weeks and months that were left could not be made')
  }
}
