import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import { endedByCancel } from './cancelled.ts'
import type {
  ClosedRun,
  OpenedRun,
  PlannedStage,
  SteeringMessage,
  SyncRunInput,
} from './contract/messages.ts'
import { batchName } from './dataset-sources.ts'
import { Healers } from './healers.ts'
import { LaneStopped, type LaneContext } from './lane-context.ts'
import { Lane } from './lane.ts'
import { LockKeeper, LONG_WAIT_MS } from './lock-keeper.ts'
import { PauseGate } from './pause-gate.ts'
import { batchOn, long, probeOn, short, takenInTime } from './proxies.ts'
import { describeWait } from './run-details.ts'
import { RunDisplay } from './run-display.ts'
import { RunLog } from './run-log.ts'
import { outcomeOf, type RunOutcome } from './run-outcome.ts'
import { cancelSignal, pauseSignal, progressQuery, resumeSignal } from './signals.ts'
import { SourceBoard } from './source-board.ts'

/*
 * One run of a job.
 *
 *   open → for each stage: plan → lanes → (next stage) → what was left for the end → own failures once more → verify → close
 *
 * The plan and every cursor stand in PostgreSQL; the workflow holds numbers of batches only. Whatever ends it, a new
 * execution asks for what is still open and goes on. What it knew of its sources it learns anew: the breaker in
 * PostgreSQL says which of them rest.
 */

// The server suggests a new execution at 4,096 events, when the batches in flight have theirs still to come.
const MOST_EVENTS = 3_900
const historyIsLong = (): boolean => {
  const { continueAsNewSuggested, historyLength } = workflowInfo()
  return continueAsNewSuggested || historyLength >= MOST_EVENTS
}

class SyncRun {
  readonly #input: SyncRunInput
  readonly #owner: { runId: string; epoch: number }
  readonly #gate = new PauseGate()
  readonly #board = new SourceBoard(() => this.#boardChanged())
  readonly #healers: Healers
  readonly #log: RunLog
  readonly #lock: LockKeeper
  readonly #display: RunDisplay
  readonly #root = new CancellationScope()
  readonly #watchers = new CancellationScope()
  #lanes: Lane[] = []
  #longWaitMs = LONG_WAIT_MS
  /** Stages of which something is left for the end. */
  readonly #postponed: Set<number>

