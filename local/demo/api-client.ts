import { z } from 'zod'

/** What the demo reads of the status; the whole of it is in the OpenAPI document. */
const status = z.object({
  job_id: z.string().nullable(),
  status: z.string(),
  paused: z.boolean(),
  percent: z.number(),
  eta_seconds: z.number().nullable(),
  calls_used: z.number(),
  total: z.number(),
  inserted: z.number(),
  updated: z.number(),
  errors: z.number(),
  message: z.string().nullish(),
})
export type RunStatus = z.infer<typeof status>

const logPage = z.object({
  items: z.array(z.object({ level: z.string(), message: z.string() })),
  next_cursor: z.string().nullable(),
})
export type LogLine = z.infer<typeof logPage>['items'][number]

const envelope = <T extends z.ZodType>(data: T) =>
  z.object({ success: z.boolean(), message: z.string(), data })

export interface ApiClient {
  /** Starts a run, or names the one that is under way. */
  trigger(body: object): Promise<{ runId: string; started: boolean }>
  status(runId: string): Promise<RunStatus>
  /** Log lines since those that ended with that cursor; null: from the first one on. */
  logs(runId: string, cursor: string | null): Promise<{ lines: LogLine[]; cursor: string | null }>
}

/** The calls that the demo makes, over HTTP like everybody else's; with a key where the environment sets any. */
export function createApiClient(base: string, key?: string): ApiClient {
  const access: Record<string, string> = key === undefined ? {} : { 'x-api-key': key }
  return {
    trigger: async (body) => {
      const response = await fetch(`${base}/api/sync/trigger`, {
        method: 'POST',
        headers: { ...access, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      const answer = (await response.json()) as { message?: string; data?: { job_id?: string } | null }
      const runId = answer.data?.job_id
      if ((response.ok || response.status === 429) && typeof runId === 'string')
        return { runId, started: response.ok }
      throw new Error(`the run was refused with ${response.status}: ${answer.message ?? 'no reason given'}`)
    },
    status: async (runId) => {
      const response = await fetch(`${base}/api/sync/status?job_id=${runId}`, { headers: access })
      return envelope(status).parse(await response.json()).data
    },
    logs: async (runId, cursor) => {
      const from = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`
      const response = await fetch(`${base}/api/runs/${runId}/logs${from}`, { headers: access })
      const { items, next_cursor: next } = logPage.parse(await response.json())
      return { lines: items, cursor: next ?? cursor }
    },
  }
}
