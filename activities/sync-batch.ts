import type { SourceCall } from '../market/capability.ts'
import { commitAnswer, type Claim } from '../db/commit.ts'
import {
  claimBatch,
  getBatch,
  noteBatchTrouble,
  replaceCall,
  splitBatch,
  type BatchRow,
} from '../db/queries/batches.ts'
import { recordFailures } from '../db/queries/failures.ts'
import { runTotals } from '../db/queries/runs.ts'
import { DATASETS } from '../market/datasets.ts'
import { addDays } from '../market/date.ts'
import { bisectCall, callsOfRegion, splitRegion } from '../planning/calls.ts'
import { cellIndex, expectedRows, missingCells } from '../planning/expected.ts'
import { type Answer, AnswerTooLarge, type BarRow, type Source } from '../sources/contract.ts'
import { SourceError } from '../sources/errors.ts'
import type { BatchInput, BatchOutcome } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import { withHeartbeat } from './heartbeat.ts'
import { mergeAnswer } from './merge-answer.ts'
import { loadMarket, loadRun, type LoadedRun, type MarketFacts } from './run-context.ts'
import { toRanges } from './plan-stage.ts'
import { BudgetLater, fetchCall } from './upstream.ts'

/*
 * One batch on one source: claim → for each call from the cursor on: reserve → fetch → validate → commit.
 *
 * Everything that must survive is in PostgreSQL: whoever runs this again, for whatever reason, goes on at the cursor.
 */

// A batch that the source would need more calls for is split: an activity should be over in minutes.
const MAX_CALLS = 60
// While isolating, this many failing calls end the batch: then it is not single symbols.
const MAX_ISOLATION_FAILURES = 60

type Outcome = BatchOutcome extends infer O ? (O extends unknown ? Omit<O, 'totals'> : never) : never

interface Work {
  deps: ActivityDeps
  input: BatchInput
  run: LoadedRun
  batch: BatchRow
  source: Source
  market: MarketFacts
  signal: AbortSignal
}

export async function syncBatch(deps: ActivityDeps, input: BatchInput): Promise<BatchOutcome> {
  const outcome = await withHeartbeat((signal) => workOnBatch(deps, input, signal))
  return { ...outcome, totals: await runTotals(deps.db.sql, input.runId) } as BatchOutcome
}

async function workOnBatch(deps: ActivityDeps, input: BatchInput, signal: AbortSignal): Promise<Outcome> {
  const source = deps.sources.get(input.source)
  if (!source)
    return {
      kind: 'failed',
      errorClass: 'AuthFailed',
      message: `${input.source} is not switched on here`,
      cursor: 0,
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
    }
  const run = await loadRun(deps, input.runId)
  const market = await loadMarket(deps, capability)
  const work: Work = { deps, input, run, batch, source, market, signal }
  const calls = callsFor(work)
  if (batch.state === 'split' || (batch.cursor === 0 && calls.length > MAX_CALLS)) return await split(work)
  if (!(await claimBatch(deps.db.sql, { ...input }, calls)))
    return { kind: 'fenced', reason: 'the run has a newer owner' }
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
  return { kind: 'split', children: toRanges(seqs) }
}

async function callAfterCall(work: Work, first: SourceCall[]): Promise<Outcome> {
  const { deps, input, batch, source, signal } = work
  let calls = first
  let failures = 0
  for (let cursor = batch.cursor; cursor < calls.length;) {
    signal.throwIfAborted()
    const call = calls[cursor]
    if (!call) throw new RangeError(`batch ${input.seq} has no call ${cursor}`)
    const claim: Claim = { ...input, cursor }
    try {
      const answer = await fetchCall(deps.db.sql, source, call, signal, input.isolate ? 0 : 3)
      const result = await commit(work, claim, call, answer)
      if (result.kind === 'fenced') return await afterFence(work, result.reason)
      cursor = result.cursor
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof BudgetLater) return { kind: 'wait', untilMs: error.untilMs, reason: error.message }
      const isolating = input.isolate && error instanceof SourceError && ++failures <= MAX_ISOLATION_FAILURES
      if (!(error instanceof AnswerTooLarge) && !isolating) return await standStill(work, claim, error)
      const replaced = await isolate(work, claim, call, error)
      if (replaced === null) return await afterFence(work, 'the cursor moved')
      if (replaced === 'skipped') cursor++
      else calls = replaced
    }
  }
  return { kind: 'done' }
}

/** A commit was refused: another attempt was faster, or the run belongs to somebody else now. */
async function afterFence({ deps, input }: Work, reason: string): Promise<Outcome> {
  const batch = await getBatch(deps.db.sql, input)
  return batch?.owner_epoch === input.epoch && batch.state === 'done'
    ? { kind: 'done' }
    : { kind: 'fenced', reason }
}

