import { type Dataset, DATASET_NAMES, DATASETS } from '../market/datasets.ts'
import { markChangedFactors } from './audit/changed-factors.ts'
import type { Sql, Tx } from './client.ts'
import { addCoverage, type MissingCell, replaceHoles } from './coverage.ts'
import { deriveBars, lockDerivedBars } from './derive-bars.ts'
import { leavePeriods, withLeft } from './derived-due.ts'
import { repeatOnConflict } from './errors.ts'
import { resolveFailures, resolveListFailures } from './queries/failures.ts'
import { instrumentIds } from './queries/planning.ts'
import type { MergeCounts } from './merge.ts'
import { suspendedAllDay } from './suspended.ts'

/*
 * The one way by which data enters the database: rows, batch cursor, coverage and counters of one upstream answer in one
 * short transaction. Lock order: batch, data tables, derived bars, coverage, run, failures.
 */

/** What the activity believes about its batch; the commit is refused when the database knows better. */
export interface Claim {
  runId: string
  seq: number
  source: string
  epoch: number
  cursor: number
}

export interface AnswerCommit {
  claim: Claim
  dataset: Dataset
  /** Merges the rows of the answer, inside the transaction. */
  merge: (tx: Tx) => Promise<MergeCounts>
  /** What the answer covers; null for lists. `until` is exclusive. */
  cover: { instruments: readonly number[] | null; from: string; to: string; until: string } | null
  /** Datasets that came along with the rows and are covered as far as they are, e.g. suspensions marked on bars. */
  alongside: readonly { dataset: Dataset; missing: readonly MissingCell[] }[]
  /** A later call of the batch brings another day of the same month: weeks and months may be made with that one. */
  isFollowed: boolean
  /** Open failures of the region are resolved by it. */
  resolves: boolean
  missing: readonly MissingCell[]
  /** A missing cell is explained when the stock was suspended that whole day (bars, not factors). */
  suspensionExplains: boolean
  rejected: readonly { symbol: string | null; trade_date: string | null; reason: string; raw: string }[]
  requests: number
  /** Cells of the region that this call settles. */
  cells: number
  /** True in the last stage of a job: there a symbol is done when its last batch is. */
  countsSymbols: boolean
}

export type CommitResult =
  | { kind: 'committed'; cursor: number; done: boolean; counts: MergeCounts }
  | { kind: 'fenced'; reason: string }

interface LockedBatch {
  cursor: number
  state: string
  owner_epoch: number
  calls_planned: number
  cells_left: number
  claimed_by: string | null
  run_epoch: number
  run_status: string
  run_job: string
}

// A cursor may move while the run is being paused: the answer at hand is still committed.
const WRITABLE_RUN = ['pending', 'running', 'paused', 'waiting']

/** Locks the batch and says why the claim no longer holds, or null when it does. */
async function lockBatch(tx: Tx, claim: Claim): Promise<{ batch: LockedBatch; refused: string | null }> {
  const [batch] = await tx<LockedBatch[]>`
    select b.cursor, b.state, b.owner_epoch, b.claimed_by, b.calls_planned, b.cells_total - b.cells_done as cells_left, r.owner_epoch as run_epoch, r.status as run_status, r.job as run_job
    from sync_batch b join sync_run r on r.id = b.run_id
    where b.run_id = ${claim.runId} and b.seq = ${claim.seq} for update of b`
  if (!batch) throw new Error(`batch ${claim.seq} of run ${claim.runId} is gone`)
  const refused =
    batch.owner_epoch !== claim.epoch || batch.run_epoch !== claim.epoch
      ? 'the run has a newer owner'
      : batch.state !== 'running'
        ? `the batch is ${batch.state}`
        : batch.claimed_by !== claim.source
          ? `the batch went to ${batch.claimed_by ?? 'nobody'}`
          : batch.cursor !== claim.cursor
            ? `the cursor is at ${batch.cursor}, not ${claim.cursor}`
            : WRITABLE_RUN.includes(batch.run_status)
              ? null
              : `the run is ${batch.run_status}`
  return { batch, refused }
}

/** Thrown to roll back a transaction whose claim no longer holds. */
class Fenced extends Error {}

/** Commits one answer, or nothing at all when the claim is stale. Repeats itself after a deadlock. */
export async function commitAnswer(sql: Sql, answer: AnswerCommit): Promise<CommitResult> {
  try {
    return await repeatOnConflict(() => sql.begin((tx) => writeAnswer(tx, answer)))
  } catch (error) {
    if (error instanceof Fenced) return { kind: 'fenced', reason: error.message }
    throw error
  }
}

