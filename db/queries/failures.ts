import type { Region } from '../../planning/types.ts'
import type { Sql, Tx } from '../client.ts'

export interface FailureRow {
  id: number
  job: string
  dataset: string
  source: string
  instrument_id: number | null
  symbol: string | null
  from_date: string | null
  to_date: string | null
  error_class: string
  message: string
  run_id: string
  retry_count: number
  max_retries: number
  created_at: string
  last_attempt_at: string
  resolved_at: string | null
  resolved_by: string | null
}

export interface NewFailure {
  job: string
  dataset: string
  source: string
  symbols: readonly { id: number | null; symbol: string | null }[]
  from: string | null
  to: string | null
  errorClass: string
  message: string
  runId: string
  maxRetries: number
  /** What is to be brought where it is no single symbol. */
  region?: Region
}

/**
 * Keeps a failure for each symbol (or one for a date); one that is open already counts another attempt. Several regions of
 * the same dates that fail in one run are one failure, and one attempt.
 */
export async function recordFailures(tx: Tx | Sql, failure: NewFailure): Promise<void> {
  const rows = failure.symbols.map((s) => ({ i: s.id, s: s.symbol }))
  await tx`
    insert into sync_failure as f (job, dataset, source, instrument_id, symbol, from_date, to_date, error_class, message, run_id, max_retries, regions)
    select ${failure.job}, ${failure.dataset}, ${failure.source}, i, s, ${failure.from}::date, ${failure.to}::date,
      ${failure.errorClass}, ${failure.message.slice(0, 1_000)}, ${failure.runId}, ${failure.maxRetries},
      ${failure.region ? tx.json([failure.region] as never) : null}::jsonb
    from jsonb_to_recordset(${tx.json(rows)}) as x(i int, s text)
    on conflict (dataset, source, instrument_id, symbol, from_date, to_date) where resolved_at is null
    do update set retry_count = f.retry_count + case when f.run_id = excluded.run_id and excluded.regions is not null then 0 else 1 end,
      last_attempt_at = now(), error_class = excluded.error_class, message = excluded.message, run_id = excluded.run_id,
      regions = case when f.regions @> excluded.regions then f.regions else coalesce(f.regions, '[]') || excluded.regions end`
}

/**
 * A success resolves what it covers, whoever fetched it. Whole lists resolve failures without dates; a day of the whole
 * market does not: that it came says nothing of, say, a symbol that does not exist.
 */
export async function resolveFailures(
  tx: Tx,
  success: {
    dataset: string
    instruments: readonly number[] | null
    from: string | null
    to: string | null
    runId: string
  },
): Promise<void> {
  await tx`
    update sync_failure f set resolved_at = now(), resolved_by = ${success.runId}
    where resolved_at is null and dataset = ${success.dataset}
      and (instrument_id = any(${(success.instruments ?? []) as number[]})
        or (${success.instruments === null} and (${success.from === null} or from_date is not null)))
      and (from_date is null or from_date >= ${success.from ?? '0001-01-01'}::date)
      and (to_date is null or to_date <= ${success.to ?? '9999-12-31'}::date)`
}

/**
 * A batch of a list that was given up left one failure. Once it ends well after all, and no other batch of its kind is
 * unfinished, that is resolved. What has dates is settled by what is covered, see settle-failures.ts: a batch may end well
 * without a day that it could not bring.
 */
export async function resolveListFailures(tx: Tx, batch: { runId: string; seq: number }): Promise<void> {
  await tx`
    update sync_failure f set resolved_at = now(), resolved_by = ${batch.runId} from sync_batch mine
    where mine.run_id = ${batch.runId} and mine.seq = ${batch.seq} and f.run_id = ${batch.runId} and f.resolved_at is null
      and f.dataset = mine.dataset and f.instrument_id is null and f.symbol is null and f.from_date is null and not exists (
        select from sync_batch b where b.run_id = ${batch.runId} and b.dataset = mine.dataset
          and b.state in ('pending', 'running', 'failed'))`
}

/** Open failures of a run that may still be retried. */
export async function openFailuresOf(sql: Sql, runId: string): Promise<FailureRow[]> {
  return await sql<FailureRow[]>`
    select * from sync_failure where run_id = ${runId} and resolved_at is null and retry_count < max_retries order by id`
}

/** A failure with what is to be brought where it is no single symbol. */
export interface OpenFailure extends FailureRow {
  regions: Region[] | null
}

