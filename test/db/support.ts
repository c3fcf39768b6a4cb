import { randomUUID } from 'node:crypto'
import type { Sql, Tx } from '../../db/client.ts'
import { type AnswerCommit, type Claim, commitAnswer, type CommitResult } from '../../db/commit.ts'
import { copyChunks, type DatedDataset, type MergeCounts, mergeRows } from '../../db/merge.ts'
import { claimBatch, insertBatches, type NewBatch } from '../../db/queries/batches.ts'
import { insertRun } from '../../db/queries/runs.ts'
import type { SourceCall } from '../../market/capability.ts'
import type { TestDatabase } from '../support/database.ts'

/** Nothing of the database stops two runs under different locks, so every run here has its own. */
export async function openRun(
  db: TestDatabase,
  batches: readonly { calls: number; cells?: number; instruments?: readonly number[]; stage?: number }[],
  total = 0,
): Promise<{ runId: string; claim: (seq: number, cursor?: number) => Claim }> {
  const runId = randomUUID()
  await insertRun(db, {
    id: runId,
    job: 'daily_history',
    params: {},
    lockKey: runId,
    workflowId: `sync/${runId}`,
    requestId: null,
  })
  await db.sql`update sync_run set status = 'running', total = ${total} where id = ${runId}`
  for (const [i, batch] of batches.entries()) {
    const planned = newBatch(batch)
    await db.sql.begin((tx) => insertBatches(tx, { runId, epoch: 1, stage: batch.stage ?? 0 }, [planned]))
    await claimBatch(
      db.sql,
      { runId, seq: i + 1, source: 'tushare', epoch: 1 },
      { cursor: 0, claimed_by: null },
      { calls: callsOf(batch.calls), region: planned.region, anew: false },
    )
  }
  return { runId, claim: (seq, cursor = 0) => ({ runId, seq, source: 'tushare', epoch: 1, cursor }) }
}

export const callsOf = (count: number): SourceCall[] =>
  Array.from({ length: count }, () => ({
    dataset: 'bars',
    symbols: null,
    from: '2024-01-02',
    to: '2024-01-02',
    part: null,
    rows: 1,
  }))

const newBatch = (batch: { calls: number; cells?: number; instruments?: readonly number[] }): NewBatch => ({
  dataset: 'bars',
  region:
    batch.instruments === undefined
      ? { kind: 'market', dates: ['2024-01-02'] }
      : {
          kind: 'symbols',
          from: '2024-01-02',
          to: '2024-01-05',
          items: batch.instruments.map((id) => ({ id, from: '2024-01-02', to: '2024-01-05' })),
        },
  calls: batch.calls,
  cells: batch.cells ?? 0,
})

export const NOTHING: MergeCounts = { inserted: 0, updated: 0, unchanged: 0 }

/** A commit of an answer that brings nothing and covers nothing, or what differs from it. */
export const answerFor = (claim: Claim, differs: Partial<AnswerCommit> = {}): AnswerCommit => ({
  claim,
  dataset: 'bars',
  merge: async () => NOTHING,
  cover: null,
  alongside: [],
  isFollowed: false,
  resolves: false,
  missing: [],
  suspensionExplains: false,
  rejected: [],
  requests: 1,
  cells: 0,
  countsSymbols: false,
  ...differs,
})

export const commit = (
  db: TestDatabase,
  claim: Claim,
  differs: Partial<AnswerCommit> = {},
): Promise<CommitResult> => commitAnswer(db.sql, answerFor(claim, differs))

export interface Bar {
  id: number
  date: string
  close?: number | null
  pre_close?: number | null
  volume?: number
}

/** COPY line of a bar: 10 yuan, 100 shares, unless it says otherwise. */
export const barLine = ({ id, date, close = 10, pre_close = 9.9, volume = 100 }: Bar): string =>
  `${id}\t60000${id % 10}.SH\t${date}\t10\t12\t9\t${close ?? '\\N'}\t${pre_close ?? '\\N'}\t0.1\t1.01\t${volume}\t${volume * 10}\t\\N`

export const factorLine = (id: number, date: string, factor: number): string =>
  `${id}\t60000${id % 10}.SH\t${date}\t${factor}`

/** Merges lines in a transaction of their own, as the rows of one answer. */
export function merge(
  db: TestDatabase,
  dataset: DatedDataset,
  lines: readonly string[],
  context: Partial<{ source: string; runId: string }> = {},
): Promise<MergeCounts> {
  return db.sql.begin((tx) => mergeIn(tx, dataset, lines, context))
}

export function mergeIn(
  tx: Tx,
  dataset: DatedDataset,
  lines: readonly string[],
  context: Partial<{ source: string; runId: string }> = {},
): Promise<MergeCounts> {
  const dates = lines.map((line) => line.split('\t')[2] ?? '').sort()
  return mergeRows(tx, dataset, copyChunks(lines), {
    source: 'tushare',
    runId: '00000000-0000-0000-0000-000000000001',
    job: 'daily_history',
    from: dates[0] ?? '',
    to: dates.at(-1) ?? '',
    ...context,
  })
}

/** Connections of this database that wait for a lock. */
export async function waiting(sql: Sql): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  return row?.n ?? 0
}
