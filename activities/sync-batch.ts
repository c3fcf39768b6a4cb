import { setTimeout as sleep } from 'node:timers/promises'
import { type AnswerCommit, type Claim, commitAnswer } from '../db/commit.ts'
import { noteSuccess, noteTrouble, restOf } from '../db/health.ts'
import { getBatch, noteBatchTrouble } from '../db/queries/batches.ts'
import { logRun } from '../db/queries/logs.ts'
import { onlyRides, type SourceCall } from '../market/capability.ts'
import { SOURCE_ERRORS, type SourceErrorClass } from '../market/source-errors.ts'
import { type Answer, AnswerTooLarge } from '../sources/contract.ts'
import { SourceError } from '../sources/errors.ts'
import type { BatchInput, BatchOutcome } from '../workflows/contract/messages.ts'
import { afterBatch } from './after-batch.ts'
import type { Work } from './batch-work.ts'
import { prepareWork } from './batch-work.ts'
import { takeBatch } from './claim-batch.ts'
import { answerCommit, emptyAnswer } from './commit-call.ts'
import type { ActivityDeps } from './deps.ts'
import { withHeartbeat } from './heartbeat.ts'
import { isolate } from './isolate.ts'
import { isNotPublished, noRow, noteLate } from './no-row.ts'
import { capabilityOf, goesOnInstead } from './permission.ts'
import { unknownOf } from './silence.ts'
import { troubleOf } from './trouble.ts'
import { BudgetLater, fetchCall } from './upstream.ts'

/*
 * One batch on one source: claim → for each call from the cursor on: reserve → fetch → validate → commit.
 *
 * Everything that must survive is in PostgreSQL: whoever runs this again, for whatever reason, goes on at the cursor.
 */

// With another source at hand a hiccup is bridged for three seconds, not seven: the other brings more meanwhile.
const RETRIES_BESIDE_OTHERS = 2
// While isolating, this many failing calls end the batch: then it is not single symbols. To find one symbol in 500 takes
// nine in a row; more of them, and the source is most likely down.
const MAX_ISOLATION_FAILURES = 60
const MAX_FAILURES_IN_A_ROW = 12

type Outcome = BatchOutcome extends infer O
  ? O extends unknown
    ? Omit<O, 'totals' | 'goesFirst'>
    : never
  : never

/**
 * Works on a batch until it is done, or until its source cannot go on. What is wrong with a source is an outcome; whatever else
 * is thrown (PostgreSQL is away, a bug) is for Temporal to try again.
 */
export async function syncBatch(deps: ActivityDeps, input: BatchInput): Promise<BatchOutcome> {
  const outcome = await withHeartbeat(async (signal) => {
    try {
      return await workOnBatch(deps, input, signal)
    } catch (error) {
      // A source that has to be asked before the first call, e.g. how far back it reaches.
      signal.throwIfAborted()
      if (error instanceof BudgetLater) return later(error)
      if (error instanceof SourceError) return await troubled(deps, input, 0, error)
      throw error
    }
  })
  return { ...outcome, ...(await afterBatch(deps, input.runId)) }
}

async function workOnBatch(deps: ActivityDeps, input: BatchInput, signal: AbortSignal): Promise<Outcome> {
  const source = (await deps.sources.current()).sources.get(input.source)
  if (!source) return refusal(`${input.source} is not switched on here`)
  const batch = await getBatch(deps.db.sql, input)
  if (!batch) throw new RangeError(`batch ${input.seq} of run ${input.runId} is gone`)
  if (batch.owner_epoch !== input.epoch) return { kind: 'fenced', reason: 'the run has a newer owner' }
  if (batch.state === 'done' || batch.state === 'failed' || batch.state === 'skipped') return { kind: 'done' }
  const capability = await capabilityOf(deps, source, batch.dataset)
  if (!capability || onlyRides(capability)) return refusal(`${source.name} has no ${batch.dataset}`)
  const rest = await restOf(deps.db.sql, { source: source.name, site: capability.site })
  if (rest) return { kind: 'resting', ...rest }
  const work = await prepareWork(deps, input, batch, source, capability, signal)
  const taken = await takeBatch(work)
  switch (taken.kind) {
    case 'split':
      return { kind: 'split', children: taken.children, unserved: [] }
    case 'unserved':
      return { kind: 'split', children: [], unserved: [[input.seq, input.seq]] }
    case 'changed':
      // Another attempt has ended it meanwhile, or the run has a newer owner: the batch says which.
      return await workOnBatch(deps, input, signal)
    case 'claimed':
      return await callAfterCall(work, taken)
  }
}

const refusal = (message: string): Outcome => ({
  kind: 'failed',
  errorClass: 'NotServed',
  message,
  cursor: 0,
  restingUntilMs: null,
})

const later = ({ untilMs, message }: BudgetLater): Outcome => ({ kind: 'wait', untilMs, reason: message })

const placeOf = ({ source, capability }: Work) => ({ source: source.name, site: capability.site })

