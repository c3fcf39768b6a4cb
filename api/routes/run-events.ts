import { setTimeout as sleep } from 'node:timers/promises'
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { toIso } from '../../db/client.ts'
import { readLogs } from '../../db/queries/logs.ts'
import { DatabaseError, isAway, withoutParameters } from '../../db/errors.ts'
import { isFinal } from '../../workflows/contract/status.ts'
import { cutOff, shareOf } from '../access/caller.ts'
import { leastRole } from '../access/least-role.ts'
import { Seats } from '../access/seats.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'
import { runIdParam } from '../schemas/common.ts'
import { problems } from '../schemas/responses.ts'
import type { Run } from '../schemas/run.ts'
import type { RunEventData } from '../schemas/run-event.ts'
import { readRun } from './runs.ts'

const EXAMPLE = {
  event: 'progress',
  id: '41',
  data: '{"phase":"syncing","percent":12.5,"eta_seconds":95,"total":8,"done":1}',
} as const
const WIRE = Object.entries(EXAMPLE)
  .map(([field, value]) => `${field}: ${value}\n`)
  .join('')

/** One event: what OpenAPI 3.1 describes of a stream. */
const runEvent = z
  .object({
    event: z.enum(['log', 'progress', 'state']),
    id: z.string().openapi({ description: 'The last log line until here', example: '41' }),
    data: z.string().openapi({
      description:
        'JSON: of `log` {at, level, message, details}, of `state` {status, message}, of `progress` the counts of a Run',
    }),
  })
  .openapi('RunEvent')