async function writeAnswer(tx: Tx, answer: AnswerCommit): Promise<CommitResult> {
  const { claim } = answer
  const { batch, refused } = await lockBatch(tx, claim)
  if (refused !== null) throw new Fenced(refused)
  const counts = await answer.merge(tx)
  if (answer.rejected.length > 0) await quarantineRows(tx, answer)
  if (answer.cover) await writeCovered(tx, answer, answer.cover, batch.run_job)
  if (answer.dataset === 'adj_factor' && answer.cover && counts.updated > 0)
    await markChangedFactors(tx, { ...claim, ...answer.cover })
  const cursor = claim.cursor + 1
  const done = cursor >= batch.calls_planned
  // What the calls of a batch settle adds up to its cells, however they were cut.
  const cells = done ? batch.cells_left : Math.min(answer.cells, batch.cells_left)
  await countAnswer(tx, answer, counts, { cursor, done, cells })
  if (answer.resolves)
    await resolveFailures(tx, { dataset: answer.dataset, runId: claim.runId, ...successOf(answer) })
  if (done) await resolveListFailures(tx, claim)
  if (done && answer.countsSymbols) await countSymbols(tx, claim)
  return { kind: 'committed', cursor, done, counts }
}

const successOf = ({ cover }: AnswerCommit) =>
  cover
    ? { instruments: cover.instruments, from: cover.from, to: cover.to }
    : { instruments: null, from: null, to: null }

async function quarantineRows(tx: Tx, { claim, dataset, rejected }: AnswerCommit): Promise<void> {
  // Arrays: an answer of many pages may be bad as a whole, and a statement takes 65,534 parameters at most.
  await tx`
    insert into quarantine (run_id, dataset, source, symbol, trade_date, reason, raw)
    select ${claim.runId}, ${dataset}, ${claim.source}, * from unnest(${rejected.map((r) => r.symbol)}::text[],
      ${rejected.map((r) => r.trade_date)}::date[], ${rejected.map((r) => r.reason)}::text[],
      ${rejected.map((r) => r.raw.slice(0, 4_000))}::text[])`
}

/** Coverage, and the weeks and months of what was covered: whether they are final follows from it. */
async function writeCovered(
  tx: Tx,
  answer: AnswerCommit,
  cover: NonNullable<AnswerCommit['cover']>,
  job: string,
): Promise<void> {
  const { runId, source } = answer.claim
  if (answer.dataset !== 'bars') {
    await writeCoverage(tx, answer, cover)
    return
  }
  const { instruments, from, to } = cover
  await lockDerivedBars(tx, { source, instruments })
  await writeCoverage(tx, answer, cover)
  if (answer.isFollowed && instruments === null && (await leavePeriods(tx, { source, from, to }))) return
  const days = instruments === null ? await withLeft(tx, { source, from, to }) : { source, from, to }
  await deriveBars(tx, { ...days, instruments }, { runId, job })
}

async function writeCoverage(
  tx: Tx,
  answer: AnswerCommit,
  cover: NonNullable<AnswerCommit['cover']>,
): Promise<void> {
  const { dataset, claim } = answer
  for (const each of inLockOrder([...answer.alongside, answer])) {
    const region = { dataset: each.dataset, source: claim.source, ...cover }
    await addCoverage(tx, region)
    if (each.dataset === dataset || DATASETS[each.dataset].cell === 'session')
      await replaceHoles(tx, region, await unexplained(tx, answer, each.missing))
  }
}

type Brought = Pick<AnswerCommit, 'dataset' | 'missing'>

const inLockOrder = (brought: readonly Brought[]): Brought[] =>
  DATASET_NAMES.flatMap((dataset) => brought.filter((each) => each.dataset === dataset))

/** Cells without a row and without a reason to have none. */
async function unexplained(
  tx: Tx,
  answer: AnswerCommit,
  cells: readonly MissingCell[],
): Promise<(MissingCell & { reason: string })[]> {
  const missing = await notSuspended(tx, answer, cells)
  const refused = missing.length === 0 ? new Set() : await refusedCells(tx, answer)
  const isRefused = ({ instrumentId: id, tradeDate }: MissingCell) =>
    refused.has(`${id} ${tradeDate}`) || refused.has(`${id} `)
  return missing.map((cell) => ({ ...cell, reason: isRefused(cell) ? 'rejected' : 'missing' }))
}

