import type { Run } from '../api/schemas/run.ts'
import type { RunEventData } from '../api/schemas/run-event.ts'
import { ApiError, responseOf } from './answer.ts'
import type { Client } from './client.ts'

/** Something new about a run. `id` is where to go on: the number of the last log line before or in it. */
export type RunEvent = {
  [Type in keyof RunEventData]: { type: Type; id: number; data: RunEventData[Type] }
}[keyof RunEventData]

export interface RunEventsOptions {
  /** Only what came behind this event. */
  lastEventId?: number
  /** Ends the iteration, without an error. */
  signal?: AbortSignal
  /** Hears of each connection that was lost or refused and is tried again. */
  onAway?: (error: unknown) => void
}

// The service says something every 15 s at least: who is silent for longer is gone without a word.
const SILENCE_MS = 45_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 10_000

const HAS_ENDED: Readonly<Record<Run['status'], boolean>> = {
  pending: false,
  running: false,
  paused: false,
  waiting: false,
  success: true,
  success_with_errors: true,
  failed: true,
  cancelled: true,
  terminated: true,
}

/**
 * Events of a run from now on until it has ended, each once: log lines in their order, and how far it is and its state
 * whenever they change. A connection that is lost is opened again behind the last event, for as long as it takes.
 *
 * @throws ApiError when the service refuses: no such run, a key that lets nobody in
 */
export async function* runEvents(
  client: Client,
  runId: string,
  options: RunEventsOptions = {},
): AsyncGenerator<RunEvent, void, undefined> {
  const { signal, onAway } = options
  let seen = options.lastEventId
  const told = new Map<string, string>()
  for (let misses = 0; !signal?.aborted;) {
    const connection = new AbortController()
    try {
      const response = await responseOf(
        client.api.runs[':id'].events.$get(
          { param: { id: runId }, header: seen === undefined ? {} : { 'last-event-id': String(seen) } },
          { init: { signal: signal ? AbortSignal.any([signal, connection.signal]) : connection.signal } },
        ),
      )
      // All was seen before.
      if (response.status === 204) return
      misses++
      for await (const { event, text } of eventsIn(response.body, connection)) {
        misses = 0
        seen = event.id
        // Each connection begins with how things stand.
        if (event.type !== 'log' && told.get(event.type) === text) continue
        told.set(event.type, text)
        yield event
        if (event.type === 'state' && HAS_ENDED[event.data.status]) return
      }
    } catch (error) {
      if (signal?.aborted) return
      if (error instanceof ApiError && error.status < 500) throw error
      onAway?.(error)
      misses++
    } finally {
      connection.abort()
    }
    await pause(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** misses), signal)
  }
}

/** Server-sent events of a body, with the text of their data. A body that falls silent is broken off. */
async function* eventsIn(
  body: ReadableStream<Uint8Array> | null,
  connection: AbortController,
): AsyncGenerator<{ event: RunEvent; text: string }, void, undefined> {
  if (!body) return
  const silence = setTimeout(
    () => connection.abort(new DOMException(`silent for ${SILENCE_MS} ms`, 'TimeoutError')),
    SILENCE_MS,
  )
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for await (const chunk of body) {
      silence.refresh()
      rest += decoder.decode(chunk, { stream: true })
      const blocks = rest.split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const fields = fieldsOf(block)
        const text = fields.get('data')
        if (text === undefined) continue
        const event = {
          type: fields.get('event'),
          id: Number(fields.get('id')),
          data: JSON.parse(text) as unknown,
        }
        yield { event: event as RunEvent, text }
      }
    }
  } finally {
    clearTimeout(silence)
  }
}

/** Fields of one event by their names; a line without a name is a sign of life. */
const fieldsOf = (block: string): Map<string, string> =>
  new Map(
    block.split('\n').flatMap((line): [string, string][] => {
      const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [[name, value]]
    }),
  )

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