async function callAfterCall(work: Work, taken: { calls: SourceCall[]; cursor: number }): Promise<Outcome> {
  const { deps, input, signal } = work
  let calls = taken.calls
  let failures = 0
  let inARow = 0
  const seen = { calls: 0, rows: 0, rejected: 0 }
  if (taken.cursor >= calls.length) return await finish(work, taken.cursor)
  for (let cursor = taken.cursor; cursor < calls.length;) {
    signal.throwIfAborted()
    // A worker that is to end brings the answer at hand; the next worker goes on behind it.
    deps.stopping?.throwIfAborted()
    const call = calls[cursor]
    if (!call) throw new RangeError(`batch ${input.seq} has no call ${cursor}`)
    const claim: Claim = { ...input, cursor }
    try {
      const commit = { ...(await bring(work, claim, call)), isFollowed: isFollowed(call, calls[cursor + 1]) }
      const result = await commitAnswer(deps.db.sql, commit)
      if (result.kind === 'fenced') return await afterFence(work, claim, calls, result.reason)
      cursor = result.cursor
      inARow = 0
      seen.calls++
      seen.rows += result.counts.inserted + result.counts.updated + result.counts.unchanged
      seen.rejected += commit.rejected.length
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof BudgetLater) return later(error)
      if (goesOnInstead(work, error)) return await workOnBatch(deps, input, signal)
      const isolating =
        input.isolate &&
        error instanceof SourceError &&
        ++failures <= MAX_ISOLATION_FAILURES &&
        ++inARow <= MAX_FAILURES_IN_A_ROW
      // Of several days only one is late: the others are brought here. One alone goes to the next source.
      const late = isNotPublished(error) ? error : null
      const isAside = error instanceof AnswerTooLarge || (late && calls.length > 1)
      if (!isAside && !isolating) return await standStill(work, claim, error)
      const replaced = await isolate(work, claim, call, error)
      if (replaced === null) return await afterFence(work, claim, calls, 'the cursor moved')
      if (replaced === 'skipped') {
        if (late) await noteLate(work, late)
        cursor++
      } else calls = replaced
    }
  }
  const rejectedShare = seen.rejected / Math.max(1, seen.rows + seen.rejected)
  if (seen.calls > 0) await noteSuccess(deps.db.sql, placeOf(work), { calls: seen.calls, rejectedShare })
  return { kind: 'done' }
}

/** The next call brings another day of the market in the same month. */
const isFollowed = (call: SourceCall, next: SourceCall | undefined): boolean =>
  call.symbols === null && next?.symbols === null && monthOf(call.from) === monthOf(next.to)

const monthOf = (date: string | null): string | undefined => date?.slice(0, 7)

/** Nothing is left of the batch: others have brought it. */
async function finish(work: Work, cursor: number): Promise<Outcome> {
  const claim: Claim = { ...work.input, cursor }
  const result = await commitAnswer(work.deps.db.sql, {
    ...emptyAnswer(work, claim, work.batch.dataset),
    merge: () => Promise.resolve({ inserted: 0, updated: 0, unchanged: 0 }),
  })
  return result.kind === 'fenced' ? await afterFence(work, claim, [], result.reason) : { kind: 'done' }
}

/** Fetches a call. The rows become what is to be committed before anything is waited for, and are let go of. */
async function bring(work: Work, claim: Claim, call: SourceCall): Promise<AnswerCommit> {
  const answer = await fetchExpected(work, call)
  const commit = answerCommit(work, claim, call, answer, await unknownOf(work, call, answer))
  for (const message of answer.notes ?? [])
    await logRun(work.deps.db.sql, { runId: claim.runId, level: 'warn', message })
  return commit
}

/** An empty answer where rows are expected may be an upstream that is not ready: it is asked once more. */
async function fetchExpected(work: Work, call: SourceCall): Promise<Answer> {
  const { deps, source, input, signal } = work
  const { retryDelays } = deps.settings
  const retries = input.isolate
    ? []
    : work.hasOthers
      ? retryDelays.slice(0, RETRIES_BESIDE_OTHERS)
      : retryDelays
  const ask = () => fetchCall(deps.db.sql, source, call, signal, retries, deps.now)
  const answer = await ask()
  if (call.rows === 0 || answer.rows.length > 0 || answer.rejected.length > 0) return answer
  await sleep(retryDelays[0], undefined, { signal })
  const again = await ask()
  if (call.symbols === null && again.rows.length === 0 && again.rejected.length === 0) {
    throw noRow(work, call)
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

async function standStill(work: Work, claim: Claim, error: unknown): Promise<Outcome> {
  if (!(error instanceof SourceError)) throw error
  const { deps, input, batch } = work
  if (error.details.sample !== undefined) await quarantineSample(deps, claim, error.details.sample, error)
  // A source that goes on with other batches is in no news of the run: the batch itself has to be.
  if (SOURCE_ERRORS[error.errorClass].next === 'isolate') {
    const message = `${batch.dataset} batch ${input.seq} on ${input.source} failed: ${error.message}`
    await logRun(deps.db.sql, { runId: input.runId, level: 'warn', message })
  }
  return await troubled(deps, input, claim.cursor, error)
}

/** What an error of the source comes to: kept with the batch and, where the source has to rest for it, with the source. */
async function troubled(
  deps: ActivityDeps,
  input: BatchInput,
  cursor: number,
  error: SourceError,
): Promise<Outcome> {
  const { sql } = deps.db
  const { errorClass, message } = error
  await noteBatchTrouble(sql, { ...input, cursor }, { errorClass, message })
  deps.log.warn({ runId: input.runId, batch: input.seq, errorClass }, message)
  return {
    kind: 'failed',
    errorClass,
    message,
    cursor,
    restingUntilMs: restsAfter(errorClass) ? await restFor(deps, input, error) : null,
  }
}

const restsAfter = (errorClass: SourceErrorClass): boolean => SOURCE_ERRORS[errorClass].next === 'rest'

async function restFor(deps: ActivityDeps, input: BatchInput, error: SourceError): Promise<number | null> {
  const source = (await deps.sources.current()).sources.get(input.source)
  if (!source) return null
  const place = { source: input.source, site: source.siteOf(error.details.api) }
  return (await noteTrouble(deps.db.sql, place, troubleOf(deps, error))).untilMs
}
