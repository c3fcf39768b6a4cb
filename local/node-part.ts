import { join, resolve } from 'node:path'
import { PartFailedError, type ProcessGuard, startChild } from './child.ts'
import { programArguments } from './program.ts'
import type { Part, RunningPart } from './supervisor.ts'

/*
 * A part that is a program of ours, made of its sources at each start. It says that it is ready with a line `READY {json}` on
 * standard output, or by `process.send({ ready: {...} })`. What it says is handed on, so that one part can tell the
 * next where it listens.
 */

export type ReadyInfo = Readonly<Record<string, unknown>>

export interface NodePartSpec {
  name: string
  /** The program, from the working folder. */
  file: string
  args?: readonly string[]
  /** For Node itself. */
  nodeFlags?: readonly string[]
  /** Computed at each start: a part may depend on where others are. */
  env: () => Record<string, string>
  /** The worker drains its activities for up to 20 s. */
  graceMs?: number
  startLimitMs?: number
}

export interface NodePartSurroundings {
  dataDir: string
  guard: ProcessGuard
  onLine: (line: string) => void
  onReady: (info: ReadyInfo) => void
}

const GRACE_MS = 25_000
const START_LIMIT_MS = 60_000

// glibc gives every thread an arena of its own, and keeps there what was freed, large pieces as well once some have come
// and gone: with the threads of Temporal's core and of Node a worker's peak was 45 MiB higher. It is read when a process
// starts, so that the worker cannot set it by itself. Other systems do not know it.
const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: String(256 * 1024) }

const readyInLine = (line: string): ReadyInfo | undefined => {
  if (line !== 'READY' && !line.startsWith('READY ')) return undefined
  const text = line.slice('READY'.length).trim()
  return text === '' ? {} : (JSON.parse(text) as ReadyInfo)
}

const readyInMessage = (message: unknown): ReadyInfo | undefined => {
  if (typeof message !== 'object' || message === null || !('ready' in message)) return undefined
  return typeof message.ready === 'object' && message.ready !== null ? (message.ready as ReadyInfo) : {}
}

// Resolves with why there is no more waiting. Neither timer nor listener keeps the process alive.
const giveUp = (spec: NodePartSpec, signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => {
    const limitMs = spec.startLimitMs ?? START_LIMIT_MS
    setTimeout(() => resolve(`not ready after ${limitMs / 1000} s`), limitMs).unref()
    signal.addEventListener('abort', () => resolve('told to end'), { once: true })
  })

const start = async (
  spec: NodePartSpec,
  around: NodePartSurroundings,
  signal: AbortSignal,
): Promise<RunningPart> => {
  let announce: (info: ReadyInfo) => void
  const ready = new Promise<ReadyInfo>((fulfil) => (announce = fulfil))
  const folder = join(around.dataDir, 'cache', 'programs')
  const program = await programArguments(resolve(spec.file), folder)
  signal.throwIfAborted()
  const child = await startChild({
    name: spec.name,
    dataDir: around.dataDir,
    command: process.execPath,
    args: [...(spec.nodeFlags ?? []), ...program, ...(spec.args ?? [])],
    env: { ...MALLOC, ...process.env, ...spec.env() },
    signal: 'SIGTERM',
    graceMs: spec.graceMs ?? GRACE_MS,
    guard: around.guard,
    onLine: (line) => {
      const info = readyInLine(line)
      if (info) announce(info)
      around.onLine(line)
    },
    onMessage: (message) => {
      const info = readyInMessage(message)
      if (info) announce(info)
    },
  })
  const outcome = await Promise.race([ready, child.exited, giveUp(spec, signal)])
  if (typeof outcome === 'string') {
    await child.stop()
    throw new PartFailedError(spec.name, outcome, child.said())
  }
  around.onReady(outcome)
  const { url } = outcome
  return {
    pid: child.pid,
    at: typeof url === 'string' ? url : 'ready',
    exited: child.exited,
    stop: () => child.stop(),
  }
}

/** Makes a supervised part of one of our programs. */
export const nodePart = (spec: NodePartSpec, around: NodePartSurroundings): Part => ({
  name: spec.name,
  start: (signal) => start(spec, around, signal),
})
