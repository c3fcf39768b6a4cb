import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiDeps } from '../deps.ts'
import { TemporalAway } from './errors.ts'
import type { TemporalLink } from './connect.ts'

const AGAIN_MS = 3_000

/** Registers search attributes as soon as Temporal answers. A server that refuses has them made by its administrator. */
export async function registerWhenUp(
  temporal: TemporalLink,
  deps: Pick<ApiDeps, 'log' | 'closing'>,
): Promise<void> {
  while (!deps.closing.aborted) {
    try {
      return await temporal.ensureSearchAttributes(deps.log)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (!(error instanceof TemporalAway)) {
        deps.log.warn(
          { reason },
          'search attributes could not be registered: have SyncJob, SyncRunId, SyncSource and SyncState (Keyword) added to the namespace',
        )
        return
      }
      deps.log.info({ reason }, 'Temporal is away: trying again')
    }
    await sleep(AGAIN_MS, undefined, { signal: deps.closing }).catch(() => undefined)
  }
}
