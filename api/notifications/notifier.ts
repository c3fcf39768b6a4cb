import { setTimeout as sleep } from 'node:timers/promises'
import { toIso } from '../../db/client.ts'
import { withoutParameters } from '../../db/errors.ts'
import { leaseNotice, noteSent, noteUnsent, type StoredNotice } from '../../db/queries/notifications.ts'
import { redactValue } from '../../market/redact.ts'
import type { ApiDeps } from '../deps.ts'
import { FORMATS, type Telling } from './formats.ts'
import { NotTaken, type Receiver, sendNotice } from './send.ts'
import { noticeStaleDays } from './stale.ts'

/*
 * Sends what lies in the outbox. Each process of the API does; the database gives each notice to one of them.
 */

const LOOK_EVERY_MS = 2_000
const TEND_EVERY_MS = 10 * 60_000
// A receiver that is away for a night still hears of it; after that nobody wants to.
const AGAIN_MS = [5, 15, 60, 300, 900, 3_600, 7_200, 14_400, 28_800].map((seconds) => seconds * 1000)

type NotifierDeps = Pick<ApiDeps, 'db' | 'sources' | 'now' | 'log' | 'closing' | 'redact'> & {
  receiver: Receiver | null
  /** How often it looks into the outbox; for tests. */
  everyMs?: number
}

/** Works until the process closes. Without a receiver it only notes what there would be to tell. */
export async function runNotifier(deps: NotifierDeps): Promise<void> {
  const { log, closing, everyMs = LOOK_EVERY_MS } = deps
  let tendedAt = -Infinity
  while (!closing.aborted) {
    try {
      if (performance.now() - tendedAt > TEND_EVERY_MS) {
        tendedAt = performance.now()
        await noticeStaleDays(deps)
      }
      if (deps.receiver) while (await tellNext(deps, deps.receiver));
    } catch (error) {
      log.warn({ reason: String(withoutParameters(error)) }, 'notices could not be looked after')
    }
    await sleep(everyMs, undefined, { signal: closing }).catch(() => undefined)
  }
}

// A function, since the answer changes between two questions.
const isOver = ({ closing }: NotifierDeps): boolean => closing.aborted

/** @returns false when nothing is due */
async function tellNext(deps: NotifierDeps, receiver: Receiver): Promise<boolean> {
  if (isOver(deps)) return false
  const { sql } = deps.db
  const notice = await leaseNotice(sql, FORMATS[receiver.format].perMinute)
  if (!notice) return false
  try {
    await sendNotice(receiver, tellingOf(notice, deps.redact), deps.closing)
    await noteSent(sql, notice.id)
  } catch (error) {
    // Cut short by our own end: the lease runs out and the next process sends it.
    if (isOver(deps)) return false
    if (!(error instanceof NotTaken)) throw error
    const reason = deps.redact(error.message)
    const step = AGAIN_MS[notice.attempts - 1]
    await noteUnsent(sql, notice.id, reason, step === undefined ? null : Math.max(step, error.afterMs ?? 0))
    deps.log.warn({ notice: notice.id, attempts: notice.attempts, reason }, 'a notice was not taken')
  }
  return true
}

/** What is told of a notice; tokens that found their way into a message stay here. */
export const tellingOf = (notice: StoredNotice, redact: (text: string) => string): Telling => ({
  id: notice.id,
  event: notice.event,
  title: redact(notice.title),
  text: redact(notice.text),
  details: redactValue(notice.details, redact),
  occurredAt: toIso(notice.created_at) ?? notice.created_at,
})
