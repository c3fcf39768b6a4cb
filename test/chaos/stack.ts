import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, openDatabase } from '../../db/client.ts'
import { identify } from '../../local/process-info.ts'
import { readRunning, type RunningStack } from '../../local/running.ts'
import { programOf } from '../support/programs.ts'

export const PARTS = ['worker', 'api', 'temporal', 'postgres'] as const
export type PartName = (typeof PARTS)[number]
export type Victim = PartName | 'supervisor'

export interface ChaosOptions {
  /** Arguments of the upstream: its market and its faults. */
  upstream: readonly string[]
  batchSize: number
  env?: Readonly<Record<string, string>>
}

export interface ChaosStack {
  running: RunningStack
  db: Database
  /** Run parameters for the whole sandbox market. */
  span: { start_date: string; end_date: string }
  pidOf(name: Victim | 'upstream'): number
  kill(victim: Victim): void
  /** Starts the supervisor again after it was killed. */
  startAgain(): Promise<void>
  stop(): Promise<void>
}

const START_LIMIT_MS = 120_000

const isoDate = (d: string) => (d.includes('-') ? d : `${d.slice(0, 4)}-${d.slice(4, 6)}-${d.slice(6)}`)

/** The real thing in processes of its own, on a data folder of its own. */
export async function startChaosStack(options: ChaosOptions): Promise<ChaosStack> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ashare-chaos-'))
  let supervisor = await launch(dataDir, options)
  const { running, upstream } = await untilUp(dataDir, supervisor)
  const stack: ChaosStack = {
    running,
    db: openDatabase({ url: running.postgres, max: 3, name: 'chaos' }),
    span: { start_date: isoDate(String(upstream.first)), end_date: isoDate(String(upstream.today)) },
    pidOf: (name) => (name === 'supervisor' ? (supervisor.child.pid ?? 0) : recordedPid(dataDir, name)),
    kill: (victim) => void process.kill(stack.pidOf(victim), 'SIGKILL'),
    startAgain: async () => {
      await supervisor.ended
      supervisor = await launch(dataDir, options)
      stack.running = (await untilUp(dataDir, supervisor)).running
      if (stack.running.postgres === running.postgres) return
      await stack.db.close()
      stack.db = openDatabase({ url: stack.running.postgres, max: 3, name: 'chaos' })
    },
    stop: async () => {
      await stack.db.close()
      supervisor.child.kill('SIGTERM')
      await supervisor.ended
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  return stack
}

interface Supervisor {
  child: ChildProcess
  ended: Promise<unknown>
  output: () => string
}

async function launch(dataDir: string, { upstream, batchSize, env }: ChaosOptions): Promise<Supervisor> {
  const child = spawn(process.execPath, await programOf('test/chaos/supervised.ts'), {
    env: {
      ...process.env,
      PORT: '0',
      // Runs that nobody asked for would take the lock from those of the trial.
      DEFAULT_SCHEDULES: 'off',
      DATA_DIR: dataDir,
      BATCH_SIZE: String(batchSize),
      CHAOS_UPSTREAM: JSON.stringify(upstream),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return { child, ended: once(child, 'close'), output: () => output }
}

async function untilUp(
  dataDir: string,
  supervisor: Supervisor,
): Promise<{ running: RunningStack; upstream: Record<string, unknown> }> {
  for (const until = Date.now() + START_LIMIT_MS; Date.now() < until; await sleep(50)) {
    const upstream = /^UPSTREAM (.*)$/m.exec(supervisor.output())?.[1]
    const running = readRunning(dataDir)
    if (running && upstream !== undefined)
      return { running, upstream: JSON.parse(upstream) as Record<string, unknown> }
    if (supervisor.child.exitCode !== null) break
  }
  throw new Error(`the stack did not come up:\n${supervisor.output()}`)
}

/** 0 while the part is not there. */
function recordedPid(dataDir: string, name: string): number {
  try {
    const { pid } = JSON.parse(readFileSync(join(dataDir, 'run', `${name}.json`), 'utf8')) as { pid: number }
    return identify(pid) ? pid : 0
  } catch {
    return 0
  }
}