/** Open failures of some ids that are about a dataset, in the order in which they came up. */
export async function failuresToRetry(
  sql: Sql,
  dataset: string,
  ids: readonly number[],
): Promise<OpenFailure[]> {
  return await sql<OpenFailure[]>`
    select * from sync_failure where id = any(${ids as number[]}) and dataset = ${dataset} and resolved_at is null order by id`
}

/** All open failures of a dataset, whatever tries they have left. */
export async function allOpenFailures(sql: Sql): Promise<OpenFailure[]> {
  return await sql<OpenFailure[]>`select * from sync_failure where resolved_at is null order by id`
}

/**
 * Open failures that may be tried again: those with the ids, whatever their count, or all that have tries left and have
 * something to do with the instruments and the dates.
 */
export async function retryableFailures(
  sql: Sql,
  filter: {
    ids?: readonly number[] | undefined
    instruments?: readonly number[] | undefined
    from?: string | undefined
    to?: string | undefined
  },
): Promise<FailureRow[]> {
  const { ids, instruments, from = null, to = null } = filter
  return await sql<FailureRow[]>`
    select * from sync_failure where resolved_at is null
      and (${ids !== undefined} or retry_count < max_retries)
      and (${ids === undefined} or id = any(${(ids ?? []) as number[]}))
      and (${instruments === undefined} or instrument_id = any(${(instruments ?? []) as number[]}))
      and (${from}::date is null or to_date is null or to_date >= ${from})
      and (${to}::date is null or from_date is null or from_date <= ${to})
    order by id`
}

/**
 * Counts an attempt of those failures of a run that are still open. Failures that came up in the run and are a part of them
 * are no failures of their own: what they say is said by those.
 *
 * @returns how many are open
 */
export async function countAttempts(
  tx: Tx,
  { runId, ids }: { runId: string; ids: readonly number[] },
): Promise<number> {
  const tried = ids as number[]
  const isPart = tx`n.run_id = ${runId} and not n.id = any(${tried}) and n.resolved_at is null and n.dataset = f.dataset
    and n.instrument_id is not distinct from f.instrument_id and n.symbol is not distinct from f.symbol
    and (f.from_date is null or n.from_date >= f.from_date) and (f.to_date is null or n.to_date <= f.to_date)`
  await tx`
    update sync_failure f set retry_count = f.retry_count + 1, last_attempt_at = now(),
      message = coalesce((select n.message from sync_failure n where ${isPart} order by n.id desc limit 1), f.message),
      error_class = coalesce((select n.error_class from sync_failure n where ${isPart} order by n.id desc limit 1), f.error_class)
    where f.id = any(${tried}) and f.resolved_at is null and f.last_attempt_at < (select created_at from sync_run where id = ${runId})`
  await tx`
    delete from sync_failure n using sync_failure f where f.id = any(${tried}) and f.resolved_at is null and ${isPart}`
  const open = await tx`
    update sync_failure set run_id = ${runId} where id = any(${tried}) and resolved_at is null`
  return open.count
}

export interface FailureFilter {
  runId?: string | undefined
  open?: boolean | undefined
  dataset?: string | undefined
  source?: string | undefined
  job?: string | undefined
  errorClass?: string | undefined
  /** Null: all. */
  instruments?: readonly number[] | null
}

/** A page of failures, newest first. */
export async function listFailures(
  sql: Sql,
  filter: FailureFilter & { before?: number | undefined; limit: number },
): Promise<FailureRow[]> {
  const { runId = null, open = null, dataset = null, source = null, job = null, errorClass = null } = filter
  const { instruments = null, before = null } = filter
  return await sql<FailureRow[]>`
    select * from sync_failure where (${runId}::uuid is null or run_id = ${runId})
      and (${open}::boolean is null or (resolved_at is null) = ${open})
      and (${dataset}::text is null or dataset = ${dataset}) and (${source}::text is null or source = ${source})
      and (${job}::text is null or job = ${job}) and (${errorClass}::text is null or error_class = ${errorClass})
      and (${instruments === null} or instrument_id = any(${(instruments ?? []) as number[]}))
      and (${before}::bigint is null or id < ${before})
    order by id desc limit ${filter.limit}`
}

/** A person takes a failure for settled. Gives it as it is then; null where there is none. One that is resolved stays so. */
export async function resolveFailure(sql: Sql, id: number, by: string): Promise<FailureRow | null> {
  await sql`update sync_failure set resolved_at = now(), resolved_by = ${by} where id = ${id} and resolved_at is null`
  const [row] = await sql<FailureRow[]>`select * from sync_failure where id = ${id}`
  return row ?? null
}
