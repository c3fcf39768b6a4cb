import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { endOrphans } from '../../local/child-records.ts'
import { lockHolder, tryLock } from '../../local/lock.ts'
import { identify, isAlive } from '../../local/process-info.ts'
import { readRunning, writeRunning } from '../../local/running.ts'
import { temporaryFolder } from './support.ts'

test('a record whose number now belongs to another process ends nobody', async () => {
  const dataDir = temporaryFolder()
  mkdirSync(join(dataDir, 'run'))
  const dead = { pid: 999_999_999, startedAt: 'long ago' }
  const record = {
    pid: process.pid,
    startedAt: 'long ago',
    name: 'api',
    signal: 'SIGKILL',
    recordedAt: 1,
    owner: dead,
  }
  writeFileSync(join(dataDir, 'run', 'api.json'), JSON.stringify(record))
  const said: string[] = []
  await endOrphans(dataDir, (line) => said.push(line))
  expect(said).toEqual([])
})

test('a lock is held by a living process only, and by one at a time', async () => {
  const path = join(temporaryFolder(), 'up.lock')
  writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: 'long ago' }))
  expect(lockHolder(path)).toBeUndefined()
  const attempts = await Promise.all([tryLock(path), tryLock(path), tryLock(path)])
  expect(attempts.filter((attempt) => 'lock' in attempt)).toHaveLength(1)
  expect(lockHolder(path)).toBe(process.pid)
})

test('a process is told from an earlier one with its number', () => {
  const self = identify(process.pid)
  expect(self && isAlive(self)).toBe(true)
  expect(self && isAlive({ ...self, startedAt: 'long ago' })).toBe(false)
})

test('running.json of a process that holds no lock counts as absent', async () => {
  const dataDir = temporaryFolder()
  const stack = { pid: process.pid, api: 'a', temporal: 'b', temporal_ui: null, postgres: 'c' }
  writeRunning(dataDir, stack)
  expect(readRunning(dataDir)).toBeUndefined()
  await tryLock(join(dataDir, 'up.lock'))
  expect(readRunning(dataDir)).toEqual(stack)
})
