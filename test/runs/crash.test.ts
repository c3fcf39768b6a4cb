import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chaosSeed, randomFrom } from '../chaos/random.ts'
import { type ChaosStack, startChaosStack } from '../chaos/stack.ts'
import { killDuringRun, type Outcome, perform } from '../chaos/trial.ts'

/*
 * One random moment for each process that can be killed, on the real process tree; `npm run test:chaos` takes twenty.
 */

const random = randomFrom(chaosSeed())
let stack: ChaosStack
let undisturbed: Outcome

beforeAll(async () => {
  const latency = JSON.stringify([{ kind: 'latency', ms: 150 }])
  stack = await startChaosStack({
    upstream: ['--stocks', '40', '--years', '1', '--faults', latency],
    batchSize: 4,
  })
  undisturbed = await perform(stack)
})
afterAll(() => stack.stop())

test('an undisturbed run brings the market', () => {
  expect(undisturbed.result).toMatchObject({ status: 'success', total: 40, done: 40, sums: true })
})

test.each(['worker', 'api', 'temporal', 'postgres', 'supervisor'] as const)(
  'killed with kill -9 in the middle of a run, the %s comes back and the run ends as if nothing had been',
  { timeout: 200_000 },
  async (victim) => {
    let moment = Math.round(random() * undisturbed.ms * 0.9)
    let trial = await killDuringRun(stack, victim, moment)
    // On a machine that has become idle a run may be over before the moment comes.
    while (!trial.hit) trial = await killDuringRun(stack, victim, (moment = Math.round(moment / 2)))
    console.log(`[chaos] ${victim} after ${moment} ms: nothing was committed for ${trial.standstillMs} ms`)
    expect(trial.result).toEqual(undisturbed.result)
    expect(trial.hashes).toEqual(undisturbed.hashes)
    expect({ bystanders: trial.bystanders, leads: trial.leads }).toEqual({ bystanders: [], leads: [] })
  },
)

test('paused while its worker is dead, a run is paused and not failed; resumed, it ends as ever', async () => {
  const steer = async (id: string, action: 'pause' | 'resume') => {
    const response = await fetch(`${stack.running.api}/api/runs/${id}/${action}`, { method: 'POST' })
    expect(response.ok).toBe(true)
  }
  const symbolsDone = async () =>
    Number((await stack.db.sql`select symbols_done as n from sync_run`)[0]?.n ?? 0)
  const states = new Set<unknown>()
  const { result, hashes } = await perform(stack, async (run) => {
    // Not after a time: on a machine that was busy before and is idle now the run would be over.
    while (!run.ended && (await symbolsDone()) < undisturbed.result.done / 2) await sleep(20)
    stack.kill('worker')
    await steer(run.runId, 'pause')
    while (!run.ended && !states.has('paused')) {
      states.add((await stack.db.sql`select status from sync_run`)[0]?.status)
      await sleep(50)
    }
    await steer(run.runId, 'resume')
  })
  expect(states).toContain('paused')
  expect(result).toEqual(undisturbed.result)
  expect(hashes).toEqual(undisturbed.hashes)
})
