import { isFinal, type FinalState, type RunState } from './status.ts'
import type { Ending, Execution } from './execution.ts'

/*
 * What the database believes of a run against what Temporal knows of its workflow.
 *
 *   pending, no execution of this owner  → the starter died in between, or Temporal was away: start it
 *   open, execution open                 → nothing
 *   open, execution ended from outside   → the run ends the same way
 *   open, no execution at all            → terminated: Temporal has forgotten it
 *
 * An execution belongs to an owner of the run (its epoch). After a retry the newest execution is for a moment still that
 * of the owner before, and says nothing about the run.
 */

export interface RunFacts {
  status: RunState
  epoch: number
  /** When the row was written last, and how long ago. */
  updatedAt: Date
  ageMs: number
}

export type Judgement =
  | { kind: 'leave' }
  | { kind: 'start' }
  | { kind: 'end'; status: FinalState; message: string }
  /** The execution knows best how it ended: ask it. */
  | { kind: 'ask'; executionId: string; ending: Ending }

// Inserting the row and starting the workflow are two steps: whoever does them gets this long.
export const START_GRACE_MS = 5_000
// An execution that ended by itself has written its end before; a row that says otherwise after this long is wrong.
const END_GRACE_MS = 20_000

const RETRY_HINT = 'a retry of the run goes on where it stopped'

/** What to do about a run; the row was read before the execution was asked for. */
export function judge(run: RunFacts, execution: Execution): Judgement {
  if (isFinal(run.status)) return { kind: 'leave' }
  if (execution.kind === 'none' || isOlder(run, execution)) {
    if (run.status === 'pending') return run.ageMs >= START_GRACE_MS ? { kind: 'start' } : { kind: 'leave' }
    return {
      kind: 'end',
      status: 'terminated',
      message: `Temporal no longer has its workflow; ${RETRY_HINT}`,
    }
  }
  if (execution.kind === 'open') return { kind: 'leave' }
  return judgeEnding(run, execution)
}

function judgeEnding(run: RunFacts, execution: Execution & { kind: 'closed' }): Judgement {
  const { ending, executionId } = execution
  if (ending === 'terminated')
    return { kind: 'end', status: 'terminated', message: `its workflow was terminated; ${RETRY_HINT}` }
  if (ending === 'timed_out')
    return { kind: 'end', status: 'failed', message: `its workflow ran out of time; ${RETRY_HINT}` }
  if (ending === 'failed') return { kind: 'ask', executionId, ending }
  return run.ageMs >= END_GRACE_MS ? { kind: 'ask', executionId, ending } : { kind: 'leave' }
}

/** True when an execution is that of an owner before. Those that name no epoch were not started by the API: only their
 * start time tells, and only of a run that no execution has taken over yet. */
function isOlder(run: RunFacts, execution: Exclude<Execution, { kind: 'none' }>): boolean {
  if (execution.epoch !== null) return execution.epoch < run.epoch
  return run.status === 'pending' && execution.startedAt.getTime() < run.updatedAt.getTime() - 1_000
}
