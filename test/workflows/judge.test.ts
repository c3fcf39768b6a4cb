import { expect, test } from 'vitest'
import type { Execution } from '../../workflows/contract/execution.ts'
import { judge, type RunFacts } from '../../workflows/contract/judge.ts'

/* The reconciler's decisions, each for a run that was read before Temporal was asked. */

const REOPENED = new Date('2026-11-22T12:00:00Z')
const run = (status: RunFacts['status'], ageSeconds: number, epoch = 3): RunFacts => ({
  status,
  epoch,
  updatedAt: REOPENED,
  ageMs: ageSeconds * 1000,
})
const started = (seconds: number) => new Date(REOPENED.getTime() + seconds * 1000)
const open = (epoch: number | null, after = 1): Execution => ({
  kind: 'open',
  epoch,
  executionId: 'e',
  startedAt: started(after),
})
const closed = (
  ending: (Execution & { kind: 'closed' })['ending'],
  epoch: number | null,
  after = 1,
): Execution => ({ ...open(epoch, after), kind: 'closed', ending }) as Execution

test.each<[string, RunFacts, Execution, string]>([
  ['a run that ended is left alone', run('success', 99), { kind: 'none' }, 'leave'],
  ['a new run waits for its starter', run('pending', 4), { kind: 'none' }, 'leave'],
  ['a run whose starter died is started', run('pending', 6), { kind: 'none' }, 'start'],
  ['a running run is left alone', run('running', 99), open(3), 'leave'],
  ['a run that Temporal forgot is terminated', run('running', 0), { kind: 'none' }, 'terminated'],
  ['so is a paused one', run('paused', 99), { kind: 'none' }, 'terminated'],
  ['a terminated workflow ends its run', run('running', 0), closed('terminated', 3), 'terminated'],
  ['also before a worker took it', run('pending', 0), closed('terminated', 3), 'terminated'],
  ['a workflow out of time ends its run', run('waiting', 0), closed('timed_out', 3), 'failed'],
  ['a failed workflow is asked why', run('running', 0), closed('failed', 3), 'ask'],
  ['a closing run has time to write its end', run('running', 5), closed('completed', 3), 'leave'],
  ['a run whose end was lost gets it', run('running', 21), closed('completed', 3), 'ask'],
  [
    'a reopened run is not ended by the execution before',
    run('pending', 1),
    closed('terminated', 2),
    'leave',
  ],
  ['it is started when its starter died', run('pending', 6), closed('terminated', 2), 'start'],
  ['also when the execution before is still open', run('pending', 6), open(2), 'start'],
  [
    'an old execution without an epoch is told by its time',
    run('pending', 1),
    closed('failed', null, -60),
    'leave',
  ],
  ['a new one too', run('pending', 1), closed('terminated', null, 1), 'terminated'],
])('%s', (_, facts, execution, expected) => {
  const judgement = judge(facts, execution)
  expect(judgement.kind === 'end' ? judgement.status : judgement.kind).toBe(expected)
})
