/**
 * Everything that the API may refuse, once: its stable code, its HTTP status and its title. Clients decide by `code`;
 * the detail of each answer says what to do.
 */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  malformed_json: { status: 400, title: 'The body is not JSON' },
  foreign_host: { status: 403, title: 'The Host header names another machine' },
  foreign_origin: { status: 403, title: 'The request comes from another site' },
  not_found: { status: 404, title: 'There is nothing here' },
  source_not_found: { status: 404, title: 'There is no such source' },
  run_not_found: { status: 404, title: 'There is no such run' },
  stock_not_found: { status: 404, title: 'There is no such stock' },
  run_final: { status: 409, title: 'The run has ended' },
  run_not_final: { status: 409, title: 'The run has not ended' },
  run_gone: { status: 409, title: 'The run has no workflow any more' },
  app_secret_missing: { status: 409, title: 'Tokens cannot be stored without APP_SECRET' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  run_active: { status: 429, title: 'Another run is under way' },
  internal: { status: 500, title: 'Something is wrong in the service' },
  database_unavailable: { status: 503, title: 'PostgreSQL does not answer' },
  temporal_unavailable: { status: 503, title: 'Temporal does not answer' },
  worker_unavailable: { status: 503, title: 'No worker is there' },
  too_many_reads: { status: 503, title: 'Too many tables are being read' },
  too_many_streams: { status: 503, title: 'Too many event streams are open' },
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

  constructor(code: ProblemCode, detail: string, extra: Problem['extra'] = {}) {
    super(detail)
    this.code = code
    this.extra = extra
  }
}

export const noSuchRun = (id: string): Problem =>
  new Problem('run_not_found', `no run has the id ${id}; GET /api/runs lists them`)
