import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../config.ts'
import { claimDataDir } from '../../local/data-dir.ts'
import { watchDisk } from '../../local/disk-watch.ts'
import { withFullDiskTold } from '../../local/full-disk.ts'
import { SetupError } from '../../local/setup-error.ts'
import { startChecks } from '../../local/start-checks.ts'
import { eventually, temporaryFolder } from './support.ts'

/* What stands in the way of a start, or of work, is found out early and said once with what to do. */

const check = (env: Record<string, string>) => startChecks(loadConfig(env)).beforeServers()

test('a service that others would reach is not started without a key', async () => {
  const open = { HOST: '0.0.0.0', DATA_DIR: temporaryFolder() }
  await expect(check(open)).rejects.toThrow(/^HOST=0\.0\.0\.0 would open the API .* set API_KEYS/)
  await expect(check({ ...open, ALLOWED_HOSTS: 'a.example', HOST: '127.0.0.1' })).rejects.toThrow(SetupError)
  await check({ ...open, API_KEYS: 'ops:admin:0123456789abcdef01234567' })
  // One may be stored there, which is known when the database is up.
  await expect(check({ ...open, DATABASE_URL: 'postgres://user@127.0.0.1:9/db' })).rejects.toThrow(
    /ECONNREFUSED/,
  )
})

test('a file of schedules that is wrong is told with its problems, unless it is not read', async () => {
  const file = join(temporaryFolder(), 'schedules.json')
  writeFileSync(file, '[{"job": "nonsense"}]')
  await expect(check({ SCHEDULES_FILE: file })).rejects.toThrow(/nonsense: is no job/)
  await check({ SCHEDULES_FILE: file, DEFAULT_SCHEDULES: 'off' })
})

test.skipIf(!existsSync('/proc/self'))('a data folder that cannot be made is named at once', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'file')
  writeFileSync(file, '')
  for (const dataDir of ['/proc/ashare/data', file, join(file, 'data')])
    await expect(claimDataDir(dataDir, () => undefined)).rejects.toThrow(`DATA_DIR=${dataDir} is no folder`)
  const lock = await claimDataDir(join(folder, 'a', 'b'), () => undefined)
  lock.release()
})

test('a part that cannot come up since the disk is full says so in one line', async () => {
  const message = 'PostgreSQL did not start: exit code 1\nLOG: starting\nFATAL: x: No space left on device'
  const failing = (error: Error) =>
    withFullDiskTold({ name: 'postgres', start: () => Promise.reject(error) }, '/data').start(
      new AbortController().signal,
    )
  await expect(failing(new Error(message))).rejects.toThrow(/^the disk of \/data is full: make room\. .*/)
  await expect(failing(new Error('port taken'))).rejects.toThrow(/^port taken$/)
})

test('a disk that is full is said once, and so is that there is room again', async () => {
  const said: string[] = []
  const looks: number[] = []
  let free = 300
  const freeBytes = () => {
    looks.push(free)
    return Promise.resolve(free * 1024 * 1024)
  }
  const disk = watchDisk('/data', (line) => said.push(line), { everyMs: 1, freeBytes })
  for (free of [300, 63, 10, 100, 200, 300]) {
    const before = looks.length
    await eventually(() => looks.length > before + 2, `it is looked at with ${free} MiB`)
  }
  disk.close()
  expect(said).toEqual([
    expect.stringMatching(/^the disk of \/data is full, 63 MiB are free: make room/),
    'there is room again on the disk of /data: work goes on by itself',
  ])
})