const events = createRoute({
  tags: ['Runs'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/runs/{id}/events',
  operationId: 'streamRunEvents',
  summary: 'Progress, log lines and state of a run as they come',
  description:
    'Server-sent events. `log` events are numbered; `Last-Event-ID` goes on behind the last one that was seen. The stream ends after the event `state` of a run that has ended; asked again it answers 204, so that an EventSource stops.',
  request: {
    params: runIdParam,
    headers: z.object({
      'last-event-id': z
        .string()
        .regex(/^\d{1,15}$/, 'must be the id of an event of this stream')
        .optional()
        .openapi({ example: '41' }),
    }),
  },
  responses: {
    200: {
      description: `Events, each as lines and a blank one:\n\n\`\`\`\n${WIRE}\`\`\``,
      content: { 'text/event-stream': { schema: runEvent, example: EXAMPLE } },
    },
    204: { description: 'The run has ended and everything was seen' },
    ...problems('invalid_request', 'run_not_found', 'too_many_streams'),
  },
})

const INTERVAL_MS = 1_000
// A listener comes back by itself, with the last line that it has, and shows its key again: it may be none any more.
const MAX_AGE_MS = 15 * 60_000
// Proxies and browsers give up on a silent connection after half a minute or more.
const KEEP_ALIVE_MS = 15_000
// Each open stream asks the database once a second.
const MAX_STREAMS = 50
// A listener that takes nothing of what is said to it for so long is gone or means no good.
const STALL_MS = 30_000
const LOG_PAGE = 200
const AGAIN_SECONDS = 10

const progressOf = (run: Run): RunEventData['progress'] => ({
  phase: run.phase,
  percent: run.percent,
  eta_seconds: run.eta_seconds,
  total: run.total,
  done: run.done,
  inserted: run.inserted,
  updated: run.updated,
  unchanged: run.unchanged,
  rejected: run.rejected,
  errors: run.errors,
  calls: run.calls,
  cells_total: run.cells_total,
  cells_done: run.cells_done,
  batches_total: run.batches_total,
  batches_done: run.batches_done,
})

/** Tells one listener what is new about one run. */
class RunStream {
  readonly #deps: ApiDeps
  readonly #id: string
  readonly #stream: SSEStreamingApi
  readonly #ending: AbortSignal
  readonly #cut: () => void
  #seen: number
  #progress = ''
  #state = ''
  #spokeAt = performance.now()

  constructor(
    deps: ApiDeps,
    { id, seen, ending, cut }: { id: string; seen: number; ending: AbortSignal; cut: () => void },
    stream: SSEStreamingApi,
  ) {
    this.#deps = deps
    this.#id = id
    this.#stream = stream
    this.#seen = seen
    this.#ending = ending
    this.#cut = cut
  }

  /** Until the run has ended, the listener has left, the place is somebody else's, the process ends or it has lasted long enough. */
  async tell(): Promise<void> {
    const began = performance.now()
    while (!this.#stream.aborted && !this.#ending.aborted && performance.now() - began < MAX_AGE_MS) {
      if (await this.#look()) return
      if (performance.now() - this.#spokeAt > KEEP_ALIVE_MS) await this.#write(': still here\n\n')
      await sleep(INTERVAL_MS, undefined, { signal: this.#ending }).catch(() => undefined)
    }
  }

  /** @returns true when there will be nothing more */
  async #look(): Promise<boolean> {
    try {
      // The state first: lines written before an end are then surely among the ones read.
      const run = await readRun(this.#deps, this.#id)
      await this.#logs()
      this.#progress = await this.#send('progress', progressOf(run), this.#progress)
      this.#state = await this.#send('state', { status: run.status, message: run.message }, this.#state)
      return isFinal(run.status)
    } catch (error) {
      if (error instanceof Problem) return true
      const safe = withoutParameters(error)
      this.#deps.log.warn({ runId: this.#id, reason: String(safe) }, 'an event stream could not look')
      // Whoever listens comes back, and is then told why there is nothing to hear.
      return safe instanceof DatabaseError && isAway(safe.code)
    }
  }

  async #logs(): Promise<void> {
    for (;;) {
      const lines = await readLogs(this.#deps.db.sql, { runId: this.#id, after: this.#seen, limit: LOG_PAGE })
      for (const { id, at, level, message, details } of lines) {
        this.#seen = id
        await this.#send('log', { at: toIso(at), level, message, details }, '')
      }
      if (lines.length < LOG_PAGE) return
    }
  }

  /** Sends what differs from `before`; every event carries the last log line's number, which is where to go on. */
  async #send<E extends keyof RunEventData>(
    event: E,
    data: RunEventData[E],
    before: string,
  ): Promise<string> {
    const text = JSON.stringify(data)
    if (text === before) return before
    this.#spokeAt = performance.now()
    await this.#unlessStalled(this.#stream.writeSSE({ event, data: text, id: String(this.#seen) }))
    return text
  }

  async #write(text: string): Promise<void> {
    this.#spokeAt = performance.now()
    await this.#unlessStalled(this.#stream.write(text))
  }

  async #unlessStalled(writing: Promise<unknown>): Promise<void> {
    const stalled = setTimeout(this.#cut, STALL_MS)
    await writing.finally(() => clearTimeout(stalled))
  }
}

export type RunEventRoutes = typeof events

/** `GET /api/runs/{id}/events`. */
export function runEventRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  const seats = new Seats(MAX_STREAMS)
  const endAll = () => seats.clear()
  app.openapi(events, async (c) => {
    const { id } = c.req.valid('param')
    const last = c.req.valid('header')['last-event-id']
    const run = await readRun(deps, id)
    if (last !== undefined && isFinal(run.status)) {
      const newer = await readLogs(deps.db.sql, { runId: id, after: Number(last), limit: 1 })
      if (newer.length === 0) return c.body(null, 204)
    }
    const ending = new AbortController()
    const end = () => ending.abort()
    const leave = seats.take(shareOf(c, c.get('caller')), end)
    if (leave === null) {
      throw new Problem(
        'too_many_streams',
        `${MAX_STREAMS} event streams are open, all of others: try again, or poll GET /api/runs/${id}`,
        {},
        { 'Retry-After': String(AGAIN_SECONDS) },
      )
    }
    if (deps.closing.aborted) end()
    // Added once, however many streams there are.
    deps.closing.addEventListener('abort', endAll)
    return streamSSE(c, async (stream) => {
      const told = { id, seen: Number(last ?? 0), ending: ending.signal, cut: () => cutOff(c) }
      try {
        await new RunStream(deps, told, stream).tell()
      } finally {
        leave()
      }
    })
  })
  return app
}
