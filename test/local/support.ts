import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inject, onTestFinished } from 'vitest'
import { identify } from '../../local/process-info.ts'
import { startPostgres } from '../../local/postgres.ts'
import { type RunningStack, readRunning } from '../../local/running.ts'
import { BUNDLES } from '../support/bundles.ts'
import { programOf, startProgram } from '../support/programs.ts'

/** A folder for one test, removed after it. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-local-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

let template: Promise<string> | undefined

const makeTemplate = async (): Promise<string> => {
  const folder = mkdtempSync(join(inject('folder'), 'template-'))
  mkdirSync(BUNDLES, { recursive: true })
  symlinkSync(BUNDLES, join(folder, 'cache'))
  const server = await startPostgres({ dataDir: folder, port: 0 })
  await server.stop()
  rmSync(join(folder, 'ports.json'))
  return folder
}

/** A data folder whose PostgreSQL and workflow bundle are made already: a copy takes a tenth of the time that initdb takes. */
export const seededFolder = async (): Promise<string> => {
  template ??= makeTemplate()
  const folder = temporaryFolder()
  execFileSync('cp', ['-a', `${await template}/.`, folder])
  return folder
}

/** Starts one of the fixtures as a process of its own; killed after the test if it still runs. */
export const runFixture = async (name: string, args: string[], env: NodeJS.ProcessEnv = {}) => {
  const program = await programOf(`test/local/fixtures/${name}`)
  const fixture = startProgram([...program, ...args], { ...process.env, ...env })
  onTestFinished(() => fixture.end())
  return fixture
}

export type Fixture = Awaited<ReturnType<typeof runFixture>>

/** Waits until `probe` answers with something. */
export const eventually = async <T>(
  probe: () => T | undefined | false,
  what: string,
  ms = 60_000,
): Promise<T> => {
  for (const until = Date.now() + ms; Date.now() < until; await sleep(25)) {
    const answer = probe()
    if (answer !== undefined && answer !== false) return answer
  }
  throw new Error(`not within ${ms} ms: ${what}`)
}

/** Starts the stack with small programs, on ports that nobody uses, and waits until it is up. */
export const startUp = async (
  dataDir: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ up: Fixture; child: Fixture['child']; running: RunningStack }> => {
  const up = await runFixture('up.ts', [], { PORT: '0', LOG_LEVEL: 'info', DATA_DIR: dataDir, ...env })
  const running = await eventually(() => {
    if (up.child.exitCode !== null) throw new Error(`up ended:\n${up.output()}`)
    return readRunning(dataDir)
  }, 'running.json')
  return { up, child: up.child, running }
}

/** The living ones among these processes. */
export const alive = (pids: readonly number[]): number[] => pids.filter((pid) => identify(pid) !== undefined)
