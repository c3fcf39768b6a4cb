import { setTimeout as sleep } from 'node:timers/promises'
import { Context } from '@temporalio/activity'
import type { SourceMode } from '../../market/run-params.ts'
import type { SourceName } from '../../market/sources.ts'
import type { SyncActivities } from '../../workflows/contract/activities.ts'
import type {
  BatchInput,
  BatchOutcome,
  CloseInput,
  PlannedDataset,
  Resting,
  RunTotals,
  SourcePlace,
} from '../../workflows/contract/messages.ts'

/*
 * Activities that do what a script says and write down what they were asked for. What lies behind them in earnest has
 * tests of its own; here it is a table, since the question is what the workflow makes of each outcome.
 */

type WithoutTotals<T> = T extends unknown ? Omit<T, 'totals'> : never
export type Outcome = WithoutTotals<BatchOutcome>

/** One try of a batch. `nth`: of this batch on this source, from 1. */
export type Try = Pick<BatchInput, 'seq' | 'source' | 'isolate'> & { nth: number }

export interface Script {
  mode?: SourceMode
  /** The stages; each dataset with its batches and its sources, best first. */
  stages: (Omit<PlannedDataset, 'sources' | 'calls'> & { sources: (SourceName | SourcePlace)[] })[][]
  resting?: Resting[]
  queueLimitMs?: number
  longWaitMs?: number
  /** What a try comes to; `done` after no time when absent. */
  batch?: (batch: Try, signal: AbortSignal) => Outcome | Promise<Outcome>
  /** Until when a place that is probed for the nth time rests; null: it is up. */
  probe?: (place: SourcePlace, nth: number, signal: AbortSignal) => number | null | Promise<number | null>
  /** Resolves when no other run holds the lock; at once when absent. */
  takeLock?: (signal: AbortSignal) => Promise<void>
}

/** What the activities of one run saw, in the order of time. */
export interface Seen {
  tries: Try[]
  probes: SourcePlace[]
  log: string[]
  givenUp: { seq: number; source: SourceName; errorClass: string; message: string }[]
  /** Calls that open the run, give its lock back and take it again. */
  steps: string[]
  closed: CloseInput | null
  /** Batches that are open still. */
  open: Set<number>
  mostAtOnce: Map<SourceName, number>
}

/** Tries on a source, in the order in which they began. */
export const triesOn = (seen: Seen, source: SourceName): Try[] =>
  seen.tries.filter((each) => each.source === source)

/** The batches of those tries. */
export const seqsOn = (seen: Seen, source: SourceName): number[] =>
  triesOn(seen, source).map(({ seq }) => seq)

/** A line of the log without until when something rests. */
export const withoutTimes = (line: string): string => line.replace(/ until .*?\)/g, '')

const NOTHING: RunTotals = {
  total: 0,
  done: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  rejected: 0,
  calls: 0,
  cellsTotal: 0,
  cellsDone: 0,
  errors: 0,
}

export const DONE: Outcome = { kind: 'done' }
export const rests = (untilMs: number, message = 'reset by peer'): Outcome => ({
  kind: 'failed',
  errorClass: 'Transient',
  message,
  cursor: 0,
  restingUntilMs: untilMs,
})
export const fails = (
  errorClass: Extract<Outcome, { kind: 'failed' }>['errorClass'],
  message = 'as the script says',
): Outcome => ({ kind: 'failed', errorClass, message, cursor: 0, restingUntilMs: null })

/** Takes a while, and stops as real work does when it is cancelled. */
export async function after(ms: number, outcome: Outcome, signal: AbortSignal): Promise<Outcome> {
  await sleep(ms, undefined, { signal })
  return outcome
}

/** A script in which a source rests until it is probed, which finds it up; the others go on with a batch until then. */
export function upOnceProbed(resting: SourceName, restMs: number): Pick<Script, 'batch' | 'probe'> {
  let isUp = false
  return {
    batch: async ({ source }, signal) => {
      if (source === resting) return isUp ? DONE : rests(Date.now() + restMs)
      do await after(50, DONE, signal)
      while (!isUp)
      return DONE
    },
    probe: () => {
      isUp = true
      return null
    },
  }
}

/** A run with its script. */
export interface Playing {
  script: Script
  seen: Seen
  nth: Map<string, number>
  busy: Map<SourceName, number>
  calls: number
}

