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
}

/** Keeps a failure for each symbol (or one for a date); one that is open already counts another attempt. */
export async function recordFailures(tx: Tx | Sql, failure: NewFailure): Promise<void> {
  const rows = failure.symbols.map((s) => ({ i: s.id, s: s.symbol }))
  await tx`
    insert into sync_failure as f (job, dataset, source, instrument_id, symbol, from_date, to_date, error_class, message, run_id, max_retries)
    select ${failure.job}, ${failure.dataset}, ${failure.source}, i, s, ${failure.from}::date, ${failure.to}::date,
      ${failure.errorClass}, ${failure.message.slice(0, 1_000)}, ${failure.runId}, ${failure.maxRetries}
    from jsonb_to_recordset(${tx.json(rows)}) as x(i int, s text)
    on conflict (dataset, source, instrument_id, symbol, from_date, to_date) where resolved_at is null
    do update set retry_count = f.retry_count + 1, last_attempt_at = now(), error_class = excluded.error_class,
      message = excluded.message, run_id = excluded.run_id`
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
 * A batch that was given up left one failure for its region. Once it ends well after all, and no other batch of its kind
 * is unfinished, nothing of that region is open any more.
 */
export async function resolveRegionFailures(tx: Tx, batch: { runId: string; seq: number }): Promise<void> {
  await tx`
    update sync_failure f set resolved_at = now(), resolved_by = ${batch.runId} from sync_batch mine
    where mine.run_id = ${batch.runId} and mine.seq = ${batch.seq} and f.run_id = ${batch.runId} and f.resolved_at is null
      and f.dataset = mine.dataset and f.instrument_id is null and f.symbol is null and not exists (
        select from sync_batch b where b.run_id = ${batch.runId} and b.dataset = mine.dataset
          and b.state in ('pending', 'running', 'failed'))`
}

/** Open failures of a run that may still be retried. */
export async function openFailuresOf(sql: Sql, runId: string): Promise<FailureRow[]> {
  return await sql<FailureRow[]>`
    select * from sync_failure where run_id = ${runId} and resolved_at is null and retry_count < max_retries order by id`
}

/** A page of failures, newest first. */
export async function listFailures(
  sql: Sql,
  filter: {
    runId?: string | undefined
    open?: boolean | undefined
    before?: number | undefined
    limit: number
  },
): Promise<FailureRow[]> {
  return await sql<FailureRow[]>`
    select * from sync_failure where (${filter.runId ?? null}::uuid is null or run_id = ${filter.runId ?? null})
      and (${filter.open ?? null}::boolean is null or (resolved_at is null) = ${filter.open ?? null})
      and (${filter.before ?? null}::bigint is null or id < ${filter.before ?? null})
    order by id desc limit ${filter.limit}`
}
