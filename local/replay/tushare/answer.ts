import { damageTable } from '../damage.ts'
import type { Table } from '../damage.ts'
import { FAULTS } from '../faults.ts'
import type { Fault } from '../faults.ts'
import type { ReplayMarket } from '../market.ts'
import type { Api, ApiContext, Params } from './api.ts'
import { INDEX_APIS } from './index-apis.ts'
import type { JsonWriter } from './json-writer.ts'
import { LIST_APIS } from './list-apis.ts'
import { PERIOD_APIS } from './period-apis.ts'
import { QUOTE_APIS } from './quote-apis.ts'
import { REPORT_APIS } from './report-apis.ts'
import { UNPLAYED_APIS } from './unplayed-apis.ts'
import { VALUATION_API } from './valuation-api.ts'
import type { RateLimiter } from './rate-limits.ts'
import {
  BAD_FIELDS,
  BAD_JSON,
  BAD_QUERY,
  BAD_TOKEN,
  missingParameter,
  NO_TOKEN,
  noPermission,
  tooManyAddresses,
  tooManyCalls,
  UNKNOWN_API,
} from './refusals.ts'
import type { Generation, Refusal } from './refusals.ts'

/** A request after its JSON was read. */
export interface Request {
  readonly api: string
  readonly token: string
  readonly params: Params
  /** Null: the default fields. */
  readonly fields: ReadonlySet<string> | null
}

/** An answer's body with what the journal wants to know. The body is valid until the writer is used again. */
export interface Answer {
  readonly body: Buffer
  readonly rows: number
  readonly hasMore: boolean
  readonly outcome: string
}

export interface AnswerDeps {
  readonly market: ReplayMarket
  readonly token: string
  readonly points: number
  readonly generation: Generation
  readonly limiter: RateLimiter
  readonly isPublished: ApiContext['isPublished']
  readonly requestId: () => string
}

// No query reaches past this many rows: slice by date or code instead.
const MOST_OFFSET = 100_000

const APIS = new Map<string, Api>(
  [
    ...LIST_APIS,
    ...QUOTE_APIS,
    VALUATION_API,
    ...REPORT_APIS,
    ...PERIOD_APIS,
    ...INDEX_APIS,
    ...UNPLAYED_APIS,
  ].map((api) => [api.name, api]),
)

const toParams = (raw: unknown): Params => {
  const params: Record<string, string> = {}
  if (typeof raw !== 'object' || raw === null) return params
  for (const [name, value] of Object.entries(raw)) {
    if (typeof value === 'string' || typeof value === 'number') {
      if (value !== '') params[name] = String(value)
    }
  }
  return params
}

const toFields = (raw: unknown): ReadonlySet<string> | null | undefined => {
  if (raw === undefined || raw === null || raw === '') return null
  if (typeof raw === 'string') return new Set(raw.split(',').map((name) => name.trim()))
  return Array.isArray(raw) ? new Set(raw.map(String)) : undefined
}

/** Reads a request body, or says how upstream refuses it. */
export const readRequest = (body: string): Request | Refusal => {
  let raw: unknown
  try {
    raw = JSON.parse(body)
  } catch {
    return BAD_JSON
  }
  if (typeof raw !== 'object' || raw === null) return BAD_JSON
  const { api_name: api, token, params, fields } = raw as Record<string, unknown>
  const wanted = toFields(fields)
  if (typeof token !== 'string' || token === '') return NO_TOKEN
  if (wanted === undefined) return BAD_FIELDS
  return { api: typeof api === 'string' ? api : '', token, params: toParams(params), fields: wanted }
}

/** Every reason not to answer, in the order the server checks them; the API when there is none. */
export const admit = (request: Request, deps: AnswerDeps, now: number): Api | Refusal => {
  if (request.token !== deps.token) return BAD_TOKEN
  const api = APIS.get(request.api)
  if (api === undefined) return UNKNOWN_API
  if (deps.points < api.points) return noPermission(api.name, deps.generation)
  const { required } = api
  if (required.length > 0 && !required.some((name) => request.params[name] !== undefined)) {
    return missingParameter(required[0] ?? '')
  }
  if (!api.isOffered(deps.market)) return noPermission(api.name, deps.generation)
  const exceeded = deps.limiter.take(request.token, api.name, now)
  if (exceeded !== undefined) return tooManyCalls(api.name, exceeded.limit, exceeded.span, deps.generation)
  return Number(request.params.offset ?? 0) > MOST_OFFSET ? BAD_QUERY : api
}

const count = (text: string | undefined, fallback: number): number => {
  const value = Number(text ?? fallback)
  return Number.isInteger(value) && value >= 0 ? value : fallback
}

/** Writes the rows that a request asks for. */
export const answerRows = (api: Api, request: Request, deps: AnswerDeps, out: JsonWriter): Answer => {
  const { market, isPublished, generation } = deps
  const fields = api.fieldsFor(request.fields)
  const page = {
    offset: count(request.params.offset, 0),
    limit: Math.min(api.cap, count(request.params.limit, api.cap) || api.cap),
  }
  out.clear()
  out.raw(
    `{"request_id":"${deps.requestId()}","code":0,"msg":"","data":{"fields":${JSON.stringify(fields)},"items":[`,
  )
  const { rows, hasMore } = api.write({ market, params: request.params, isPublished }, fields, page, out)
  out.raw(generation === '2026' ? `],"has_more":${hasMore},"count":-1}}` : ']}}')
  return { body: out.view(), rows, hasMore, outcome: 'ok' }
}

/** An answer that says no. */
export const answerRefusal = (refusal: Refusal, requestId: string): Answer => {
  const { code, msg, outcome } = refusal
  return {
    body: Buffer.from(JSON.stringify({ request_id: requestId, code, msg, message: msg, data: null })),
    rows: 0,
    hasMore: false,
    outcome,
  }
}

/** The refusal that a fault asks for, if it is that sort of fault. */
export const refusalOf = (fault: Fault, api: string, generation: Generation): Refusal | undefined => {
  if (fault.kind === 'bad_token') return BAD_TOKEN
  if (fault.kind === 'no_permission') return noPermission(api, generation)
  if (fault.kind === 'too_many_addresses') return tooManyAddresses(fault.limit ?? 2)
  return fault.kind === 'rate_limited'
    ? tooManyCalls(api, fault.limit ?? 500, fault.span ?? 'minute', generation)
    : undefined
}

/** The same answer after its rows were damaged. Slow (the JSON is read and written again), and only for faults. */
export const damageAnswer = (answer: Answer, fault: Fault): Answer => {
  const whole = JSON.parse(answer.body.toString()) as { data: Table }
  damageTable(whole.data, fault)
  const body = Buffer.from(JSON.stringify(whole))
  return { body, rows: whole.data.items.length, hasMore: answer.hasMore, outcome: `fault:${fault.kind}` }
}

export const isRowFault = (fault: Fault): boolean => FAULTS[fault.kind] === 'rows'
