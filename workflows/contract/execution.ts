/** How an execution came to its end. */
export type Ending = 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed_out'

/** What the server knows of a run's workflow: its newest execution. */
export type Execution =
  | { kind: 'none' }
  | { kind: 'open'; epoch: number | null; executionId: string; startedAt: Date }
  | { kind: 'closed'; ending: Ending; epoch: number | null; executionId: string; startedAt: Date }

const ENDINGS: Readonly<Record<string, Ending>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed_out',
}

/** A client's description of a workflow, in our words. */
export function executionOf(description: {
  memo?: Record<string, unknown> | undefined
  runId: string
  startTime: Date
  status: { name: string }
}): Execution {
  const { memo, runId: executionId, startTime: startedAt, status } = description
  const epoch = typeof memo?.['epoch'] === 'number' ? memo['epoch'] : null
  const ending = ENDINGS[status.name]
  return ending === undefined
    ? { kind: 'open', epoch, executionId, startedAt }
    : { kind: 'closed', ending, epoch, executionId, startedAt }
}
