import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiClient, LogLine, RunStatus } from './api-client.ts'
import type { DemoRun } from './runs.ts'
import type { Screen } from './screen.ts'

const FINAL = new Set(['success', 'success_with_errors', 'failed', 'cancelled', 'terminated'])
const LOOK_MS = 250

/** Hears of every new status of a run, with the log lines that came since the one before. */
export type Watcher = (status: RunStatus, lines: readonly string[]) => Promise<void>

/** Starts a run (or joins the one that is under way) and shows how far it is and what it logs until it ends. */
export async function followRun(
  api: ApiClient,
  run: DemoRun,
  screen: Screen,
  watch: Watcher = () => Promise.resolve(),
): Promise<string> {
  const { runId, started } = await api.trigger(run.body)
  if (!started) screen.line(`going on with run ${runId}, which was under way`)
  await followToEnd(api, runId, screen, watch)
  if (started) return runId
  // The one that was asked for still has to come; when nothing is left it is over at once.
  const again = await api.trigger(run.body)
  if (again.runId !== runId) await followToEnd(api, again.runId, screen, watch)
  return again.runId
}

async function followToEnd(api: ApiClient, runId: string, screen: Screen, watch: Watcher): Promise<void> {
  const began = Date.now()
  let cursor: string | null = null
  for (;;) {
    // The API is restarted when it dies: a missed answer is no reason to stop watching. The state comes first, so that
    // the lines before an end are among those that are read then.
    const status = await orNull(api.status(runId))
    const seconds = (Date.now() - began) / 1_000
    const logs: Awaited<ReturnType<ApiClient['logs']>> | null = await orNull(api.logs(runId, cursor))
    if (logs) {
      cursor = logs.cursor
      for (const line of logs.lines) screen.line(logText(line, seconds))
    }
    if (status) {
      const isOver = FINAL.has(status.status)
      screen.bar(status, seconds, isOver)
      await watch(
        status,
        (logs?.lines ?? []).map(({ message }) => message),
      )
      if (isOver && status.status !== 'success') screen.line(`${status.status}: ${status.message ?? ''}`)
      if (isOver) return
    }
    await sleep(LOOK_MS)
  }
}

const logText = ({ level, message }: LogLine, seconds: number): string =>
  `${seconds.toFixed(1).padStart(6)} s  ${level === 'info' ? '' : `${level}: `}${message}`

const orNull = <T>(answer: Promise<T>): Promise<T | null> => answer.catch(() => null)
