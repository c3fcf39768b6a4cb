import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiClient, RunStatus } from './api-client.ts'
import type { DemoRun } from './runs.ts'
import type { Screen } from './screen.ts'

const FINAL = new Set(['success', 'success_with_errors', 'failed', 'cancelled', 'terminated'])
const LOOK_MS = 250

export interface Following {
  api: ApiClient
  screen: Screen
  /** Show what the run logs, not only how far it is. */
  showLog: boolean
  /** Hears of every new status, with the log lines that came since the one before. */
  watch?: (status: RunStatus, lines: readonly string[]) => Promise<void>
}

/** Starts a run (or joins the one that is under way) and shows how far it is until it ends. */
export async function followRun({ title, body }: DemoRun, following: Following): Promise<string> {
  const { api, screen } = following
  const { runId, started } = await api.trigger(body)
  screen.tell('start', { run_id: runId, title, is_new: started }, [
    title,
    ...(started ? [] : [`going on with run ${runId}, which was under way`]),
  ])
  await followToEnd(runId, following)
  if (started) return runId
  // The one that was asked for still has to come; when nothing is left it is over at once.
  const again = await api.trigger(body)
  if (again.runId !== runId) await followToEnd(again.runId, following)
  return again.runId
}

async function followToEnd(runId: string, { api, screen, showLog, watch }: Following): Promise<void> {
  const began = Date.now()
  let cursor: string | null = null
  for (;;) {
    // The API is restarted when it dies: a missed answer is no reason to stop watching. The state comes first, so that
    // what was logged before an end is read by then.
    const status = await orNull(api.status(runId))
    const logs: Awaited<ReturnType<ApiClient['logs']>> | null = await orNull(api.logs(runId, cursor))
    const seconds = (Date.now() - began) / 1_000
    const lines = logs?.lines ?? []
    cursor = logs?.cursor ?? cursor
    if (showLog) for (const line of lines) screen.log({ ...line, runId, seconds })
    if (status) {
      const isLast = FINAL.has(status.status)
      screen.bar({ runId, status, seconds, isLast })
      await watch?.(
        status,
        lines.map(({ message }) => message),
      )
      if (isLast && status.status !== 'success') screen.line(`${status.status}: ${status.message ?? ''}`)
      if (isLast) return
    }
    await sleep(LOOK_MS)
  }
}

const orNull = <T>(answer: Promise<T>): Promise<T | null> => answer.catch(() => null)