/** Cells whose row came and was refused: those are not absent upstream. Without a date it may have been any of a symbol's. */
async function refusedCells(tx: Tx, { rejected }: AnswerCommit): Promise<Set<string>> {
  const symbols = rejected.flatMap((row) => row.symbol ?? [])
  if (symbols.length === 0) return new Set()
  const ids = await instrumentIds(tx, symbols)
  return new Set(rejected.map((row) => `${ids.get(row.symbol ?? '') ?? ''} ${row.trade_date ?? ''}`))
}

async function notSuspended(
  tx: Tx,
  { suspensionExplains }: AnswerCommit,
  missing: readonly MissingCell[],
): Promise<readonly MissingCell[]> {
  if (missing.length === 0 || !suspensionExplains) return missing
  return await tx<MissingCell[]>`
    select m.i as "instrumentId", m.d as "tradeDate"
    from unnest(${missing.map((m) => m.instrumentId)}::int[], ${missing.map((m) => m.tradeDate)}::date[]) as m(i, d)
    where not exists (select from suspension s where s.instrument_id = m.i and s.trade_date = m.d
      and ${tx.unsafe(suspendedAllDay('s'))})`
}

async function countAnswer(
  tx: Tx,
  answer: AnswerCommit,
  counts: MergeCounts,
  state: { cursor: number; done: boolean; cells: number },
): Promise<void> {
  const { claim } = answer
  const rejected = answer.rejected.length
  await tx`
    update sync_batch set cursor = ${state.cursor}, inserted = inserted + ${counts.inserted}, updated = updated + ${counts.updated},
      unchanged = unchanged + ${counts.unchanged}, rejected = rejected + ${rejected}, calls = calls + ${answer.requests},
      cells_done = cells_done + ${state.cells}, state = case when ${state.done} then 'done' else state end,
      finished_at = case when ${state.done} then now() else finished_at end, error_class = null, message = null
    where run_id = ${claim.runId} and seq = ${claim.seq}`
  // The run was looked at, not locked, when the batch was: it may have ended or changed its owner since.
  const run = await tx`
    update sync_run set inserted = inserted + ${counts.inserted}, updated = updated + ${counts.updated},
      unchanged = unchanged + ${counts.unchanged}, rejected = rejected + ${rejected}, calls = calls + ${answer.requests},
      cells_done = cells_done + ${state.cells}, updated_at = now()
    where id = ${claim.runId} and owner_epoch = ${claim.epoch} and status = any(${WRITABLE_RUN})`
  if (run.count === 0) throw new Fenced('the run ended or has a newer owner')
  await tx`
    insert into sync_run_source as s (run_id, source, dataset, inserted, updated, unchanged, rejected, calls, cells_done)
    values (${claim.runId}, ${claim.source}, ${answer.dataset}, ${counts.inserted}, ${counts.updated}, ${counts.unchanged},
      ${rejected}, ${answer.requests}, ${state.cells})
    on conflict (run_id, source, dataset) do update set inserted = s.inserted + excluded.inserted,
      updated = s.updated + excluded.updated, unchanged = s.unchanged + excluded.unchanged,
      rejected = s.rejected + excluded.rejected, calls = s.calls + excluded.calls, cells_done = s.cells_done + excluded.cells_done`
}

/**
 * Counts the symbols whose last open batch this was. The run's row is locked already, so of two batches that end at the
 * same moment the second one sees the first one's end: each symbol is counted once.
 */
export async function countSymbols(tx: Tx, claim: Pick<Claim, 'runId' | 'seq'>): Promise<void> {
  const [row] = await tx<{ symbols: number }[]>`
    with mine as (
      select stage, instruments from sync_batch where run_id = ${claim.runId} and seq = ${claim.seq}
    ), others as (
      select b.instruments from sync_batch b join mine on b.stage = mine.stage
      where b.run_id = ${claim.runId} and b.state in ('pending', 'running') and b.seq <> ${claim.seq}
    )
    select case
      when exists (select from others where instruments is null) then 0
      when (select instruments is null from mine) then greatest(0, (select total - symbols_done from sync_run where id = ${claim.runId})
        - (select count(distinct i)::int from others, unnest(instruments) i))
      else (select count(*)::int from (select unnest(instruments) from mine except select unnest(instruments) from others) s)
    end as symbols`
  if (!row || row.symbols === 0) return
  await tx`update sync_batch set symbols_done = symbols_done + ${row.symbols}
    where run_id = ${claim.runId} and seq = ${claim.seq}`
  await tx`update sync_run set symbols_done = symbols_done + ${row.symbols} where id = ${claim.runId}`
}
