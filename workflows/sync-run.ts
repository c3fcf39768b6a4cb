import type { RetryPolicy } from '@temporalio/common'
import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  proxyActivities,
  ActivityCancellationType,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import type { SourceName } from '../market/sources.ts'
import { endedByCancel } from './cancelled.ts'
import type { SyncActivities } from './contract/activities.ts'
import { sourceTaskQueue } from './contract/ids.ts'
import type { ClosedRun, PlannedStage, Progress, SteeringMessage, SyncRunInput } from './contract/messages.ts'
import { Lane, LaneStopped } from './lane.ts'
import { PauseGate } from './pause-gate.ts'
import { ProgressTracker } from './progress.ts'
import { cancelSignal, pauseSignal, progressQuery, resumeSignal } from './signals.ts'
import { SourceRest } from './source-rest.ts'

/*
 * One run of a job.
 *
 *   open → for each stage: plan → lanes → (next stage) → own failures once more → verify → close
 *
 * The plan and every cursor stand in PostgreSQL; the workflow holds numbers of batches only. Whatever ends it, a new
 * execution asks for what is still open and goes on.
 */

// Infrastructure (a lost worker, PostgreSQL away) is retried for ever and counts against nobody; only bugs end a run.
// Every 5 s at most: a server that is back is noticed soon, and a dozen questions in that time are no load.
const RETRY = {
  initialInterval: '500ms',
  backoffCoefficient: 1.5,
  maximumInterval: '5s',
  nonRetryableErrorTypes: ['Bug', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'],
} satisfies RetryPolicy

// How long a killed worker's batches stand still. Heartbeats come every 2 s; one that is late by more than this costs a
// second attempt beside the first, which repeats a call but counts nothing twice.
const HEARTBEAT_TIMEOUT = '8s'
// A statement or two. Without heartbeats this is how long it takes to notice that the worker died in the middle.
const SHORT_TIMEOUT = '10s'
// Batches of one dataset in flight: enough to fill 500 calls a minute at a quarter of a second a call and commit.
const WINDOW = 4

// A run that can do nothing for longer than this gives its lock back.
const LONG_WAIT_MS = 15 * 60_000

// The server suggests a new execution at 4,096 events, when the batches in flight have theirs still to come.
const MOST_EVENTS = 3_900
const historyIsLong = (): boolean => {
  const { continueAsNewSuggested, historyLength } = workflowInfo()
  return continueAsNewSuggested || historyLength >= MOST_EVENTS
}

const short = proxyActivities<SyncActivities>({ startToCloseTimeout: SHORT_TIMEOUT, retry: RETRY })
const long = proxyActivities<SyncActivities>({
  startToCloseTimeout: '24h',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: RETRY,
})

/** Bound to a source's own queue; a resumed batch never runs beside its old attempt. */
const onSource = (source: SourceName, summary: string) =>
  proxyActivities<SyncActivities>({
    taskQueue: sourceTaskQueue(source),
    startToCloseTimeout: '12h',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: RETRY,
    summary,
  })

class SyncRun {
  readonly #input: SyncRunInput
  readonly #owner: { runId: string; epoch: number }
  readonly #gate = new PauseGate()
  readonly #progress: ProgressTracker
  readonly #startedAt: number
  #lanes: Lane[] = []
  #stage = 'opening'
  #source: SourceName | null = null
  #state: Progress['state'] = 'running'
  #lockGiven = false
  readonly #root = new CancellationScope()
  readonly #watchers = new CancellationScope()

  constructor(input: SyncRunInput) {
    this.#input = input
    this.#owner = { runId: input.runId, epoch: input.epoch }
    this.#startedAt = input.carried?.startedAt ?? Date.now()
    this.#progress = new ProgressTracker(this.#startedAt)
    const mine = (message: SteeringMessage | undefined) => (message?.runId ?? input.runId) === input.runId
    setHandler(pauseSignal, (message) => {
      if (mine(message)) this.#gate.pause()
    })
    setHandler(resumeSignal, (message) => {
      if (mine(message)) this.#gate.resume()
    })
    setHandler(cancelSignal, (message) => {
      if (mine(message)) this.#root.cancel()
    })
    setHandler(progressQuery, () => this.#describe())
    if (input.carried?.paused) this.#gate.pause()
  }

  async run(): Promise<ClosedRun> {
    const watching = CancellationScope.nonCancellable(() => this.#watch())
    let outcome: { kind: 'finished' | 'failed' | 'cancelled'; message: string | null }
    try {
      await this.#root.run(() => this.#work())
      outcome = { kind: 'finished', message: null }
    } catch (error) {
      outcome = outcomeOf(error)
      this.#root.cancel()
    }
    return await CancellationScope.nonCancellable(async () => {
      this.#watchers.cancel()
      await watching
      // What is in flight ends after the commit at hand, so that the totals of the end are the last ones.
      await condition(() => this.#gate.drained)
      this.#show('closing')
      const closed = await short.closeRun({ ...this.#owner, outcome: outcome.kind, message: outcome.message })
      this.#progress.update(closed.totals)
      setCurrentDetails(this.#details(closed.status))
      upsertSearchAttributes({ SyncState: [closed.status] })
      return closed
    })
  }

  async #work(): Promise<void> {
    const opened = await short.openRun(this.#owner)
    this.#progress.update(opened.totals)
    const [source] = opened.sources
    if (source === undefined)
      throw new LaneStopped('fatal', 'no source is switched on and has what it needs: set TUSHARE_TOKEN')
    this.#source = source
    upsertSearchAttributes({ SyncSource: [source], SyncState: ['running'] })
    const rest = new SourceRest(
      source,
      (probe) => onSource(source, 'probe').probeSource(probe),
      (level, message) => short.logRun({ ...this.#owner, level, message }),
    )
    for (let stage = this.#input.carried?.stage ?? 0; stage < opened.stages; stage++) {
      const planned = await this.#plan(`stage ${stage + 1} of ${opened.stages}`, () =>
        long.planStage({ ...this.#owner, stage }),
      )
      await this.#lanesOf(planned, source, rest, stage)
    }
    const again = await this.#plan('own failures', () => long.planRetries(this.#owner))
    await this.#lanesOf(again, source, rest, opened.stages)
    this.#show('running', 'verification')
    await this.#gate.run(() => long.verifyRun(this.#owner))
  }

  async #plan(stage: string, plan: () => Promise<PlannedStage>): Promise<PlannedStage> {
    this.#show('running', `planning ${stage}`)
    const planned = await this.#gate.run(plan)
    this.#progress.update(planned.totals)
    const names = planned.datasets.map((d) => d.dataset).join(', ')
    this.#show('running', names === '' ? stage : names)
    return planned
  }

  async #lanesOf(planned: PlannedStage, source: SourceName, rest: SourceRest, stage: number): Promise<void> {
    this.#lanes = planned.datasets.map(
      (dataset) =>
        new Lane(dataset, {
          ...this.#owner,
          source,
          gate: this.#gate,
          rest,
          window: WINDOW,
          untilLocked: () => condition(() => !this.#lockGiven),
          activities: short,
          syncBatch: (seq, isolate) =>
            onSource(source, `${dataset.dataset} batch ${seq}${isolate ? ', isolating' : ''}`).syncBatch({
              ...this.#owner,
              seq,
              source,
              isolate,
            }),
          onTotals: (totals) => {
            this.#progress.update(totals)
            setCurrentDetails(this.#details(this.#state))
          },
          shouldStop: historyIsLong,
        }),
    )
    await Promise.all(this.#lanes.map((lane) => lane.run()))
    this.#lanes = []
    if (historyIsLong()) await this.#continue(stage)
  }

  /** The next execution plans the same stage again and gets what is still open. */
  async #continue(stage: number): Promise<void> {
    await condition(allHandlersFinished)
    const carried = { stage, paused: this.#gate.pauseWanted, startedAt: this.#startedAt }
    await continueAsNew<typeof syncRun>({ ...this.#input, carried })
  }

  /** Looks after the lock beside the work, until the work ends. */
  async #watch(): Promise<void> {
    try {
      await this.#watchers.run(() => Promise.all([this.#watchPauses(), this.#watchWaits()]))
    } catch (error) {
      if (!endedByCancel(error)) throw error
    }
  }

  /** Gives the lock back when a pause has taken effect and takes it again before the gate opens. */
  async #watchPauses(): Promise<void> {
    for (;;) {
      await condition(() => !this.#gate.isOpen)
      this.#show('pausing')
      await condition(() => this.#gate.drained)
      if (this.#gate.pauseWanted) {
        await short.suspendRun({ ...this.#owner, state: 'paused', message: 'paused by request' })
        this.#show('paused')
        await condition(() => !this.#gate.pauseWanted)
        this.#show('waiting')
        await long.resumeRun(this.#owner)
      }
      this.#show('running')
      this.#gate.reopen()
    }
  }

  /** Gives the lock back while every lane waits for a budget for long, a day's quota say: others may run meanwhile. */
  async #watchWaits(): Promise<void> {
    for (;;) {
      await condition(() => this.#idleUntil() > Date.now() + LONG_WAIT_MS)
      const until = this.#idleUntil()
      this.#lockGiven = true
      const message = `the budget is used up; goes on at ${new Date(until).toISOString()}`
      await short.suspendRun({ ...this.#owner, state: 'waiting', message })
      this.#show('waiting')
      await sleep(until - Date.now())
      await long.resumeRun(this.#owner)
      this.#lockGiven = false
      this.#show('running')
    }
  }

  /** Until when no lane has anything to do; 0 when one has. */
  #idleUntil(): number {
    const next = Math.min(Infinity, ...this.#lanes.map((lane) => lane.nextStart))
    return Number.isFinite(next) ? next : 0
  }

  #show(state: Progress['state'], stage?: string): void {
    this.#state = state
    if (stage !== undefined) this.#stage = stage
    setCurrentDetails(this.#details(state))
    upsertSearchAttributes({ SyncState: [state] })
  }

  #describe(): Progress {
    return this.#progress.describe(Date.now(), {
      runId: this.#input.runId,
      job: this.#input.job,
      state: this.#state,
      stage: this.#stage,
      currentRegions: this.#lanes.flatMap((lane) => lane.inFlight.map((seq) => `batch ${seq}`)),
      source: this.#source,
    })
  }

  /** Markdown for the Temporal Web UI. */
  #details(state: string): string {
    const p = this.#describe()
    return [
      `**${p.job}** is **${state}** · ${p.percent} % · ${this.#stage}`,
      `${p.cellsDone} of ${p.cellsTotal} cells · ${p.inserted} inserted, ${p.updated} updated, ${p.unchanged} unchanged`,
      `${p.calls} calls to ${p.source ?? 'no source yet'} · ${p.rate} cells/s · ETA ${p.etaSeconds ?? '?'} s · ${p.errors} open failures, ${p.rejected} rows in quarantine`,
    ].join('\n\n')
  }
}

/** The workflow behind every run; see the prose above for its steps. */
export async function syncRun(input: SyncRunInput): Promise<ClosedRun> {
  return await new SyncRun(input).run()
}

/** What an end of the work means for the run. A newer owner writes its state, so this execution just ends; continue-as-new passes. */
function outcomeOf(error: unknown): { kind: 'failed' | 'cancelled'; message: string | null } {
  if (endedByCancel(error)) return { kind: 'cancelled', message: null }
  if (error instanceof LaneStopped && error.kind === 'fatal')
    return { kind: 'failed', message: error.message }
  // Any other error than a failure of Temporal's would be taken for a bug that a new version mends, and tried for ever.
  if (error instanceof LaneStopped) throw ApplicationFailure.nonRetryable(error.message, 'Fenced')
  if (error instanceof ActivityFailure) {
    return {
      kind: 'failed',
      message: `${error.activityType}: ${error.cause?.message ?? error.message}. What to do: report this, it is a bug.`,
    }
  }
  throw error
}
