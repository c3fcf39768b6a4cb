import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { identify } from '../../local/process-info.ts'
import { alive, eventually, runFixture, seededFolder, startUp, temporaryFolder } from './support.ts'

const recordedPid = (dataDir: string, name: string): number =>
  (JSON.parse(readFileSync(join(dataDir, 'run', `${name}.json`), 'utf8')) as { pid: number }).pid

const PARTS = ['postgres', 'temporal', 'upstream', 'worker', 'api']
const pidsOf = (dataDir: string): number[] => PARTS.map((name) => recordedPid(dataDir, name))

/** The watchdog is the one child of `up` that is in no record. */
const watchdogOf = (up: number): number => {
  const found = readdirSync('/proc').find((entry) => {
    if (!/^\d+$/.test(entry) || !identify(Number(entry))) return false
    const text = readFileSync(`/proc/${entry}/cmdline`, 'utf8')
    return (
      text.includes('watchdog-process') &&
      new RegExp(`\\) \\S ${up} `).test(readFileSync(`/proc/${entry}/stat`, 'utf8'))
    )
  })
  if (found === undefined) throw new Error('no watchdog')
  return Number(found)
}

describe('up', () => {
  test('tells where everything is, refuses a second one, restarts what is killed, ends in reverse order', async () => {
    const dataDir = await seededFolder()
    const { up, running } = await startUp(dataDir)
    expect(statSync(join(dataDir, 'running.json')).mode & 0o777).toBe(0o600)
    expect(running.pid).toBe(up.child.pid)
    const told = (await (await fetch(running.api)).json()) as Record<string, string>
    expect(told).toMatchObject({ DATABASE_URL: running.postgres, TEMPORAL_ADDRESS: running.temporal })
    expect((await fetch(String(told['UPSTREAM_URL']))).status).toBe(200)

    const second = await runFixture('up.ts', [], { PORT: '0', DATA_DIR: dataDir })
    expect(await second.ended).toEqual([1, null])
    expect(second.output()).toContain(`process ${running.pid}`)
    expect(second.output()).toContain(running.api)

    const before = pidsOf(dataDir)
    for (const name of ['postgres', 'api']) process.kill(recordedPid(dataDir, name), 'SIGKILL')
    await eventually(
      () =>
        up
          .output()
          .split('\n')
          .filter((line) => /^(postgres|api) .*\(\d/.test(line)).length === 4,
      'both back',
    )
    const after = pidsOf(dataDir)
    expect(PARTS.filter((_, i) => before[i] !== after[i])).toEqual(['postgres', 'api'])
    expect((await fetch(running.api)).status).toBe(200)

    up.child.kill('SIGTERM')
    expect(await up.ended).toEqual([0, null])
    expect(alive([...before, ...after])).toEqual([])
    expect(existsSync(join(dataDir, 'running.json'))).toBe(false)
    expect(readdirSync(join(dataDir, 'run'))).toEqual([])
    const { password, host } = new URL(running.postgres)
    expect(password).not.toBe('')
    const logged = readFileSync(join(dataDir, 'logs', 'worker.log'), 'utf8')
    expect(logged).toMatch(new RegExp(`worker ends, was at postgres://\\[redacted\\]@${host}`))
    expect(logged).not.toContain(password)
  })

  test('killed with kill -9 it leaves no process; killed with its watchdog the next start ends what is left', async () => {
    const dataDir = await seededFolder()
    const first = await startUp(dataDir)
    const firstPids = pidsOf(dataDir)
    first.child.kill('SIGKILL')
    await eventually(() => alive(firstPids).length === 0, 'the watchdog has ended them')

    const second = await startUp(dataDir)
    const secondPids = pidsOf(dataDir)
    process.kill(watchdogOf(second.running.pid), 'SIGKILL')
    second.child.kill('SIGKILL')
    await second.up.ended
    expect(alive(secondPids).length).toBeGreaterThan(0)

    const third = await startUp(dataDir)
    expect(alive(secondPids)).toEqual([])
    expect(third.running.postgres).toBe(second.running.postgres)
    expect(third.up.output()).toContain('that a killed run left behind')
    third.child.kill('SIGINT')
    expect(await third.up.ended).toEqual([0, null])
  })

  test('a PORT that is taken ends the start with a message that names it', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    const up = await runFixture('up.ts', [], { PORT: String(port), DATA_DIR: temporaryFolder() })
    expect(await up.ended).toEqual([1, null])
    expect(up.output()).toContain(`Port ${port} for the API is taken`)
  })

  test('a signal during the start ends what has been started, which programs are told as well', async () => {
    const dataDir = await seededFolder()
    const up = await runFixture('up.ts', ['--json'], { PORT: '0', DATA_DIR: dataDir })
    await eventually(() => existsSync(join(dataDir, 'run', 'temporal.json')), 'temporal started')
    const pids = ['temporal'].map((name) => recordedPid(dataDir, name))
    up.child.kill('SIGTERM')
    expect(await up.ended).toEqual([0, null])
    expect(alive(pids)).toEqual([])
    expect(readdirSync(join(dataDir, 'run'))).toEqual([])
    const told = up
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    const message = 'SIGTERM: ending (once more to end by force)'
    expect(told).toContainEqual({ event: 'log', message })
    expect(told.at(-1)).toEqual({ event: 'end' })
  })
})
