import { setTimeout as sleep } from 'node:timers/promises'
import { followClockBack } from '../db/clock-set-back.ts'
import { openRuns } from '../db/queries/runs.ts'
import { withoutParameters } from '../db/errors.ts'
import type { ApiDeps } from './deps.ts'
import { reconcileRun } from './runs/reconcile.ts'
import { TemporalAway } from './temporal/errors.ts'

// Twice in the 10 s within which a run that was ended from outside has to show it.
const INTERVAL_MS = 5_000
/** Any constant that nobody else uses: of all API processes, the one that holds this lock does the work. */
export const RECONCILER_LOCK = 7_302_114

export interface Reconciler {
  stop(): Promise<void>
}

/** Compares open runs with Temporal every few seconds until it is stopped. */
export function startReconciler(deps: ApiDeps, intervalMs = INTERVAL_MS): Reconciler {
  const stopping = new AbortController()
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await reconcileAll(deps).catch((error: unknown) => note(deps, error))
      await sleep(intervalMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  })()
  return {
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

/** One look at all open runs; does nothing while another process has one. */
export async function reconcileAll(deps: ApiDeps): Promise<void> {
  const connection = await deps.db.sql.reserve()
  try {
    const [row] = await connection<
      { mine: boolean }[]
    >`select pg_try_advisory_lock(${RECONCILER_LOCK}) as mine`
    if (!row?.mine) return
    try {
      await followClockBack(deps.db.sql)
      for (const run of await openRuns(deps.db))
        await reconcileRun(deps, run).catch((error: unknown) => note(deps, error, run.id))
    } finally {
      await connection`select pg_advisory_unlock(${RECONCILER_LOCK})`
    }
  } finally {
    connection.release()
  }
}

/** Trouble of one run, or of one look, is no reason to stop looking. */
function note(deps: ApiDeps, error: unknown, runId?: string): void {
  const safe = withoutParameters(error)
  const reason = deps.redact(safe instanceof Error ? safe.message : String(safe))
  const level = safe instanceof TemporalAway ? 'debug' : 'warn'
  deps.log[level]({ runId, reason }, 'a run could not be compared with Temporal')
}
