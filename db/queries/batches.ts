import type { SourceCall } from '../../market/capability.ts'
import type { Dataset } from '../../market/datasets.ts'
import type { Region } from '../../planning/types.ts'
import type { Claim } from '../commit.ts'
import { countSymbols } from '../commit.ts'
import type { Sql, Tx } from '../client.ts'

export interface BatchRow {
  dataset: Dataset
  /** The one that it is bound to, or `*`. */
  source: string
  stage: number
  state: string
  owner_epoch: number
  region: Region
  call_list: SourceCall[] | null
  claimed_by: string | null
  cursor: number
}

export interface NewBatch {
  dataset: Dataset
  /** Only this source may do it; absent: any. */
  source?: string
  region: Region
  calls: number
  cells: number
}

/** Stands in `sync_batch.source` for whoever is free. */
export const ANY_SOURCE = '*'

const instrumentsOf = (region: Region): number[] | null =>
  region.kind === 'symbols' ? [...new Set(region.items.map((item) => item.id))] : null

/** Inserts planned batches behind the highest number of the run and adds their cells to it. The run's row is locked. */
export async function insertBatches(
  tx: Tx,
  run: { runId: string; epoch: number; stage: number },
  batches: readonly NewBatch[],
  parentSeq: number | null = null,
): Promise<void> {
  if (batches.length === 0) return
  const [last] = await tx<
    { seq: number }[]
  >`select coalesce(max(seq), 0)::int as seq from sync_batch where run_id = ${run.runId}`
  const rows = batches.map((batch, i) => ({
    seq: (last?.seq ?? 0) + 1 + i,
    dataset: batch.dataset,
    source: batch.source ?? ANY_SOURCE,
    region: batch.region,
    instruments: instrumentsOf(batch.region),
    calls: batch.calls,
    cells: batch.cells,
  }))
  await tx`
    insert into sync_batch (run_id, seq, source, stage, dataset, owner_epoch, region, instruments, calls_planned, cells_total, parent_seq)
    select ${run.runId}, seq, source, ${run.stage}, dataset, ${run.epoch}, region,
      case when jsonb_typeof(instruments) = 'array' then array(select jsonb_array_elements_text(instruments)::int) end,
      calls, cells, ${parentSeq}
    from jsonb_to_recordset(${tx.json(rows as never)}) as b(seq int, source text, dataset text, region jsonb, instruments jsonb, calls int, cells bigint)`
  const cells = batches.reduce((sum, batch) => sum + batch.cells, 0)
  await tx`update sync_run set cells_total = cells_total + ${cells}, updated_at = now() where id = ${run.runId}`
}

export interface OpenBatches {
  dataset: string
  /** The one that they are bound to, or `*`. */
  source: string
  seqs: number[]
  calls: number
}

/** Numbers of batches that are not finished, with what they cost, by dataset and by the source that they are bound to. */
export async function openBatches(sql: Sql | Tx, runId: string, stage: number): Promise<OpenBatches[]> {
  return await sql<OpenBatches[]>`
    select dataset, source, array_agg(seq order by seq) as seqs, sum(calls_planned - cursor)::int as calls
    from sync_batch where run_id = ${runId} and stage = ${stage} and state in ('pending', 'running')
    group by dataset, source order by min(seq)`
}

/** True once a stage was planned, whatever became of its batches. */
export async function stagePlanned(sql: Sql | Tx, runId: string, stage: number): Promise<boolean> {
  const [row] = await sql`select 1 from sync_batch where run_id = ${runId} and stage = ${stage} limit 1`
  return row !== undefined
}

/** The batch as the database knows it. */
export async function getBatch(sql: Sql | Tx, key: { runId: string; seq: number }): Promise<BatchRow | null> {
  const [row] = await sql<BatchRow[]>`
    select dataset, source, stage, state, owner_epoch, region, call_list, claimed_by, cursor
    from sync_batch where run_id = ${key.runId} and seq = ${key.seq}`
  return row ?? null
}

/** What a source takes of a batch: its calls and, where another source began it, what that one left. */
export interface Taken {
  calls: readonly SourceCall[]
  region: Region
  /** True when the calls begin anew, at cursor 0. */
  anew: boolean
}

/**
 * Takes a batch for a source. The calls are fixed with the claim, so that the cursor keeps its meaning; a batch that the
 * same source began keeps the calls that it has. A source that it is taken from can commit nothing more. The instruments stay
 * those that the batch was planned for: one that needs nothing more is done once the batch is.
 *
 * @param seen cursor and claimant that the calls were computed from
 * @returns false when the owner, the claimant or the cursor changed meanwhile
 */
