import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaosSeed, randomFrom } from './random.ts'
import { writeReport, type Entry } from './report.ts'
import { postgresServer, type Server, temporalServer } from './servers.ts'
import { type ChaosOptions, type ChaosStack, PARTS, startChaosStack, type Victim } from './stack.ts'
import { killDuringRun, type Outcome, perform } from './trial.ts'

/*
 * The crash matrix: each process killed with kill -9 at twenty random moments of a run, on the real process tree. After
 * each the run ends by itself, and tables and counters are those of an undisturbed run.
 */

const FULL_ROUNDS = 20
const FULL_OUTAGE_MS = 60_000
const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? FULL_ROUNDS)
const SUPERVISOR_ROUNDS = Math.ceil(ROUNDS / 4)
const OUTAGE_MS = Number(process.env.CHAOS_OUTAGE_SECONDS ?? FULL_OUTAGE_MS / 1000) * 1000

const MARKET: ChaosOptions = {
  upstream: ['--stocks', '120', '--years', '2', '--faults', JSON.stringify([{ kind: 'latency', ms: 250 }])],
  batchSize: 5,
}

const seed = chaosSeed()
const entries: Entry[] = []
afterAll(() => {
  // A shorter run is for development: the report is about the whole matrix.
  if (ROUNDS === FULL_ROUNDS && OUTAGE_MS === FULL_OUTAGE_MS) writeReport(seed, entries)
})

/** All trials: the kinds take turns, so that no part is killed again while its back-off still counts the last time. */
function planTrials(): { name: string; victim: Victim; at: number }[] {
  const random = randomFrom(seed)
  return Array.from({ length: ROUNDS }, (_, round) => {
    const victims: Victim[] = round < SUPERVISOR_ROUNDS ? [...PARTS, 'supervisor'] : [...PARTS]
    return victims.map((victim) => ({ name: `${victim} ${round + 1}`, victim, at: random() * 0.95 }))
  }).flat()
}

describe('kill -9', () => {
  let stack: ChaosStack
  let undisturbed: Outcome

  beforeAll(async () => {
    stack = await startChaosStack(MARKET)
    undisturbed = await perform(stack)
    expect(undisturbed.result).toMatchObject({ status: 'success', total: 120, done: 120, sums: true })
  })
  afterAll(() => stack.stop())

  test.each(planTrials())('of $name at $at of the run', async ({ victim, at }) => {
    const entry: Entry = { kind: victim, passed: false, standstillMs: 0, longerMs: 0 }
    entries.push(entry)
    let moment = Math.round(at * undisturbed.ms)
    let trial = await killDuringRun(stack, victim, moment)
    while (!trial.hit) trial = await killDuringRun(stack, victim, (moment = Math.round(moment * 0.7)))
    entry.standstillMs = trial.standstillMs
    entry.longerMs = trial.ms - undisturbed.ms
    const { result, hashes, bystanders, leads } = trial
    expect({ result, hashes, bystanders, leads }).toEqual({
      result: undisturbed.result,
      hashes: undisturbed.hashes,
      bystanders: [],
      leads: [],
    })
    entry.passed = true
    console.log(
      `[chaos] ${victim} after ${moment} ms: still for ${entry.standstillMs} ms, run ${trial.ms} ms, equal`,
    )
  })
})

describe('outages', () => {
  let servers: Record<'postgres' | 'temporal', Server>
  let stack: ChaosStack
  let undisturbed: Outcome

  beforeAll(async () => {
    const [postgres, temporal] = await Promise.all([postgresServer(), temporalServer()])
    servers = { postgres, temporal }
    stack = await startChaosStack({
      ...MARKET,
      env: { DATABASE_URL: postgres.address, TEMPORAL_ADDRESS: temporal.address },
    })
    undisturbed = await perform(stack)
  })
  afterAll(async () => {
    await stack.stop()
    await Promise.all(Object.values(servers).map((each) => each.close()))
  })

  test.each(['postgres', 'temporal'] as const)('%s is away for a minute', async (name) => {
    const entry: Entry = {
      kind: `${name} away for ${OUTAGE_MS / 1000} s`,
      passed: false,
      standstillMs: 0,
      longerMs: 0,
    }
    entries.push(entry)
    let backAt = 0
    const programs = () => [stack.pidOf('worker'), stack.pidOf('api')]
    const before = programs()
    const outcome = await perform(stack, async (run) => {
      await sleep(undisturbed.ms / 3)
      expect(run.ended).toBe(false)
      await servers[name].leave()
      await sleep(OUTAGE_MS)
      backAt = Date.now()
      await servers[name].comeBack()
    })
    entry.standstillMs = outcome.watched.longestGapAfter(backAt)
    entry.longerMs = outcome.ms - undisturbed.ms
    expect({ result: outcome.result, hashes: outcome.hashes, programs: programs() }).toEqual({
      result: undisturbed.result,
      hashes: undisturbed.hashes,
      programs: before,
    })
    entry.passed = true
  })
})
