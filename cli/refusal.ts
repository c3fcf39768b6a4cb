import { ApiError } from '../client/index.ts'
import { CliError } from './errors.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

/** The exit status that follows from a refusal. */
function exitOf({ status, code, retryAfter }: ApiError): ExitCode {
  if (status === 401 || status === 403) return EXIT.refused
  // Routes of the seeds name no code; a limit on requests says when to come again.
  if (status === 429 && (code === 'run_active' || (code === null && retryAfter === null))) return EXIT.busy
  if ([400, 413, 414, 415, 422].includes(status)) return EXIT.usage
  return [502, 503, 504].includes(status) ? EXIT.unreachable : EXIT.failed
}

const hintOf = (exitCode: ExitCode): string => {
  if (exitCode === EXIT.refused) return ' (--key-file FILE or ASHARE_API_KEY gives a key)'
  return exitCode === EXIT.busy ? ' (or with ashare-sync sync --force)' : ''
}

function refused(error: ApiError): CliError {
  const exitCode = exitOf(error)
  const code = error.code ?? (exitCode === EXIT.busy ? 'run_active' : `status_${error.status}`)
  return new CliError(exitCode, code, `${error.detail}${hintOf(exitCode)}`, error.runId ?? undefined)
}

const codeOf = (error: unknown): string | null => {
  if (!(error instanceof Error)) return null
  const { code } = error as { code?: unknown }
  // Several addresses of one name, each with its own error.
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return typeof code === 'string' ? code : error.message
}

/** A service that does not answer, or breaks off. */
const isAway = (error: unknown): error is Error =>
  error instanceof Error &&
  (error.name === 'TimeoutError' ||
    (error instanceof TypeError && ['fetch failed', 'terminated'].includes(error.message)))

/** Why a service cannot be asked now, in a few words; null for any other error. */
export function whyAway(error: unknown): string | null {
  if (error instanceof ApiError) return exitOf(error) === EXIT.unreachable ? error.detail : null
  return isAway(error) ? (codeOf(error.cause ?? error) ?? 'no answer') : null
}

/** What went wrong while a service was asked → how the command ends; anything else as it is. */
export function asFailure(error: unknown, url: string): unknown {
  if (error instanceof ApiError) return refused(error)
  const why = whyAway(error)
  if (why === null) return error
  return new CliError(
    EXIT.unreachable,
    'service_unreachable',
    `no service answers at ${url} (${why}): start one with ashare-sync up, or name it with --url or ASHARE_URL`,
  )
}