export async function claimBatch(
  sql: Sql,
  claim: Omit<Claim, 'cursor'>,
  seen: { cursor: number; claimed_by: string | null },
  taken: Taken,
): Promise<boolean> {
  const { calls, region, anew } = taken
  const rows = await sql`
    update sync_batch set state = 'running', claimed_by = ${claim.source}, call_list = ${sql.json(calls as never)},
      calls_planned = ${calls.length}, started_at = coalesce(started_at, now()),
      region = case when ${anew} then ${sql.json(region as never)} else region end,
      cursor = case when ${anew} then 0 else cursor end
    where run_id = ${claim.runId} and seq = ${claim.seq} and owner_epoch = ${claim.epoch} and state in ('pending', 'running')
      and cursor = ${seen.cursor} and claimed_by is not distinct from ${seen.claimed_by}`
  return rows.count > 0
}

/** Puts other calls in the place of the one at the cursor: halves of a call that was too large or that failed. */
export async function replaceCall(
  sql: Sql,
  claim: Claim,
  call: SourceCall,
  replacement: readonly SourceCall[],
): Promise<SourceCall[] | null> {
  return await sql.begin(async (tx) => {
    const [row] = await tx<{ call_list: SourceCall[] }[]>`
      select call_list from sync_batch where run_id = ${claim.runId} and seq = ${claim.seq} and owner_epoch = ${claim.epoch}
        and cursor = ${claim.cursor} and state = 'running' and call_list -> ${claim.cursor}::int = ${tx.json(call as never)} for update`
    if (!row) return null
    const calls = [
      ...row.call_list.slice(0, claim.cursor),
      ...replacement,
      ...row.call_list.slice(claim.cursor + 1),
    ]
    await tx`update sync_batch set call_list = ${tx.json(calls as never)}, calls_planned = ${calls.length}
      where run_id = ${claim.runId} and seq = ${claim.seq}`
    return calls
  })
}

/** Keeps why a batch stands still; cleared by its next commit. */
export async function noteBatchTrouble(
  sql: Sql,
  claim: Claim,
  trouble: { errorClass: string; message: string },
): Promise<void> {
  await sql`
    update sync_batch set error_class = ${trouble.errorClass}, message = ${trouble.message.slice(0, 1_000)}
    where run_id = ${claim.runId} and seq = ${claim.seq} and owner_epoch = ${claim.epoch} and state in ('pending', 'running')`
}

/**
 * Splits what is left of a batch: its children take its place in the same transaction. What it has brought already stays
 * counted with it.
 *
 * @param batch as it was when the children were computed; when it has changed since, nothing is split
 */
export async function splitBatch(
  sql: Sql,
  claim: Omit<Claim, 'cursor'>,
  batch: { stage: number; cursor: number; countsSymbols: boolean },
  children: readonly NewBatch[],
): Promise<number[]> {
  return await sql.begin(async (tx) => {
    const [row] = await tx<{ cells_left: number }[]>`
      update sync_batch b set state = 'split', finished_at = now(), cells_total = b.cells_done
      from (select cells_total from sync_batch where run_id = ${claim.runId} and seq = ${claim.seq} for update) old
      where run_id = ${claim.runId} and seq = ${claim.seq} and owner_epoch = ${claim.epoch}
        and state in ('pending', 'running') and cursor = ${batch.cursor}
      returning old.cells_total - b.cells_done as cells_left`
    if (row) {
      await tx`update sync_run set cells_total = cells_total - ${row.cells_left} where id = ${claim.runId}`
      await insertBatches(tx, { ...claim, stage: batch.stage }, children, claim.seq)
      // Those that none of the children is about.
      if (batch.countsSymbols) await countSymbols(tx, claim)
    }
    const seqs = await tx<{ seq: number }[]>`
      select seq from sync_batch where run_id = ${claim.runId} and parent_seq = ${claim.seq} and state in ('pending', 'running') order by seq`
    return seqs.map((child) => child.seq)
  })
}

/** Ends a batch that cannot be brought. Its cells stay unsettled: a retry of the run goes on from its cursor. */
export async function abandonBatch(
  tx: Tx,
  claim: Omit<Claim, 'cursor'>,
  end: { state: 'failed' | 'skipped'; errorClass: string; message: string; countsSymbols: boolean },
): Promise<boolean> {
  const rows = await tx`
    update sync_batch set state = ${end.state}, error_class = ${end.errorClass}, message = ${end.message.slice(0, 1_000)}, finished_at = now()
    where run_id = ${claim.runId} and seq = ${claim.seq} and owner_epoch = ${claim.epoch} and state in ('pending', 'running')`
  if (rows.count === 0) return false
  await tx`update sync_run set updated_at = now() where id = ${claim.runId}`
  if (end.countsSymbols) await countSymbols(tx, claim)
  return true
}
