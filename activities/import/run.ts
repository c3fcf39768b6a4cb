import { randomUUID } from 'node:crypto'
import type { Database, Sql } from '../../db/client.ts'
import { type Claim, commitAnswer } from '../../db/commit.ts'
import { endFromOutside } from '../../db/end-from-outside.ts'
import { IMPORT_LEASE } from '../../db/import/alive.ts'
import { openUnknown, stagedInstruments } from '../../db/import/survey.ts'
import { createLease } from '../../db/lease.ts'
import { claimBatch, insertBatches } from '../../db/queries/batches.ts'
import { logRun } from '../../db/queries/logs.ts'
import { insertRun, lockHolder, type RunRow } from '../../db/queries/runs.ts'
import { settleFailures } from '../../db/settle-failures.ts'
import { counted } from '../../market/counted.ts'
import { IMPORT_JOB } from '../../market/jobs.ts'
import { IMPORT_SOURCE } from '../../market/sources.ts'
import { ImportRefused } from '../../sources/import/refused.ts'
import type { ActivityDeps } from '../deps.ts'
import { batchOf, type Chunk, chunksOf, commitOf } from './chunks.ts'
import { finishImport, type ImportEnd } from './finish.ts'
import type { Survey } from './survey.ts'

/*
 * A run of its own kind: one process reads a file that is on its disk, so there is nothing for Temporal to hand around, and
 * the rows wait in temporary tables of one connection. It is a run all the same: it holds the lock, its batches are chunks
 * of instruments that commit as an answer of an upstream does, and what it did is kept. A process that dies loses its
 * connection and its lease; the reconciler closes the run, and the next import begins anew, which changes nothing of what
 * came before.
 */

export interface ImportDeps extends Pick<ActivityDeps, 'db' | 'sources' | 'settings' | 'now'> {
  /** A pool of one connection: it holds the temporary tables. */
  stage: Database
  signal: AbortSignal
  /** In place of CHUNK_ROWS: for tests. */
  chunkRows?: number
}

/** Hears of every part that is written; the next one waits for it. */
export type OnChunk = (done: number, of: number) => void | Promise<void>

/** Writes what was surveyed. */
export async function writeImport(deps: ImportDeps, survey: Survey, onChunk: OnChunk): Promise<ImportEnd> {
  const lease = await holdLease(deps)
  try {
    const run = await startRun(deps, survey)
    const owner = { runId: run.id, epoch: run.ownerEpoch }
    try {
      const ids = await writeChunks(deps, survey, owner, AbortSignal.any([deps.signal, lease.lost]), onChunk)
      return await finishImport(deps, owner, survey, ids)
    } catch (error) {
      await endBroken(deps, run, error)
      throw error
    }
  } finally {
    await lease.release()
  }
}

// A killed import is seen to be dead after 30 s; one that lives may take hours.
const LEASE_WAIT_MS = 40_000

async function holdLease({ db, signal }: ImportDeps) {
  const lease = createLease(db.sql, IMPORT_LEASE, { label: `import ${process.pid}` })
  const limit = AbortSignal.timeout(LEASE_WAIT_MS)
  try {
    return await lease.acquire(AbortSignal.any([signal, limit]))
  } catch (error) {
    if (limit.aborted) throw new ImportRefused('another import is under way: wait for its end')
    throw error
  }
}

/** The run, which holds the lock from now on. Whoever holds the lease may end any other import: it is dead. */
async function startRun({ db, settings }: ImportDeps, survey: Survey): Promise<RunRow> {
  const id = randomUUID()
  const lockKey = settings.lock === 'global' ? 'global' : IMPORT_JOB
  const { file, dataset, form, units, rows, from, to } = survey
  const params = { file, dataset, form, units, rows, start_date: from, end_date: to }
  const row = { id, job: IMPORT_JOB, params, lockKey, workflowId: `import/${id}`, requestId: null }
  const run = (await insertRun(db, row)) ?? (await afterDead(db, lockKey)) ?? (await insertRun(db, row))
  if (run) return run
  const holder = await lockHolder(db, lockKey)
  throw new ImportRefused(
    holder
      ? `run ${holder.id} (${holder.job}) is under way since ${holder.createdAt}: wait for its end or cancel it, then import`
      : 'another run has just begun: try again',
  )
}

async function afterDead(db: Database, lockKey: string): Promise<null> {
  const holder = await lockHolder(db, lockKey)
  if (holder?.job === IMPORT_JOB)
    await endFromOutside(db, holder, 'terminated', 'its process is gone; a new import takes its place')
  return null
}

async function writeChunks(
  deps: ImportDeps,
  survey: Survey,
  owner: { runId: string; epoch: number },
  signal: AbortSignal,
  onChunk: OnChunk,
): Promise<number[]> {
  const { sql } = deps.stage
  await openUnknown(sql, survey.unknown, IMPORT_SOURCE)
  const instruments = await stagedInstruments(sql)
  const chunks = chunksOf(instruments, deps.chunkRows)
  await planBatches(deps.db.sql, survey, owner, chunks, instruments.length)
  for (const [i, chunk] of chunks.entries()) {
    signal.throwIfAborted()
    const claim: Claim = { ...owner, seq: i + 1, source: IMPORT_SOURCE, cursor: 0 }
    const batch = batchOf(survey.dataset, chunk)
    await claimBatch(
      sql,
      claim,
      { cursor: 0, claimed_by: null },
      { calls: batch.calls, region: batch.region, anew: true },
    )
    const commit = await commitOf(sql, survey.dataset, chunk, claim, i === 0)
    const result = await commitAnswer(sql, commit)
    if (result.kind === 'fenced')
      throw new ImportRefused(`the import was ended from outside: ${result.reason}`)
    await onChunk(i + 1, chunks.length)
  }
  await settleFailures(deps.db.sql, owner.runId, deps.now())
  return instruments.map(({ id }) => id)
}

async function planBatches(
  sql: Sql,
  survey: Survey,
  owner: { runId: string; epoch: number },
  chunks: readonly Chunk[],
  symbols: number,
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`update sync_run set status = 'running', started_at = now(), updated_at = now(), total = ${symbols}
      where id = ${owner.runId} and owner_epoch = ${owner.epoch} and status = 'pending'`
    const batches = chunks.map((chunk) => {
      const { region, calls } = batchOf(survey.dataset, chunk)
      return {
        dataset: survey.dataset,
        source: IMPORT_SOURCE,
        region,
        calls: calls.length,
        cells: chunk.rows,
      }
    })
    await insertBatches(tx, { ...owner, stage: 0 }, batches)
    await logRun(tx, {
      runId: owner.runId,
      level: 'info',
      message: `import of ${survey.file} started: ${counted(survey.rows, 'row')} of ${counted(symbols, 'symbol')} from ${survey.from} to ${survey.to}; ${survey.units}`,
    })
  })
}

/** An import that was stopped or broke leaves what is committed, and says what to do. */
async function endBroken({ db, signal }: ImportDeps, run: RunRow, error: unknown): Promise<void> {
  const status = signal.aborted ? 'cancelled' : 'failed'
  const reason = error instanceof ImportRefused ? error.message : signal.aborted ? 'stopped' : 'it broke'
  const hint = 'start the same import again, which changes nothing of what is there already'
  await endFromOutside(db, run, status, `${reason}; ${hint}`).catch(() => undefined)
}
