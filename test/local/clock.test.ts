import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { watchClock } from '../../local/clock-watch.ts'
import { tryLock } from '../../local/lock.ts'
import { endProcess, identify } from '../../local/process-info.ts'
import { temporaryFolder } from './support.ts'

const HOUR_MS = 3_600_000

afterEach(() => void vi.useRealTimers())

/** A program that does as it is told only after a while; null: never. */
async function slowToEnd(afterMs: number | null) {
  const onTerm = afterMs === null ? '' : `setTimeout(() => process.exit(0), ${afterMs})`
  const program = `process.on('SIGTERM', () => { ${onTerm} }); setInterval(() => {}, 1000); console.log('up')`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  const identity = identify(child.pid ?? 0)
  if (!identity) throw new Error('it did not start')
  return { identity, ended: once(child, 'exit') as Promise<[number | null, string | null]> }
}

const setClock = (byMs: number): void => void vi.setSystemTime(Date.now() + byMs)

test('a program that does not end is killed after its time, also when the clock is set back meanwhile', async () => {
  const { identity, ended } = await slowToEnd(null)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  const ending = endProcess(identity, 'SIGTERM', 300)
  setClock(-HOUR_MS)
  await ending
  expect(await ended).toEqual([null, 'SIGKILL'])
})

test('a program that takes its time to end gets it, also when the clock is set forward meanwhile', async () => {
  const { identity, ended } = await slowToEnd(300)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  const ending = endProcess(identity, 'SIGTERM', 20_000)
  setClock(HOUR_MS)
  await ending
  expect(await ended).toEqual([0, null])
})

test('a take-over that was broken off before the clock was set back stands in nobody’s way', async () => {
  const path = join(temporaryFolder(), 'up.lock')
  writeFileSync(`${path}.guard`, '')
  const later = new Date(Date.now() + HOUR_MS)
  utimesSync(`${path}.guard`, later, later)
  expect(await tryLock(path)).toHaveProperty('lock')
})

/** What a watch says and does while its clock leaps by so much. */
async function watched(leapMs: number): Promise<{ said: string[]; forward: number }> {
  const said: string[] = []
  let forward = 0
  const clock = { wall: Date.now(), steady: 0 }
  const options = { everyMs: 5, clocks: () => ({ ...clock }) }
  const watch = watchClock(
    (line) => said.push(line),
    () => {
      forward++
    },
    options,
  )
  Object.assign(clock, { wall: clock.wall + leapMs + 1_000, steady: 1_000 })
  await sleep(50)
  watch.close()
  return { said, forward }
}

test('a clock that is set back by an hour is told once, with what to do', async () => {
  const { said, forward } = await watched(-HOUR_MS)
  expect(said).toEqual([expect.stringMatching(/set back by 60 min.*Cancel it and start it again/)])
  expect(forward).toBe(0)
})

test('after an hour of sleep what was due is begun', async () => {
  const { said, forward } = await watched(HOUR_MS)
  expect(said).toEqual([expect.stringMatching(/60 min ahead of what it was, or the machine slept/)])
  expect(forward).toBe(1)
})

test('what NTP corrects is not worth a word', async () => {
  expect(await watched(-2_000)).toEqual({ said: [], forward: 0 })
})
