import { expect, test } from 'vitest'
import { type Part, type RunningPart, Supervisor } from '../../local/supervisor.ts'
import { eventually } from './support.ts'

const QUICK = { first: 10, most: 40, healthyMs: 5_000 }

/** A part in memory: `die` ends it by itself, `refuse` makes its next starts fail. */
const fakePart = (name: string, events: string[] = []) => {
  let [starts, refusals] = [0, 0]
  let die: (how: string) => void = () => undefined
  const part: Part = {
    name,
    start: async (): Promise<RunningPart> => {
      starts++
      if (refusals-- > 0) throw new Error('not now')
      events.push(`${name} up`)
      const exited = new Promise<string>((resolve) => (die = resolve))
      const stop = async (): Promise<void> => {
        events.push(`${name} down`)
        die('exit code 0')
      }
      return { pid: 1_000 + starts, at: 'memory', exited, stop }
    },
  }
  return {
    part,
    starts: () => starts,
    die: () => die('signal SIGKILL'),
    refuse: (times: number) => (refusals = times),
  }
}

test('parts end in the reverse order of their start', async () => {
  const events: string[] = []
  const supervisor = new Supervisor({ log: () => undefined })
  for (const name of ['a', 'b', 'c']) await supervisor.start([fakePart(name, events).part])
  await supervisor.stop()
  expect(events).toEqual(['a up', 'b up', 'c up', 'c down', 'b down', 'a down'])
})

test('a part that ends is started again, with longer and longer pauses while that fails', async () => {
  const said: string[] = []
  const supervisor = new Supervisor({ log: (line) => said.push(line), backoffMs: QUICK })
  const fake = fakePart('api')
  await supervisor.start([fake.part])
  fake.refuse(3)
  fake.die()
  await eventually(() => supervisor.part('api').pid === 1_005, 'fifth start')
  expect(said).toContain('api ended (signal SIGKILL); starting it again in 0.01 s')
  expect(said.filter((line) => line.startsWith('api is not back yet'))).toEqual([
    'api is not back yet and is tried again and again: not now',
  ])
  expect(supervisor.part('api').restarts).toBe(4)
  await supervisor.stop()
})

test('a part is renewed on demand; one that is not there is left out', async () => {
  const events: string[] = []
  const supervisor = new Supervisor({ log: () => undefined, backoffMs: QUICK })
  await supervisor.start([fakePart('temporal', events).part])
  await supervisor.restart('postgres')
  await supervisor.restart('temporal')
  await eventually(() => events.length === 3, 'the second start')
  expect(events).toEqual(['temporal up', 'temporal down', 'temporal up'])
  await supervisor.stop()
})

test('what waits for its next start is not started once everything ends', async () => {
  const supervisor = new Supervisor({
    log: () => undefined,
    backoffMs: { ...QUICK, first: 60_000, most: 60_000 },
  })
  const fake = fakePart('api')
  await supervisor.start([fake.part])
  fake.die()
  await eventually(() => supervisor.part('api').pid === undefined, 'end noticed')
  await supervisor.stop()
  expect(fake.starts()).toBe(1)
})

test('a first start that fails is handed to the caller', async () => {
  const fake = fakePart('api')
  fake.refuse(1)
  const supervisor = new Supervisor({ log: () => undefined })
  await expect(supervisor.start([fake.part])).rejects.toThrow('not now')
  await supervisor.stop()
})
