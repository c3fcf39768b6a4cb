import type { Notice } from '../../market/notifications.ts'
import type { Sql, Tx } from '../client.ts'

/*
 * The outbox: what happened and that it is to be told stand in one transaction. A sender leases one notice at a time; if
 * it dies the lease runs out and another one sends it. So a receiver may hear of something twice, and never not at all.
 */

export interface StoredNotice {
  id: number
  event: string
  title: string
  text: string
  details: Record<string, unknown>
  created_at: string
  attempts: number
  sent_at: string | null
  given_up_at: string | null
  last_error: string | null
}

// A sender gives up on an answer long before this.
const LEASE = '60 seconds'
// Nobody wants to hear of yesterday when a receiver is set up today.
const WORTH_TELLING = '24 hours'

/** Stores a notice for the sender; nothing when one with the same `dedup` was stored before. */
export async function addNotice(
  sql: Sql | Tx,
  { event, title, text, details = {}, dedup }: Notice,
): Promise<void> {
  await sql`
    insert into notification (event, dedup, title, text, details)
    values (${event}, ${dedup ?? null}, ${title}, ${text}, ${sql.json(details as never)})
    on conflict (dedup) do nothing`
}

/**
 * Leases the oldest notice that is due; null when there is none.
 *
 * @param perMinute no more while so many have been sent within the last minute; null: no limit
 */
export async function leaseNotice(sql: Sql, perMinute: number | null): Promise<StoredNotice | null> {
  const [notice] = await sql<StoredNotice[]>`
    update notification set attempts = attempts + 1, next_attempt_at = clock_timestamp() + ${LEASE}::interval
    where id = (
      select id from notification
      where sent_at is null and given_up_at is null and next_attempt_at <= clock_timestamp()
        and created_at > clock_timestamp() - ${WORTH_TELLING}::interval
        and (${perMinute}::int is null or ${perMinute} > (
          select count(*) from notification where sent_at > clock_timestamp() - interval '1 minute'))
      order by next_attempt_at limit 1 for update skip locked)
    returning id, event, title, text, details, created_at, attempts, sent_at, given_up_at, last_error`
  return notice ?? null
}

/** The receiver has taken the notice. */
export async function noteSent(sql: Sql, id: number): Promise<void> {
  await sql`update notification set sent_at = clock_timestamp(), last_error = null where id = ${id}`
}

/** @param againMs null: given up */
export async function noteUnsent(sql: Sql, id: number, error: string, againMs: number | null): Promise<void> {
  await sql`update notification set last_error = ${error.slice(0, 500)},
    next_attempt_at = clock_timestamp() + make_interval(secs => ${(againMs ?? 0) / 1000}),
    given_up_at = case when ${againMs === null} then clock_timestamp() end
    where id = ${id}`
}

/** Newest first, before the one with the id `before`. */
export async function readNotices(
  sql: Sql,
  { before, limit }: { before: number | undefined; limit: number },
): Promise<StoredNotice[]> {
  return await sql<StoredNotice[]>`
    select id, event, title, text, details, created_at, attempts, sent_at, given_up_at, last_error from notification
    where (${before ?? null}::bigint is null or id < ${before ?? null}::bigint) order by id desc limit ${limit}`
}