export function createScriptedActivities(runs: Map<string, Playing>): SyncActivities {
  const of = (runId: string): Playing => {
    const run = runs.get(runId)
    if (!run) throw new TypeError(`no script for run ${runId}`)
    return run
  }
  const totals = (run: Playing): RunTotals => ({ ...NOTHING, calls: run.calls })
  const planned = (run: Playing, stage: number) => ({
    datasets: (run.script.stages[stage] ?? []).map((dataset) => ({
      ...dataset,
      open: dataset.open.flatMap(([first, last]): [number, number][] =>
        Array.from({ length: last - first + 1 }, (_, i) => first + i)
          .filter(
            (seq) =>
              run.seen.steps.filter((step) => step === `plan ${stage}`).length === 1 ||
              run.seen.open.has(seq),
          )
          .map((seq) => [seq, seq]),
      ),
      calls: 1,
      sources: dataset.sources.map((s) => (typeof s === 'string' ? { source: s, site: 'server' } : s)),
    })),
    totals: totals(run),
  })
  return {
    openRun: async ({ runId }) => {
      const { script, seen } = of(runId)
      seen.steps.push('open')
      const all = script.stages.flat().flatMap(({ sources }) => sources)
      const named = all.map((s) => (typeof s === 'string' ? s : s.source))
      return {
        job: 'daily_history',
        stages: script.stages.length,
        mode: script.mode ?? 'failover',
        sources: [...new Set(named)],
        resting: script.resting ?? [],
        ...(script.longWaitMs === undefined ? {} : { longWaitMs: script.longWaitMs }),
        ...(script.queueLimitMs === undefined ? {} : { queueLimitMs: script.queueLimitMs }),
        totals: NOTHING,
      }
    },
    planStage: async ({ runId, stage }) => {
      const run = of(runId)
      run.seen.steps.push(`plan ${stage}`)
      const plan = planned(run, stage)
      for (const { open } of plan.datasets) for (const [seq] of open) run.seen.open.add(seq)
      return plan
    },
    syncBatch: async ({ runId, seq, source, isolate }) => {
      const run = of(runId)
      const key = `${seq} ${source}`
      const nth = (run.nth.get(key) ?? 0) + 1
      run.nth.set(key, nth)
      run.seen.tries.push({ seq, source, isolate, nth })
      const busy = (run.busy.get(source) ?? 0) + 1
      run.busy.set(source, busy)
      run.seen.mostAtOnce.set(source, Math.max(busy, run.seen.mostAtOnce.get(source) ?? 0))
      const outcome = await alive(
        async (signal) => (await run.script.batch?.({ seq, source, isolate, nth }, signal)) ?? DONE,
      ).finally(() => run.busy.set(source, (run.busy.get(source) ?? 0) - 1))
      run.calls++
      if (outcome.kind === 'done') run.seen.open.delete(seq)
      return { ...outcome, totals: totals(run) }
    },
    probeSource: async (place) => {
      const { workflowExecution } = Context.current().info
      const run = of(workflowExecution?.workflowId.replace('sync/', '') ?? '')
      run.seen.probes.push(place)
      const nth = run.seen.probes.filter((p) => p.source === place.source && p.site === place.site).length
      const until = await alive(async (signal) => (await run.script.probe?.(place, nth, signal)) ?? null)
      return until === null
        ? { up: true, errorClass: null, message: 'answered', restingUntilMs: 0 }
        : { up: false, errorClass: 'Transient', message: 'reset by peer', restingUntilMs: until }
    },
    giveUpBatch: async ({ runId, seq, source, errorClass, message }) => {
      const run = of(runId)
      run.seen.givenUp.push({ seq, source, errorClass, message })
      run.seen.open.delete(seq)
      return totals(run)
    },
    planRetries: async ({ runId }) => ({ datasets: [], totals: totals(of(runId)) }),
    verifyRun: async () => ({
      dates: 0,
      complete: 0,
      completeWithGaps: 0,
      incomplete: 0,
      unverified: 0,
      missingCells: 0,
    }),
    closeRun: async (input) => {
      const run = of(input.runId)
      run.seen.closed = input
      const status =
        input.outcome === 'finished' ? 'success' : input.outcome === 'failed' ? 'failed' : 'cancelled'
      return { status, totals: totals(run), message: input.message }
    },
    suspendRun: async ({ runId, state, message }) => {
      of(runId).seen.steps.push(`${state}: ${message ?? ''}`)
    },
    resumeRun: async ({ runId }) => {
      const { script, seen } = of(runId)
      seen.steps.push('lock wanted')
      await alive(async (signal) => await script.takeLock?.(signal))
      seen.steps.push('lock taken again')
    },
    logRun: async ({ runId, level, message }) => {
      of(runId).seen.log.push(`${level}: ${message}`)
    },
  }
}

/** Heartbeats, so that a cancel arrives; what an abort threw is the cancellation. */
async function alive<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current()
  const timer = setInterval(() => context.heartbeat(), 100)
  try {
    return await work(context.cancellationSignal)
  } catch (error) {
    if (context.cancellationSignal.aborted) await context.cancelled
    throw error
  } finally {
    clearInterval(timer)
  }
}
