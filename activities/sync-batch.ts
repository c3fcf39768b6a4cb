import { setTimeout as sleep } from 'node:timers/promises'
import { type AnswerCommit, type Claim, commitAnswer } from '../db/commit.ts'
import { claimBatch, getBatch, noteBatchTrouble, splitBatch } from '../db/queries/batches.ts'
import { logRun } from '../db/queries/logs.ts'
import { runTotals } from '../db/queries/runs.ts'
import type { SourceCall } from '../market/capability.ts'
import { callsOfRegion, splitRegion } from '../planning/calls.ts'
import { type Answer, AnswerTooLarge } from '../sources/contract.ts'
import { SourceError } from '../sources/errors.ts'
import type { BatchInput, BatchOutcome } from '../workflows/contract/messages.ts'
import type { Work } from './batch-work.ts'
import { answerCommit } from './commit-call.ts'
import type { ActivityDeps } from './deps.ts'
import { withHeartbeat } from './heartbeat.ts'
import { isolate } from './isolate.ts'
import { toRanges } from './plan-stage.ts'
import { loadMarket, loadRun } from './run-context.ts'
import { BudgetLater, fetchCall } from './upstream.ts'

/*
 * One batch on one source: claim → for each call from the cursor on: reserve → fetch → validate → commit.
 *
 * Everything that must survive is in PostgreSQL: whoever runs this again, for whatever reason, goes on at the cursor.
 */

// A batch that the source would need more calls for is split: an activity should be over in minutes.
const MAX_CALLS = 60
// Long enough for a hiccup to be over, short enough to cost nothing where the upstream really has no row.
const EMPTY_AGAIN_MS = 1_000
// While isolating, this many failing calls end the batch: then it is not single symbols.
const MAX_ISOLATION_FAILURES = 60

type Outcome = BatchOutcome extends infer O ? (O extends unknown ? Omit<O, 'totals'> : never) : never

export async function syncBatch(deps: ActivityDeps, input: BatchInput): Promise<BatchOutcome> {
  const outcome = await withHeartbeat((signal) => workOnBatch(deps, input, signal))
  return { ...outcome, totals: await runTotals(deps.db.sql, input.runId) }
}

async function workOnBatch(deps: ActivityDeps, input: BatchInput, signal: AbortSignal): Promise<Outcome> {
  const source = deps.sources.get(input.source)
  if (!source)
    return {
      kind: 'failed',
      errorClass: 'AuthFailed',
      message: `${input.source} is not switched on here`,
      cursor: 0,
      restingUntilMs: null,
    }
  const batch = await getBatch(deps.db.sql, input)
  if (!batch) throw new RangeError(`batch ${input.seq} of run ${input.runId} is gone`)
  if (batch.owner_epoch !== input.epoch) return { kind: 'fenced', reason: 'the run has a newer owner' }
  if (batch.state === 'done' || batch.state === 'failed' || batch.state === 'skipped') return { kind: 'done' }
  const capability = source.capabilities[batch.dataset]
  if (!capability)
    return {
      kind: 'failed',
      errorClass: 'PermissionDenied',
      message: `${source.name} has no ${batch.dataset}`,
      cursor: 0,
      restingUntilMs: null,
    }
  const run = await loadRun(deps, input.runId)
  const market = await loadMarket(deps, capability)
  const work: Work = { deps, input, run, batch, source, market, signal }
  const calls = callsFor(work)
  if (batch.state === 'split' || (batch.cursor === 0 && calls.length > MAX_CALLS)) return await split(work)
  // Another attempt has ended it meanwhile, or the run has a newer owner: the batch says which.
  if (!(await claimBatch(deps.db.sql, { ...input }, calls))) return await workOnBatch(deps, input, signal)
  return await callAfterCall(work, calls)
}

/** The calls that the source began with, or new ones for whoever begins. */
function callsFor({ batch, source, market }: Work): SourceCall[] {
  if (batch.call_list !== null && batch.claimed_by === source.name) return batch.call_list
  return callsOfRegion(regionOptions({ batch, source, market }))
}

function regionOptions({ batch, source, market }: Pick<Work, 'batch' | 'source' | 'market'>) {
  const capability = source.capabilities[batch.dataset]
  if (!capability) throw new RangeError(`${source.name} has no ${batch.dataset}`)
  const parts = source.partsOf(batch.dataset)
  return {
    region: batch.region,
    dataset: batch.dataset,
    capability,
    instrumentsById: market.byId,
    calendar: market.calendar,
    marketRows: market.marketRows,
    ...(parts.length > 0 ? { parts } : {}),
  }
}

async function split(work: Work): Promise<Outcome> {
  const { deps, input, batch } = work
  const options = regionOptions(work)
  const children = splitRegion(options).map((region) => {
    const calls = callsOfRegion({ ...options, region })
    return {
      dataset: batch.dataset,
      region,
      calls: calls.length,
      cells: calls.reduce((sum, call) => sum + call.rows, 0),
    }
  })
  const seqs = await splitBatch(deps.db.sql, input, batch, children)
  return { kind: 'split', children: toRanges(seqs), unserved: [] }
}

