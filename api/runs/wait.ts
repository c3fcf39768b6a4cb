import { setTimeout as sleep } from 'node:timers/promises'
import { viewRun, type RunView } from '../../db/queries/run-views.ts'
import { isFinal, type RunState } from '../../workflows/contract/status.ts'
import type { ApiDeps } from '../deps.ts'
import { noSuchRun } from '../problems.ts'

const POLL_MS = 200

/** The run at its end, or as it is when the time is over, the caller gone or the process closing. */
export async function waitForEnd(
  { db, closing }: Pick<ApiDeps, 'db' | 'closing'>,
  id: string,
  limitMs: number,
  caller: AbortSignal,
): Promise<RunView> {
  const signal = AbortSignal.any([closing, caller])
  for (const deadline = performance.now() + limitMs; ;) {
    const view = await viewRun(db.sql, id)
    if (!view) throw noSuchRun(id)
    if (isFinal(view.status as RunState) || performance.now() >= deadline || signal.aborted) return view
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
}
