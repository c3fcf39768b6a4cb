import type { ClientResponse } from 'hono/client'
import type { FieldError, ProblemCode } from '../api/problems.ts'

/** What the JSON of a successful answer is; undefined where an answer has no body. */
export type BodyOf<R> =
  R extends ClientResponse<infer Body, infer Status, infer Format>
    ? Status extends 200 | 201 | 202
      ? Format extends 'json'
        ? Body
        : never
      : Status extends 204
        ? undefined
        : never
    : never

/** What is read of an answer, whatever its type says. */
interface Answered {
  status: number
  statusText: string
  headers: Headers
  url: string
  text(): Promise<string>
  json(): Promise<unknown>
}

/** A refusal of the service, or of something in front of it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  /** Stable, to decide by; null where the answer has none: the groups of the seed documents, and proxies. */
  readonly code: ProblemCode | null
  readonly title: string
  /** What is wrong and what to do about it. */
  readonly detail: string
  /** To find it in the log of the service. */
  readonly requestId: string | null
  /** Seconds to wait before the next try, where the answer says so. */
  readonly retryAfter: number | null
  /** The run that the answer is about, e.g. the one that holds the lock. */
  readonly runId: string | null
  /** The fields that are wrong. */
  readonly errors: readonly FieldError[]
  /** The whole answer: JSON where it is some, else text. */
  readonly body: unknown

  constructor(answer: Pick<Answered, 'status' | 'statusText' | 'headers'>, body: unknown) {
    const { status, headers } = answer
    const told = isRecord(body) ? body : {}
    const title = textIn(told['title']) ?? (answer.statusText || `HTTP ${status}`)
    const detail = textIn(told['detail']) ?? textIn(told['message']) ?? title
    super(detail)
    this.status = status
    this.code = textIn(told['code']) as ProblemCode | null
    this.title = title
    this.detail = detail
    this.requestId = textIn(told['request_id']) ?? headers.get('x-request-id')
    const seconds = Number(headers.get('retry-after') ?? Number.NaN)
    this.retryAfter = Number.isFinite(seconds) ? seconds : null
    this.runId = textIn(told['run_id'])
    this.errors = Array.isArray(told['errors']) ? (told['errors'] as FieldError[]) : []
    this.body = body
  }
}

/**
 * The answer itself, for tables in other formats than JSON and whatever is streamed. It is what `fetch` gave.
 *
 * @throws ApiError when it is a refusal. 304 is none: only who sends `if-none-match` gets it
 * @throws what `fetch` throws when nobody answers
 */
export async function responseOf<R extends Answered>(pending: Promise<R>): Promise<R & Response> {
  const answer = await pending
  const { status } = answer
  if ((status >= 200 && status < 300) || status === 304) return answer as unknown as R & Response
  throw new ApiError(answer, await bodyOf(answer))
}

/**
 * The JSON of a successful answer, with the type that its route has in the schemas.
 *
 * @throws ApiError when it is a refusal
 * @throws TypeError when it is no JSON: see `responseOf`
 */
export async function answerOf<R extends Answered>(pending: Promise<R>): Promise<BodyOf<R>> {
  const answer = await responseOf(pending)
  if (answer.status === 204) return undefined as BodyOf<R>
  if (isJson(answer)) return (await answer.json()) as BodyOf<R>
  const type = answer.headers.get('content-type') ?? 'nothing'
  throw new TypeError(`${answer.url || 'the service'} answered ${type} (${answer.status}), not JSON`)
}

interface Page<T> {
  items: T[]
  next_cursor: string | null
}

/** Items of a list through all of its pages. `ask` gets what to put into the query: nothing, or where to go on. */
export async function* itemsOf<T>(
  ask: (where: { cursor?: string }) => Promise<ClientResponse<Page<T>, 200, 'json'>>,
): AsyncGenerator<T, void, undefined> {
  for (let where: { cursor?: string } | null = {}; where !== null;) {
    const page: Page<T> = await answerOf(ask(where))
    yield* page.items
    const { next_cursor: cursor } = page
    // Log lines name a cursor even on their last page: where to go on later.
    where = cursor === null || page.items.length === 0 ? null : { cursor }
  }
}

/** Anything but our own answers is a few lines of text at most. */
const MAX_TEXT = 2_000

async function bodyOf(answer: Answered): Promise<unknown> {
  const text = await answer.text().catch(() => '')
  if (!isJson(answer)) return text.slice(0, MAX_TEXT)
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text.slice(0, MAX_TEXT)
  }
}

const isJson = ({ headers }: Answered): boolean =>
  /^application\/(problem\+)?json\b/.test(headers.get('content-type') ?? '')

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textIn = (value: unknown): string | null => (typeof value === 'string' ? value : null)
