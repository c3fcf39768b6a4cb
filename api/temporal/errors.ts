import { isGrpcServiceError, ServiceError } from '@temporalio/client'

/** The server did not answer, so nothing is known: try again later. */
export class TemporalAway extends Error {
  override readonly name = 'TemporalAway'
}

/** The server answered that it will not do this; asking again changes nothing. */
export class TemporalRefused extends Error {
  override readonly name = 'TemporalRefused'
}

// gRPC status codes by number, as in its specification.
const CODES: Readonly<Record<number, string>> = {
  1: 'CANCELLED',
  2: 'UNKNOWN',
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  5: 'NOT_FOUND',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  12: 'UNIMPLEMENTED',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
  16: 'UNAUTHENTICATED',
}
// A wrong key or a call that this server does not know stays wrong.
const FINAL = new Set<number>([3, 12])
const BY_KEY = new Set<number>([7, 16])

/** A client's error as it may leave this process: the status and, where the request was refused, why. */
export function asTemporalError(error: unknown): unknown {
  if (error instanceof TemporalAway || error instanceof TemporalRefused) return error
  const cause = error instanceof ServiceError ? error.cause : error
  if (!isGrpcServiceError(cause)) {
    return error instanceof Error && error.name === 'NamespaceNotFoundError'
      ? new TemporalAway('its namespace does not exist: check TEMPORAL_NAMESPACE')
      : error
  }
  const code = CODES[cause.code] ?? `code ${cause.code}`
  if (FINAL.has(cause.code)) return new TemporalRefused(`${code}: ${cause.details}`)
  const hint = BY_KEY.has(cause.code) ? ': check TEMPORAL_API_KEY and TEMPORAL_TLS' : ''
  return new TemporalAway(`${code}${hint}`)
}
