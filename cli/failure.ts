import { CliError, interrupted } from './errors.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

export interface Failure {
  exitCode: ExitCode
  /** Stable, for programs. */
  code: string
  message: string
  runId?: string | undefined
}

/** Anything that ended a command → its exit status and what to say. What nobody expected comes with its stack. */
export async function failureOf(error: unknown): Promise<Failure> {
  if (error instanceof CliError) return error
  // Whatever was under way at a Ctrl-C ends with this; what ran out of time is a TimeoutError.
  if (error instanceof Error && error.name === 'AbortError') return interrupted()
  // Those who throw the others have loaded these already.
  const [{ ConfigError }, { DatabaseError, isAway, withoutParameters }, { NoDatabase }] = await Promise.all([
    import('../config.ts'),
    import('../db/errors.ts'),
    import('../local/database-url.ts'),
  ])
  if (error instanceof ConfigError)
    return { exitCode: EXIT.usage, code: 'configuration', message: error.message }
  if (error instanceof NoDatabase)
    return { exitCode: EXIT.unreachable, code: 'no_database', message: error.message }
  const safe = withoutParameters(error)
  if (safe instanceof DatabaseError && isAway(safe.code))
    return {
      exitCode: EXIT.unreachable,
      code: 'database_unavailable',
      message: `PostgreSQL does not answer (${safe.code}): ashare-sync doctor says more`,
    }
  const text = safe instanceof Error ? (safe.stack ?? safe.message) : String(safe)
  return { exitCode: EXIT.failed, code: 'unexpected', message: text }
}
