import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiDeps } from '../deps.ts'

const AGAIN_MS = 3_000

/** Has Temporal start the daily clean-up, from the first start on. */
export async function scheduleCleanUpWhenUp({
  temporal,
  log,
  closing,
}: Pick<ApiDeps, 'temporal' | 'log' | 'closing'>): Promise<void> {
  while (!closing.aborted) {
    try {
      return await temporal.schedules.keepCleanUp()
    } catch (error) {
      log.debug({ reason: String(error) }, 'the clean-up is not scheduled yet')
    }
    await sleep(AGAIN_MS, undefined, { signal: closing }).catch(() => undefined)
  }
}