async function standStill({ deps, input }: Work, claim: Claim, error: unknown): Promise<Outcome> {
  if (!(error instanceof SourceError)) throw error
  await noteBatchTrouble(deps.db.sql, claim, { errorClass: error.errorClass, message: error.message })
  deps.log.warn({ runId: input.runId, batch: input.seq, errorClass: error.errorClass }, error.message)
  return { kind: 'failed', errorClass: error.errorClass, message: error.message, cursor: claim.cursor }
}

/** Halves a call that cannot be brought; one symbol (or one day) that stands alone becomes a failure record. */
async function isolate(
  work: Work,
  claim: Claim,
  call: SourceCall,
  error: unknown,
): Promise<SourceCall[] | 'skipped' | null> {
  const { deps, market, source, run } = work
  const alone = call.symbols?.length === 1 && !(error instanceof AnswerTooLarge)
  const halves = alone ? null : bisectCall(call, market.calendar)
  if (halves) return await replaceCall(deps.db.sql, claim, halves)
  const bySymbol = new Map(market.instruments.map((i) => [i.symbol, i.id]))
  const result = await commitAnswer(deps.db.sql, {
    ...emptyAnswer(work, claim, call),
    merge: async (tx) => {
      await recordFailures(tx, {
        job: run.job,
        dataset: call.dataset,
        source: source.name,
        symbols: (call.symbols ?? [null]).map((symbol) => ({
          id: symbol === null ? null : (bySymbol.get(symbol) ?? null),
          symbol,
        })),
        from: call.from,
        to: call.to,
        errorClass: error instanceof SourceError ? error.errorClass : 'BadRequest',
        message: error instanceof Error ? error.message : 'unknown error',
        runId: claim.runId,
        maxRetries: deps.settings.maxFailureRetries,
      })
      return { inserted: 0, updated: 0, unchanged: 0 }
    },
  })
  return result.kind === 'fenced' ? null : 'skipped'
}

const emptyAnswer = (work: Work, claim: Claim, call: SourceCall) => ({
  claim,
  dataset: call.dataset,
  cover: null,
  resolves: false,
  missing: [],
  suspensionExplains: false,
  rejected: [],
  requests: 0,
  cells: 0,
  countsSymbols: countsSymbols(work),
})

const countsSymbols = ({ batch, run }: Work) => batch.stage === run.stages.length - 1

async function commit(work: Work, claim: Claim, call: SourceCall, answer: Answer) {
  const { deps, market, run, batch, source } = work
  const cellKind = DATASETS[call.dataset].cell
  const ids = call.symbols === null ? null : idsOf(call.symbols, market)
  const rows = answer.rows as BarRow[]
  const missing =
    cellKind === 'session'
      ? missingCells({
          call,
          instruments: market.instruments,
          calendar: market.calendar,
          has: cellIndex(rows.map((row) => ({ symbol: row.symbol, tradeDate: row.trade_date }))),
        })
      : []
  return await commitAnswer(deps.db.sql, {
    ...emptyAnswer(work, claim, call),
    merge: (tx) => mergeAnswer(tx, call, answer, { source: source.name, runId: claim.runId, job: run.job }),
    cover:
      call.from === null || call.to === null
        ? null
        : { instruments: ids, from: call.from, to: call.to, until: nextSession(call.to, market) },
    resolves: true,
    missing: missing.map((cell) => ({ instrumentId: cell.id, tradeDate: cell.date })),
    suspensionExplains: batch.dataset === 'bars',
    rejected: answer.rejected,
    requests: answer.requests,
    cells: cellKind === 'session' ? settledCells(call, work) : 0,
  })
}

const idsOf = (symbols: readonly string[], market: MarketFacts): number[] => {
  const wanted = new Set(symbols)
  return market.instruments.filter((i) => wanted.has(i.symbol)).map((i) => i.id)
}

/** The session after a date, so that closed days belong to the range before them; the next day where none is known. */
function nextSession(date: string, { calendar }: MarketFacts): string {
  const next = calendar.firstAtOrAfter(addDays(date, 1))
  return next < calendar.length ? calendar.at(next) : addDays(date, 1)
}

/** Cells of the batch's region that a call brings. */
function settledCells(call: SourceCall, { batch, market }: Work): number {
  const { from, to } = call
  if (from === null || to === null) return 0
  if (batch.region.kind !== 'symbols' || call.symbols === null) return call.rows
  const ids = new Set(idsOf(call.symbols, market))
  return batch.region.items.reduce((sum, item) => {
    const instrument = market.byId.get(item.id)
    if (!instrument || !ids.has(item.id)) return sum
    const first = item.from > from ? item.from : from
    const last = item.to < to ? item.to : to
    return first > last ? sum : sum + expectedRows(instrument, first, last, market.calendar)
  }, 0)
}
