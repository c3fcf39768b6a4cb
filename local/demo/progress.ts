import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { isFinal, type RunState } from '../../workflows/contract/status.ts'
import type { ApiClient, RunStatus } from './api-client.ts'
import type { DemoRun } from './runs.ts'
import type { Screen } from './screen.ts'

const LOOK_MS = 250

export interface Following {
  /** Show what the run logs, not only how far it is. */
  showLog: boolean
  /** Hears of every new status, with the log lines that came since the one before. */
  watch?: (status: RunStatus, lines: readonly string[]) => Promise<void>
}

/** Performs runs one after the other, and shows how far each is until it ends. */
export interface Performer {
  /** Starts a run, unless the last start has left it under way: then that one goes on. Resolves with its id. */
  perform(run: DemoRun, following: Following): Promise<string>
}

/** @throws what the API answers where it is asked to start something */
export async function createPerformer(api: ApiClient, screen: Screen): Promise<Performer> {
  const earlier = await api.underWay()
  const ended = new Set<string>()
  const goOn = async (runId: string, title: string, how: Following): Promise<string> => {
    const from = await api.status(runId)
    const { batches_done, batches_total } = from
    screen.tell('start', { run_id: runId, title, is_new: false, batches_done, batches_total }, [
      title,
      `going on with run ${runId}: ${batches_done} of ${batches_total} batches are done`,
    ])
    await followToEnd(api, screen, { ...how, runId, from })
    ended.add(runId)
    return runId
  }
  return {
    perform: async ({ title, body }, how) => {
      if (earlier !== null && isDeepStrictEqual(earlier.params, body))
        return ended.has(earlier.runId) ? earlier.runId : await goOn(earlier.runId, title, how)
      for (;;) {
        const { runId, started } = await api.trigger(body)
        if (!started) {
          await goOn(runId, 'another run is under way, and goes first', { showLog: false })
          continue
        }
        screen.tell('start', { run_id: runId, title, is_new: true }, [title])
        await followToEnd(api, screen, { ...how, runId, from: null })
        return runId
      }
    },
  }
}

interface Followed extends Following {
  runId: string
  /** How it stood when it was found under way; null: it is new. */
  from: RunStatus | null
}

async function followToEnd(
  api: ApiClient,
  screen: Screen,
  { runId, from, showLog, watch }: Followed,
): Promise<void> {
  const began = Date.now()
  const since = performance.now()
  const rowsBefore = from === null ? 0 : from.inserted + from.updated
  let cursor: string | null = null
  for (;;) {
    // The API is restarted when it dies: a missed answer is no reason to stop watching. The state comes first, so that
    // what was logged before an end is read by then.
    const status = await orNull(api.status(runId))
    const logs: Awaited<ReturnType<ApiClient['logs']>> | null = await orNull(api.logs(runId, cursor))
    const seconds = (performance.now() - since) / 1_000
    const lines = (logs?.lines ?? []).filter(({ at }) => from === null || Date.parse(at) >= began)
    cursor = logs?.cursor ?? cursor
    if (showLog) for (const line of lines) screen.log({ ...line, runId, seconds })
    if (status) {
      const isLast = isFinal(status.status as RunState)
      screen.bar({ runId, status, seconds, rowsBefore, isLast })
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
