import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { z } from 'zod'
import { DatabaseError, isAway, withoutParameters } from '../../db/errors.ts'
import type { RouteTable } from '../access/route-table.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { type FieldError, Problem, PROBLEMS } from '../problems.ts'
import { TemporalAway } from '../temporal/errors.ts'

// The documents that the product was asked for from: their paths keep their envelope, errors included.
const SEED_PATHS = ['/api/sync/', '/api/multi-period-sync/', '/scheduler/', '/sync']

const isSeedPath = (path: string): boolean =>
  SEED_PATHS.some((prefix) =>
    prefix.endsWith('/') ? path.startsWith(prefix) : path === prefix || path.startsWith(`${prefix}/`),
  )

/** Anything that was thrown → the answer of its group. What is unexpected is logged and does not leave. */
export const onError =
  (deps: Pick<ApiDeps, 'log' | 'redact'>) =>
  (error: Error, c: Context<ApiEnv>): Response => {
    const problem = problemOf(error)
    if (problem.code === 'internal') {
      const safe = withoutParameters(error)
      const detail = safe instanceof Error ? (safe.stack ?? safe.message) : String(safe)
      deps.log.error({ requestId: c.get('requestId'), error: deps.redact(detail) }, 'a request failed')
    }
    return answerOf(problem, c)
  }

/** The answer for what no route has: a path that there is not, or another method of one that there is. */
export const onNotFound =
  (table: RouteTable) =>
  (c: Context<ApiEnv>): Response => {
    const { method, path } = c.req
    const methods = table.methodsAt(path)
    const bare = path.replace(/\/+$/, '')
    // As browsers and people write addresses. Only to a route of ours: never to another machine by `//name`.
    if (
      methods.length === 0 &&
      !['', path].includes(bare) &&
      isRead(method) &&
      table.methodsAt(bare).includes('GET')
    )
      return c.redirect(bare + new URL(c.req.url).search, 308)
    if (methods.length === 0)
      return answerOf(
        new Problem('not_found', `${method} ${path} does not exist; GET /openapi.json lists what does`),
        c,
      )
    const allow = methods.join(', ')
    const problem = new Problem(
      'method_not_allowed',
      `${path} has ${allow}, not ${method}`,
      {},
      { Allow: allow },
    )
    return answerOf(problem, c)
  }

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD'

// Characters that PostgreSQL has no place for; no field of ours needs them.
const UNSTORABLE = new Set(['22021', '22P05'])
// Numbers, dates and times that PostgreSQL has no room for, where a schema or a cursor let them through.
const OUT_OF_RANGE = new Set(['22003', '22007', '22008', '22P02'])

function problemOf(error: Error): Problem {
  if (error instanceof Problem) return error
  if (error instanceof TemporalAway) {
    return new Problem(
      'temporal_unavailable',
      `Temporal does not answer (${error.message}): try again; GET /readyz tells when it is back`,
    )
  }
  if (error instanceof HTTPException) return fromHttp(error)
  const safe = withoutParameters(error)
  if (safe instanceof DatabaseError && isAway(safe.code)) {
    return new Problem(
      'database_unavailable',
      `PostgreSQL does not answer (${safe.code}): try again; GET /readyz tells when it is back`,
    )
  }
  if (safe instanceof DatabaseError && UNSTORABLE.has(safe.code))
    return new Problem('invalid_request', 'a text holds a character that no text may have, like NUL')
  if (safe instanceof DatabaseError && OUT_OF_RANGE.has(safe.code))
    return new Problem('invalid_request', 'a number, date or cursor lies outside of all that there can be')
  const what = safe instanceof DatabaseError ? ` (${safe.message})` : ''
  return new Problem(
    'internal',
    `an unexpected error${what}: please report it with the request id, which stands in the log`,
  )
}

function fromHttp(error: HTTPException): Problem {
  if (error.status === 415)
    return new Problem('unsupported_media_type', 'send JSON with Content-Type: application/json')
  if (error.status === 400) return new Problem('malformed_json', 'the body is not well-formed JSON')
  return new Problem(
    'internal',
    'an unexpected error: please report it with the request id, which stands in the log',
  )
}

function answerOf(problem: Problem, c: Context<ApiEnv>): Response {
  const { code, message, extra, headers } = problem
  const { status, title } = PROBLEMS[code]
  const request_id = c.get('requestId')
  c.header('X-Request-Id', request_id)
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
  if (isSeedPath(c.req.path))
    return c.json(
      { success: false, message, data: null, ...(extra.run_id !== undefined && { run_id: extra.run_id }) },
      status as ContentfulStatusCode,
    )
  return c.body(
    JSON.stringify({
      type: `/openapi.json#problem-${code}`,
      code,
      title,
      status,
      detail: message,
      request_id,
      ...extra,
    }),
    status as ContentfulStatusCode,
    { 'Content-Type': 'application/problem+json' },
  )
}

/** What zod found → a refusal that names every field. */
export function invalidRequest(error: z.ZodError): Problem {
  const errors = error.issues.flatMap(fieldErrors)
  const text = errors
    .map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
    .join('; ')
  return new Problem('invalid_request', text, { errors })
}

// A list of 5,000 wrong symbols is told by its first ones.
const MAX_FIELD_ERRORS = 20

function fieldErrors(issue: z.core.$ZodIssue, index: number): FieldError[] {
  if (index >= MAX_FIELD_ERRORS) return []
  const field = issue.path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: field === '' ? key.slice(0, 60) : `${field}.${key.slice(0, 60)}`,
      message: 'is not known here',
    }))
  }
  return [{ field, message: plainMessage(issue) }]
}

/** A message of the schema's own as it is; those of zod in the words of the others. */
function plainMessage(issue: z.core.$ZodIssue): string {
  const { message } = issue
  if (issue.code === 'invalid_value' && message.startsWith('Invalid option: '))
    return `must be one of ${issue.values.map(String).join(', ')}`
  const isOfZod = /^Too (small|big): expected /.test(message)
  if (isOfZod && issue.code === 'too_small') return `must be at least ${issue.minimum}${unitOf(issue.origin)}`
  if (isOfZod && issue.code === 'too_big') return `must be at most ${issue.maximum}${unitOf(issue.origin)}`
  return message.replace(/^Invalid input: /, '')
}

const UNITS: Readonly<Record<string, string>> = { string: ' characters long', array: ' entries long' }
const unitOf = (origin: string): string => UNITS[origin] ?? ''
