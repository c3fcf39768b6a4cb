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
  /** Hears when there is a connection again after such ones. */
  onBack?: () => void
}

// The service says something every 15 s at least: who is silent for longer is gone without a word.
const SILENCE_MS = 45_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 10_000
// Who asks for more patience than this, like a proxy that is being maintained, is looked at before.
const LONGEST_ASKED_MS = 60_000

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

/** Whether a run in this state is over for good. */
export const hasEnded = (status: Run['status']): boolean => HAS_ENDED[status]

/**
 * Events of a run from now on until it has ended, each once: log lines in their order, and how far it is and its state
 * whenever they change. A connection that is lost is opened again behind the last event, for as long as it takes; a service
 * that asks for patience with `Retry-After` gets it, up to a minute at a time.
 *
 * @throws ApiError when the service refuses: no such run, a key that lets nobody in
 */
export async function* runEvents(
  client: Client,
  runId: string,
  options: RunEventsOptions = {},
): AsyncGenerator<RunEvent, void, undefined> {
  const { signal, onAway, onBack } = options
  let seen = options.lastEventId
  const told = new Map<string, string>()
  let isAway = false
  for (let misses = 0; !signal?.aborted;) {
    const connection = new AbortController()
    let asked: number | null = null
    try {
      const response = await responseOf(
        client.api.runs[':id'].events.$get(
          { param: { id: runId }, header: seen === undefined ? {} : { 'last-event-id': String(seen) } },
          { init: { signal: signal ? AbortSignal.any([signal, connection.signal]) : connection.signal } },
        ),
      )
      if (isAway) onBack?.()
      isAway = false
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
        if (event.type === 'state' && hasEnded(event.data.status)) return
      }
    } catch (error) {
      if (signal?.aborted) return
      if (error instanceof ApiError && !isForNow(error)) throw error
      isAway = true
      onAway?.(error)
      misses++
      asked = error instanceof ApiError ? error.retryAfter : null
    } finally {
      connection.abort()
    }
    await pause(waitOf(misses, asked), signal)
  }
}

/** A refusal that ends by itself. */
const isForNow = ({ status, retryAfter }: ApiError): boolean =>
  status >= 500 || (status === 429 && retryAfter !== null)

/**
 * How long to wait before the next try, in milliseconds.
 *
 * @param asked seconds that the service asks for; null: it does not say
 */
export const waitOf = (misses: number, asked: number | null): number =>
  asked === null
    ? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** misses)
    : Math.min(LONGEST_ASKED_MS, Math.max(FIRST_WAIT_MS, asked * 1_000))

/** Server-sent events of a body, with the text of their data. A body that falls silent is broken off. */
async function* eventsIn(
  body: ReadableStream<Uint8Array> | null,
  connection: AbortController,
): AsyncGenerator<{ event: RunEvent; text: string }, void, undefined> {
  if (!body) return
  const breakOff = (): void =>
    connection.abort(new DOMException(`silent for ${SILENCE_MS} ms`, 'TimeoutError'))
  let silence = setTimeout(breakOff, SILENCE_MS)
  const decoder = new TextDecoder()
  // Not all browsers iterate over streams.
  const reader = body.getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      clearTimeout(silence)
      silence = setTimeout(breakOff, SILENCE_MS)
      rest += decoder.decode(value, { stream: true })
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
