import type { Sql, Tx } from '../client.ts'

/** What the `id` of a marker is when all schedules of a first start were made. */
export const ALL_MADE = '*'

/** Ids of schedules that were made through the service in a namespace, `ALL_MADE` among them when its first start is over. */
export async function madeSchedules(sql: Sql | Tx, namespace: string): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`select id from schedule_made where namespace = ${namespace}`
  return new Set(rows.map(({ id }) => id))
}

/** Remembers that the schedule was made, by whomever: it is the user's own from now on. */
export async function markMade(sql: Sql | Tx, namespace: string, id: string): Promise<void> {
  await sql`insert into schedule_made (namespace, id) values (${namespace}, ${id}) on conflict do nothing`
}

/** A schedule that was removed after the first start need not be remembered. */
export async function forgetMade(sql: Sql, namespace: string, id: string): Promise<void> {
  await sql`
    delete from schedule_made where namespace = ${namespace} and id = ${id}
      and exists (select from schedule_made where namespace = ${namespace} and id = ${ALL_MADE})`
}

/** A run that was started by the execution of that workflow id, the newest one. */
export interface ScheduledRun {
  request_id: string
  id: string
  status: string
}

/** The last run of each of these starts; starts without one are left out. */
export async function runsOfStarts(sql: Sql, requestIds: readonly string[]): Promise<ScheduledRun[]> {
  if (requestIds.length === 0) return []
  return await sql<ScheduledRun[]>`
    select distinct on (request_id) request_id, id, status from sync_run
    where request_id = any(${requestIds as string[]}) order by request_id, created_at desc`
}

/**
 * The newest run of a job with these very parameters that brought all it was about, if it began at `since` or later. One from
 * the future began before the clock was set back: it may have asked for less than there is now.
 *
 * @param since ISO 8601
 */
export async function successSince(
  sql: Sql,
  job: string,
  params: object,
  since: string,
): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    select id from sync_run
    where job = ${job} and params = ${sql.json(params as never)}::jsonb and status = 'success'
      and started_at between ${since} and clock_timestamp()
    order by started_at desc limit 1`
  return row?.id ?? null
}
