import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { forgetChild, recordChild } from './child-records.ts'
import { endProcess, identify } from './process-info.ts'

/** Told of every child, so that the child does not outlive this process (see watchdog.ts). */
export interface ProcessGuard {
  add(pid: number, signal: NodeJS.Signals, graceMs: number): void
  remove(pid: number): void
}

export interface ChildSpec {
  /** Short name of the part; also of its record in DATA_DIR/run. */
  name: string
  dataDir: string
  command: string
  args: string[]
  env: NodeJS.ProcessEnv
  cwd?: string
  uid?: number
  gid?: number
  /** How this program is asked to end, and for how long it may take before it is killed. */
  signal: NodeJS.Signals
  graceMs: number
  guard?: ProcessGuard
  onLine?: (line: string) => void
  onMessage?: (message: unknown) => void
}

export interface Child {
  pid: number
  /** Resolves when the child has ended, with how: `exit code 1`, `signal SIGKILL`. Never rejects. */
  exited: Promise<string>
  /** The first and the last lines that it printed, for error messages. */
  said(): string
  /** Ends it in its own way, and kills it when that takes too long. */
  stop(): Promise<void>
}

/** Thrown when a program does not come up; its own last words are in the message. */
export class PartFailedError extends Error {
  constructor(name: string, how: string, lastWords = '') {
    super(`${name} did not start: ${how}${lastWords === '' ? '' : `\n${lastWords}`}`)
    this.name = 'PartFailedError'
  }
}

// Node prints a stack, its version and blank lines after the message that matters; Go a stack of hundreds of lines.
const FIRST_LINES = 20
const LAST_LINES = 40

const readLines = (child: ChildProcess, onLine: (line: string) => void): Promise<unknown> => {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  return Promise.all(
    streams.map((stream) => {
      const lines = createInterface({ input: stream })
      lines.on('line', onLine)
      return once(lines, 'close')
    }),
  )
}

const launch = (spec: ChildSpec): ChildProcess =>
  spawn(spec.command, spec.args, {
    env: spec.env,
    stdio: spec.onMessage ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
    // A process group of its own: Ctrl-C in the terminal reaches the supervisor only, which ends the parts in order.
    detached: true,
    ...(spec.cwd !== undefined && { cwd: spec.cwd }),
    ...(spec.uid !== undefined && { uid: spec.uid }),
    ...(spec.gid !== undefined && { gid: spec.gid }),
  })

/** Starts a program whose end is taken care of in every case. */
export const startChild = async (spec: ChildSpec): Promise<Child> => {
  const child = launch(spec)
  if (child.pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error]
    throw new PartFailedError(spec.name, error.message)
  }
  const { pid } = child
  const identity = identify(pid)
  // Both before anything is awaited: a kill -9 that comes now must find the child noted.
  spec.guard?.add(pid, spec.signal, spec.graceMs)
  recordChild(spec.dataDir, spec.name, pid, spec.signal)
  const first: string[] = []
  const last: string[] = []
  let between = 0
  const outputEnded = readLines(child, (line) => {
    if (first.length < FIRST_LINES) first.push(line)
    else last.push(line)
    if (last.length > LAST_LINES) {
      last.shift()
      between++
    }
    spec.onLine?.(line)
  })
  if (spec.onMessage) child.on('message', spec.onMessage)
  const exited = once(child, 'exit').then(async ([code, signal]) => {
    spec.guard?.remove(pid)
    forgetChild(spec.dataDir, spec.name, pid)
    // Its last words are worth a moment, but a grandchild may hold the pipe open for long.
    await Promise.race([outputEnded, sleep(500)])
    return code === null ? `signal ${String(signal)}` : `exit code ${String(code)}`
  })
  const stop = async (): Promise<void> => {
    if (identity) await endProcess(identity, spec.signal, spec.graceMs)
    await exited
  }
  const said = () => [...first, ...(between > 0 ? [`(${between} more lines)`] : []), ...last].join('\n')
  return { pid, exited, said, stop }
}
