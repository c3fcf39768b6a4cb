import { setTimeout as sleep } from 'node:timers/promises'
import { DrizzleQueryError } from 'drizzle-orm'

/**
 * A database error as it may leave this process: code, constraint and table. Drivers put the statement and all its
 * parameters into the message, which may hold a token, so the original is never passed on.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: string
  readonly constraint: string | null

  constructor(code: string, constraint: string | null, table: string | null) {
    const where = [constraint && `constraint ${constraint}`, table && `table ${table}`]
      .filter(Boolean)
      .join(', ')
    super(`PostgreSQL refused with ${code}${where ? ` (${where})` : ''}`)
    this.code = code
    this.constraint = constraint
  }
}

const textOr = (value: unknown): string | null =>
  typeof value === 'string' && value.length > 0 ? value : null

/** The driver's error behind `error`, looking through drizzle's wrapper. */
function driverError(error: unknown): Record<string, unknown> | null {
  if (!(error instanceof Error)) return null
  // The driver hangs statement and parameters on whatever its queries end with.
  if (error.name === 'PostgresError' || Object.hasOwn(error, 'parameters'))
    return error as unknown as Record<string, unknown>
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && /^(CONNECT|CONNECTION_|ECONN|EPIPE|ENOTFOUND|ETIMEDOUT)/.test(code)) {
    return error as unknown as Record<string, unknown>
  }
  return driverError(error.cause) ?? wrapped(error)
}

/** Drizzle repeats the parameters for whatever went wrong, also when the driver itself gave up before PostgreSQL saw them. */
const wrapped = (error: Error): Record<string, unknown> | null =>
  error instanceof DrizzleQueryError ? { code: (error.cause as { code?: unknown } | undefined)?.code } : null

/**
 * True for codes that say that PostgreSQL cannot be asked now: its classes 08, 53 and 57P, and the codes of sockets and of the
 * driver.
 */
export const isAway = (code: string): boolean =>
  /^(08|53|57P)/.test(code) || /^(CONNECT|CONNECTION_|ECONN|EPIPE|ENOTFOUND|ETIMEDOUT)/.test(code)

/** Re-creates a driver's error without statement and parameters; anything else passes unchanged. */
export function withoutParameters(error: unknown): unknown {
  const driver = driverError(error)
  if (!driver) return error
  return new DatabaseError(
    textOr(driver.code) ?? 'unknown',
    textOr(driver.constraint_name),
    textOr(driver.table_name),
  )
}

// Deadlock and serialisation failure: PostgreSQL asks for the transaction to be repeated.
const REPEATABLE = new Set(['40P01', '40001'])

// Under constant contention a transaction may lose several times in a row. A deadlock costs a second to find, so those
// that lost must not come back together: the waits are drawn.
const TRIES = 20
const longestWait = (attempt: number) => Math.min(1_000, 10 * 2 ** attempt)

/** Runs a transaction, repeating it when PostgreSQL says that it lost against another one. */
export async function repeatOnConflict<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      const safe = withoutParameters(error)
      if (!(safe instanceof DatabaseError) || !REPEATABLE.has(safe.code) || attempt >= TRIES) throw safe
      await sleep(Math.random() * longestWait(attempt))
    }
  }
}

/** True when the unique constraint or index of that name refused a row. */
export const isUniqueViolation = (error: unknown, constraint: string): boolean => {
  const safe = withoutParameters(error)
  return safe instanceof DatabaseError && safe.code === '23505' && safe.constraint === constraint
}
