import { answerOf, ApiError, createClient } from '../../client/index.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { RunState } from '../../workflows/contract/status.ts'

/** How far a run is, as it is shown. */
export interface RunStatus {
  status: string
  message?: string | null
  phase: string | null
  percent: number
  eta_seconds: number | null
  cells_total: number
  batches_done: number
  batches_total: number
  inserted: number
  updated: number
  calls_used: number
}

export interface LogLine {
  at: string
  level: string
  message: string
}

/** A run that has not ended, with what it was asked for. */
export interface UnderWay {
  runId: string
  params: object
}

export interface ApiClient {
  /** The newest run that works or will go on by itself; null: there is none. */
  underWay(): Promise<UnderWay | null>
  /** Starts a run, or names the one that is under way. */
  trigger(params: RunParams): Promise<{ runId: string; started: boolean }>
  status(runId: string): Promise<RunStatus>
  /** Log lines since those that ended with that cursor; null: from the first one on. */
  logs(runId: string, cursor: string | null): Promise<{ lines: LogLine[]; cursor: string | null }>
}

const UNDER_WAY: readonly RunState[] = ['running', 'pending', 'waiting']
const RECENT = '50'

/** The calls that the demo makes, over HTTP like everybody else's; with a key where the environment sets any. */
export function createApiClient(url: string, apiKey?: string): ApiClient {
  const { runs } = createClient({ url, apiKey }).api
  return {
    underWay: async () => {
      // One look at all of them: between two a run could go from the state of the second into that of the first.
      const { items } = await answerOf(runs.$get({ query: { limit: RECENT } }))
      const run = items.find(({ status }) => UNDER_WAY.includes(status))
      return run ? { runId: run.id, params: run.params } : null
    },
    trigger: async (params) => {
      try {
        const { id } = await answerOf(runs.$post({ json: { job: 'daily_history', params } }))
        return { runId: id, started: true }
      } catch (error) {
        if (error instanceof ApiError && error.code === 'run_active' && error.runId !== null)
          return { runId: error.runId, started: false }
        throw error
      }
    },
    status: async (id) => {
      const { calls, ...run } = await answerOf(runs[':id'].$get({ param: { id } }))
      return { ...run, calls_used: calls }
    },
    logs: async (id, cursor) => {
      const query = cursor === null ? {} : { cursor }
      const { items, next_cursor: next } = await answerOf(runs[':id'].logs.$get({ param: { id }, query }))
      return { lines: items, cursor: next ?? cursor }
    },
  }
}
