/**
 * Everything that the API may refuse, once: its stable code, its HTTP status and its title. Clients decide by `code`;
 * the detail of each answer says what to do.
 */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  key_missing: { status: 401, title: 'A key is needed' },
  key_unknown: { status: 401, title: 'The key lets nobody in' },
  malformed_json: { status: 400, title: 'The body is not JSON' },
  foreign_host: { status: 403, title: 'The Host header names another machine' },
  foreign_origin: { status: 403, title: 'The request comes from another site' },
  role_too_small: { status: 403, title: 'The key is for less' },
  not_found: { status: 404, title: 'There is nothing here' },
  source_not_found: { status: 404, title: 'There is no such source' },
  key_not_found: { status: 404, title: 'There is no such key' },
  run_not_found: { status: 404, title: 'There is no such run' },
  failure_not_found: { status: 404, title: 'There is no such failure' },
  stock_not_found: { status: 404, title: 'There is no such stock' },
  job_not_found: { status: 404, title: 'There is no such job' },
  schedule_not_found: { status: 404, title: 'There is no such schedule' },
  method_not_allowed: { status: 405, title: 'The path has no such method' },
  run_final: { status: 409, title: 'The run has ended' },
  run_not_final: { status: 409, title: 'The run has not ended' },
  run_gone: { status: 409, title: 'The run has no workflow any more' },
  key_name_taken: { status: 409, title: 'Another key has the name' },
  receiver_missing: { status: 409, title: 'Nobody is told of anything yet' },
  key_configured: { status: 409, title: 'The key stands in API_KEYS' },
  app_secret_missing: { status: 409, title: 'Tokens cannot be stored without APP_SECRET' },
  body_too_large: { status: 413, title: 'The body is too large' },
  address_too_long: { status: 414, title: 'The address is too long' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  invalid_schedule: { status: 422, title: 'The schedule is not valid' },
  run_active: { status: 429, title: 'Another run is under way' },
  too_many_changes: { status: 429, title: 'Too many changes within a minute' },
  too_many_failures: { status: 429, title: 'Too many wrong keys' },
  too_many_plans: { status: 429, title: 'Too many plans are being made' },
  too_many_reads: { status: 429, title: 'Too many tables are being read' },
  too_many_streams: { status: 429, title: 'Too many event streams are open' },
  run_failed: { status: 500, title: 'The run has not brought what it was about' },
  internal: { status: 500, title: 'Something is wrong in the service' },
  receiver_refused: { status: 502, title: 'The receiver did not take it' },
  database_unavailable: { status: 503, title: 'PostgreSQL does not answer' },
  temporal_unavailable: { status: 503, title: 'Temporal does not answer' },
  worker_unavailable: { status: 503, title: 'No worker is there' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS
export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[]

export interface FieldError {
  /** Path of the field, e.g. `symbols[1]`; empty for the body as a whole. */
  field: string
  message: string
}

/** A refusal with its reason; the error handler makes the answer of it. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly extra: { run_id?: string; errors?: FieldError[] }
  /** Of the answer, e.g. `Retry-After`. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ProblemCode,
    detail: string,
    extra: Problem['extra'] = {},
    headers: Problem['headers'] = {},
  ) {
    super(detail)
    this.code = code
    this.extra = extra
    this.headers = headers
  }
}

export const noSuchRun = (id: string): Problem =>
  new Problem('run_not_found', `no run has the id ${id}; GET /api/runs lists them`)

export const noSuchFailure = (id: string): Problem =>
  new Problem('failure_not_found', `no failure has the id ${id}; GET /api/failures lists them`)