async function callAfterCall(work: Work, first: SourceCall[]): Promise<Outcome> {
  const { deps, input, batch, signal } = work
  let calls = first
  let failures = 0
  for (let cursor = batch.cursor; cursor < calls.length;) {
    signal.throwIfAborted()
    const call = calls[cursor]
    if (!call) throw new RangeError(`batch ${input.seq} has no call ${cursor}`)
    const claim: Claim = { ...input, cursor }
    try {
      const result = await commitAnswer(deps.db.sql, await bring(work, claim, call))
      if (result.kind === 'fenced') return await afterFence(work, claim, calls, result.reason)
      cursor = result.cursor
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof BudgetLater) return { kind: 'wait', untilMs: error.untilMs, reason: error.message }
      const isolating = input.isolate && error instanceof SourceError && ++failures <= MAX_ISOLATION_FAILURES
      if (!(error instanceof AnswerTooLarge) && !isolating) return await standStill(work, claim, error)
      const replaced = await isolate(work, claim, call, error)
      if (replaced === null) return await afterFence(work, claim, calls, 'the cursor moved')
      if (replaced === 'skipped') cursor++
      else calls = replaced
    }
  }
  return { kind: 'done' }
}

/** Fetches a call. The rows become what is to be committed before anything is waited for, and are let go of. */
async function bring(work: Work, claim: Claim, call: SourceCall): Promise<AnswerCommit> {
  const answer = await fetchExpected(work, call)
  const commit = answerCommit(work, claim, call, answer)
  for (const message of answer.notes ?? [])
    await logRun(work.deps.db.sql, { runId: claim.runId, level: 'warn', message })
  return commit
}

/** An empty answer where rows are expected may be an upstream that is not ready: it is asked once more. */
async function fetchExpected({ deps, source, input, signal }: Work, call: SourceCall): Promise<Answer> {
  const retries = input.isolate ? [] : deps.settings.retryDelays
  const answer = await fetchCall(deps.db.sql, source, call, signal, retries)
  if (call.rows === 0 || answer.rows.length > 0 || answer.rejected.length > 0) return answer
  await sleep(EMPTY_AGAIN_MS, undefined, { signal })
  const again = await fetchCall(deps.db.sql, source, call, signal, retries)
  if (call.symbols === null && again.rows.length === 0 && again.rejected.length === 0) {
    // Some symbols may have no rows; a market without a single one on an open day is an upstream in trouble.
    throw new SourceError({
      source: source.name,
      api: call.dataset,
      errorClass: 'Transient',
      upstreamMessage: `no row for the whole market from ${call.from ?? ''} to ${call.to ?? ''}`,
    })
  }
  return { ...again, requests: answer.requests + again.requests }
}

/**
 * A commit was refused: the run ended or belongs to somebody else now, or another attempt at this batch was faster. Of
 * the latter there are two for a moment when Temporal was away: it takes the heartbeats that it missed for a lost worker.
 * Either of them may be the one that counts, so both go on where the batch stands; one is told soon that it is not.
 */
async function afterFence(
  { deps, input, signal }: Work,
  claim: Claim,
  calls: readonly SourceCall[],
  reason: string,
): Promise<Outcome> {
  const batch = await getBatch(deps.db.sql, input)
  const isSame =
    batch?.state === 'running' && batch.cursor === claim.cursor && batch.call_list?.length === calls.length
  if (!batch || batch.owner_epoch !== input.epoch || isSame) return { kind: 'fenced', reason }
  signal.throwIfAborted()
  return await workOnBatch(deps, input, signal)
}

/** A piece of an answer whose form has changed: what a person needs to see to mend the mapping. */
async function quarantineSample(
  deps: ActivityDeps,
  claim: Claim,
  sample: string,
  error: SourceError,
): Promise<void> {
  const batch = await getBatch(deps.db.sql, claim)
  await deps.db.sql`insert into quarantine (run_id, dataset, source, reason, raw)
    values (${claim.runId}, ${batch?.dataset ?? 'unknown'}, ${claim.source}, ${error.details.upstreamMessage}, ${sample.slice(0, 4_000)})`
}

async function standStill({ deps, input }: Work, claim: Claim, error: unknown): Promise<Outcome> {
  if (!(error instanceof SourceError)) throw error
  await noteBatchTrouble(deps.db.sql, claim, { errorClass: error.errorClass, message: error.message })
  if (error.details.sample !== undefined) await quarantineSample(deps, claim, error.details.sample, error)
  deps.log.warn({ runId: input.runId, batch: input.seq, errorClass: error.errorClass }, error.message)
  return {
    kind: 'failed',
    errorClass: error.errorClass,
    message: error.message,
    cursor: claim.cursor,
    restingUntilMs: null,
  }
}
