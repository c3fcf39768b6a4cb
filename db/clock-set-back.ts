import type { Sql } from './client.ts'
import { COUNTS_FOR } from './lock-waiters.ts'
import { LEASE_MS } from './lease.ts'

/**
 * Takes what lies further ahead than it was ever put back to where it may be: the clock of the database was set back since, and
 * a rest, a right or a turn would last as much longer as the clock has lost. Budgets do the same by themselves (db/budget.ts).
 */
export async function followClockBack(sql: Sql): Promise<void> {
  await sql`
    update source_health set resting_until = resting_until - (last_failure_at - clock_timestamp()),
      last_failure_at = clock_timestamp(), probing_until = null
    where last_failure_at > clock_timestamp()`
  // A holder that lives renews its right long before that.
  const leaseEnd = sql`clock_timestamp() + make_interval(secs => ${LEASE_MS / 1000})`
  await sql`update source_lease set until = ${leaseEnd} where until > ${leaseEnd}`
  const turnEnd = sql`clock_timestamp() + ${COUNTS_FOR}::interval`
  await sql`update lock_waiter set until = ${turnEnd} where until > ${turnEnd}`
}