  constructor(input: SyncRunInput) {
    this.#input = input
    this.#postponed = new Set(input.carried?.postponed)
    this.#owner = { runId: input.runId, epoch: input.epoch }
    this.#display = new RunDisplay(input, {
      inHand: () => this.#lanes.flatMap((lane) => lane.inHand),
      resting: () => this.#board.resting,
    })
    this.#log = new RunLog((line) => short.logRun({ ...this.#owner, ...line }))
    // Behind the gate: a pause may hold for weeks, and a paused run asks nobody.
    this.#healers = new Healers(this.#board, (place) =>
      this.#gate.run(() =>
        probeOn(place.source, `probe of ${place.source} ${place.site}`).probeSource(place),
      ),
    )
    this.#lock = this.#createLockKeeper()
    this.#listen()
    if (input.carried?.paused) this.#gate.pause()
  }

  async run(): Promise<ClosedRun> {
    const watching = CancellationScope.nonCancellable(() => this.#watch())
    let outcome: RunOutcome
    try {
      await this.#root.run(() => Promise.race([this.#work(), this.#healers.broken]))
      outcome = { kind: 'finished', message: null }
    } catch (error) {
      outcome = outcomeOf(error)
      this.#root.cancel()
    }
    return await CancellationScope.nonCancellable(async () => {
      this.#healers.end()
      this.#watchers.cancel()
      await watching
      // What is in flight ends after the commit at hand, so that the totals of the end are the last ones.
      await condition(() => this.#gate.drained)
      this.#display.show('closing')
      await this.#log.flushed()
      const { kind, ...why } = outcome
      const closed = await short.closeRun({ ...this.#owner, ...why, outcome: kind })
      this.#display.showEnd(closed.status, closed.totals)
      return closed
    })
  }

  async #work(): Promise<void> {
    const opened = await short.openRun(this.#owner)
    this.#display.update(opened.totals)
    this.#longWaitMs = opened.longWaitMs ?? LONG_WAIT_MS
    if (opened.sources.length === 0) {
      const how = 'set TUSHARE_TOKEN or AKTOOLS_URL, or give BaoStock a priority, which needs neither'
      throw new LaneStopped('fatal', `no source is switched on and has what it needs: ${how}`)
    }
    for (const resting of opened.resting) this.#board.rest(resting)
    upsertSearchAttributes({ SyncState: ['running'] })
    await condition(() => this.#lock.isHeld)
    for (let stage = this.#input.carried?.stage ?? 0; stage < opened.stages; stage++) {
      const name = `stage ${stage + 1} of ${opened.stages}`
      await this.#bring(await this.#plan(name, () => this.#planStage(stage)), opened, stage)
    }
    for (const stage of this.#postponed) {
      const name = `what was left of stage ${stage + 1}`
      await this.#bring(await this.#plan(name, () => this.#planStage(stage)), opened, opened.stages)
    }
    const again = await this.#plan('own failures', () => long.planRetries(this.#owner))
    await this.#bring(again, opened, opened.stages)
    await condition(() => this.#lock.isHeld)
    this.#display.show('running', 'verification')
    await this.#gate.run(() => long.verifyRun(this.#owner))
  }

  readonly #planStage = (stage: number) => long.planStage({ ...this.#owner, stage })

  async #plan(stage: string, plan: () => Promise<PlannedStage>): Promise<PlannedStage> {
    await condition(() => this.#lock.isHeld)
    this.#display.show('running', `planning ${stage}`)
    const planned = await this.#gate.run(plan)
    this.#display.update(planned.totals)
    const names = [...new Set(planned.datasets.map(({ dataset }) => dataset))].join(', ')
    this.#display.show('running', names === '' ? stage : names)
    return planned
  }

  /** @param stage the number behind all stages for what comes after them, which is left for later no more */
  async #bring(planned: PlannedStage, opened: OpenedRun, stage: number): Promise<void> {
    const context = this.#laneContext(opened, stage < opened.stages)
    this.#lanes = planned.datasets.map((dataset) => new Lane(dataset, context))
    const postponed = await Promise.all(this.#lanes.map((lane) => lane.run()))
    this.#lanes = []
    if (postponed.includes(true)) this.#postponed.add(stage)
    if (historyIsLong()) await this.#continue(stage)
  }

  #laneContext({ mode, sources, queueLimitMs }: OpenedRun, mayPostpone: boolean): LaneContext {
    return {
      mode,
      sources,
      mayPostpone,
      gate: this.#gate,
      board: this.#board,
      log: this.#log,
      syncBatch: async ({ dataset, seq, source, isolate }) => {
        const summary = `${batchName(dataset, seq, source)}${isolate ? ', isolating' : ''}`
        const { syncBatch } = batchOn(source, summary, queueLimitMs)
        const outcome = await takenInTime(() => syncBatch({ ...this.#owner, seq, source, isolate }))
        if (outcome?.goesFirst !== undefined) this.#lock.giveWay(outcome.goesFirst)
        return outcome
      },
      giveUpBatch: (input) => short.giveUpBatch({ ...this.#owner, ...input }),
      lookAfter: (place) => this.#healers.lookAfter(place),
      hasLock: () => this.#lock.isHeld,
      shouldStop: historyIsLong,
      onTotals: (totals) => this.#display.update(totals),
      onStart: (source) => this.#display.newest(source),
      onUse: ([source]) => {
        if (source !== undefined) this.#display.foundBy(source)
      },
    }
  }

  /** The next execution plans the same stage again and gets what is still open. */
  async #continue(stage: number): Promise<void> {
    this.#healers.end()
    await this.#log.flushed()
    await condition(allHandlersFinished)
    const carried = {
      stage,
      paused: this.#gate.pauseWanted,
      postponed: [...this.#postponed],
      waiting: !this.#lock.isHeld,
    }
    await continueAsNew<typeof syncRun>({ ...this.#input, carried })
  }

  #createLockKeeper(): LockKeeper {
    const isHeld = this.#input.carried?.waiting !== true
    const absences = () => this.#lanes.flatMap((lane) => lane.absences)
    return new LockKeeper(
      {
        gate: this.#gate,
        longWaitMs: () => this.#longWaitMs,
        inHand: () => this.#lanes.reduce((sum, lane) => sum + lane.inHand.length, 0),
        nextStart: () => Math.min(Infinity, ...this.#lanes.map((lane) => lane.nextStart)),
        describeWait: (untilMs) => describeWait(absences(), untilMs),
        giveBack: (state, message) => short.suspendRun({ ...this.#owner, state, message }),
        takeAgain: () => long.resumeRun(this.#owner),
        show: (state) => this.#display.show(state),
      },
      isHeld,
    )
  }

  #listen(): void {
    const { runId } = this.#input
    const mine = (message: SteeringMessage | undefined) => (message?.runId ?? runId) === runId
    setHandler(pauseSignal, (message) => {
      if (mine(message)) this.#gate.pause()
    })
    setHandler(resumeSignal, (message) => {
      if (mine(message)) this.#gate.resume()
    })
    setHandler(cancelSignal, (message) => {
      if (mine(message)) this.#root.cancel()
    })
    setHandler(progressQuery, () => this.#display.describe())
  }

  /** Looks after the lock beside the work, until the work ends. */
  async #watch(): Promise<void> {
    try {
      await this.#watchers.run(() => this.#lock.watch())
    } catch (error) {
      if (!endedByCancel(error)) throw error
    }
  }

  #boardChanged(): void {
    for (const lane of this.#lanes) lane.boardChanged()
    this.#display.refresh()
  }
}

/** The workflow behind every run; see the prose above for its steps. */
export async function syncRun(input: SyncRunInput): Promise<ClosedRun> {
  return await new SyncRun(input).run()
}
