import { spawnSync } from 'node:child_process'
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { buildTemporal } from './temporal-build.ts'
import { downloadTemporal } from './temporal-download.ts'
import type { ProcessGuard } from './child.ts'
import { makeFolder } from './files.ts'
import { waitForLock } from './lock.ts'
import { SetupError } from './setup-error.ts'

/** The release that everything here was measured with. */
export const TEMPORAL_VERSION = '1.5.1'
// Older servers lack search attributes and pragmas on the command line; 1.26 is the oldest whose flags were compared.
const OLDEST_SERVER = [1, 26] as const

/** A way to bring the binary into the (empty) folder `into`; answers with its path, or throws why not. */
export type BringBinary = (request: BringRequest) => Promise<string>

export interface BringRequest {
  version: string
  into: string
  log: (line: string) => void
  guard?: ProcessGuard
  signal?: AbortSignal
}

export interface FindOptions {
  /** Path of the binary, or its name on PATH. */
  cli?: string | undefined
  log: (line: string) => void
  guard?: ProcessGuard
  /** Gives up a download or build. */
  signal?: AbortSignal
  env?: NodeJS.ProcessEnv
  /** Ways to get one when there is none. */
  bring?: Record<string, BringBinary>
}

/** Where the binary is kept between runs and checkouts. */
export const cachedBinary = (env: NodeJS.ProcessEnv = process.env): string => {
  const base = env['XDG_CACHE_HOME'] ? env['XDG_CACHE_HOME'] : join(homedir(), '.cache')
  return join(base, 'ashare-sync', `temporal-${TEMPORAL_VERSION}`, 'temporal')
}

// A cut-off ELF file may start and die later, on the first page that is missing. Its section table stands at the end.
const isCutOff = (path: string): boolean => {
  const head = Buffer.alloc(64)
  const file = openSync(path, 'r')
  const length = readSync(file, head, 0, head.length, 0)
  closeSync(file)
  if (head.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return false
  if (length < head.length) return true
  const end = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60)
  return statSync(path).size < end
}

/** Why this file is no Temporal CLI that can be used, or undefined when it is one. */
export const problemOf = (path: string): string | undefined => {
  try {
    accessSync(path, constants.X_OK)
    if (isCutOff(path)) return 'the file is cut off'
  } catch (error) {
    return (error as Error).message
  }
  const answer = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 })
  if (answer.error) return answer.error.message
  if (answer.status !== 0) return `--version ended with ${answer.status ?? answer.signal ?? 'nothing'}`
  // A plain `go install` prints "temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)": only the server's number is sure.
  const [, major, minor] = /temporal version .*Server (\d+)\.(\d+)/.exec(answer.stdout) ?? []
  if (major === undefined || minor === undefined)
    return `--version printed "${answer.stdout.trim().slice(0, 80)}"`
  const [oldestMajor, oldestMinor] = OLDEST_SERVER
  const isOld = Number(major) < oldestMajor || (Number(major) === oldestMajor && Number(minor) < oldestMinor)
  return isOld ? `its server ${major}.${minor} is older than ${OLDEST_SERVER.join('.')}` : undefined
}

const onPath = (name: string, env: NodeJS.ProcessEnv): string | undefined => {
  if (name.includes('/')) return existsSync(name) ? name : undefined
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

const explicit = (cli: string, env: NodeJS.ProcessEnv): string => {
  const path = onPath(cli, env)
  const problem = path === undefined ? 'there is no such file' : problemOf(path)
  if (path === undefined || problem !== undefined)
    throw new SetupError(
      `TEMPORAL_CLI=${cli} cannot be used: ${String(problem)}. Correct it or leave it unset.`,
    )
  return path
}

const usable = (path: string | undefined, log: (line: string) => void): string | undefined => {
  if (path === undefined || !existsSync(path)) return undefined
  const problem = problemOf(path)
  if (problem !== undefined) log(`${path} is passed over: ${problem}`)
  return problem === undefined ? path : undefined
}

const noWay = (reasons: string[]): Error =>
  new Error(
    [
      'No Temporal server could be found or made:',
      ...reasons.map((reason) => `  - ${reason}`),
      'Choose one: set TEMPORAL_ADDRESS to a running server; put the Temporal CLI on PATH or set TEMPORAL_CLI to it',
      `(https://docs.temporal.io/cli, release ${TEMPORAL_VERSION}); or install Go 1.25 or newer, and it is built here once.`,
    ].join('\n'),
  )

const fillCache = async (target: string, options: FindOptions): Promise<string> => {
  const { log, bring = { download: downloadTemporal, build: buildTemporal } } = options
  const waiting = (pid: number): void => log(`process ${pid} is getting the Temporal server; waiting for it`)
  const lock = await waitForLock(`${target}.lock`, waiting, options.signal)
  try {
    const meanwhile = usable(target, () => undefined)
    if (meanwhile !== undefined) return meanwhile
    const reasons: string[] = []
    for (const [way, get] of Object.entries(bring)) {
      const into = `${target}.${way}`
      try {
        options.signal?.throwIfAborted()
        return await installFrom(get, into, target, options)
      } catch (error) {
        if (options.signal?.aborted) throw error
        reasons.push(`${way}: ${(error as Error).message}`)
        log(`${way} of the Temporal server failed: ${(error as Error).message}`)
      } finally {
        rmSync(into, { recursive: true, force: true })
      }
    }
    throw noWay(reasons)
  } finally {
    lock.release()
  }
}

const installFrom = async (
  get: BringBinary,
  into: string,
  target: string,
  options: FindOptions,
): Promise<string> => {
  const { log, guard, signal } = options
  // Only one process is here at a time, so what lies there was left by one that was killed.
  rmSync(into, { recursive: true, force: true })
  makeFolder(into)
  const path = await get({
    version: TEMPORAL_VERSION,
    into,
    log,
    ...(guard && { guard }),
    ...(signal && { signal }),
  })
  const problem = problemOf(path)
  if (problem !== undefined) throw new Error(problem)
  renameSync(path, target)
  return target
}

/** The Temporal CLI that is there already: the one the user names, the one on PATH, or the one in the cache folder. */
export const presentTemporalBinary = (
  options: Pick<FindOptions, 'cli' | 'env' | 'log'>,
): string | undefined => {
  const { env = process.env, log } = options
  if (options.cli) return explicit(options.cli, env)
  return usable(onPath('temporal', env), log) ?? usable(cachedBinary(env), log)
}

/**
 * The Temporal CLI, whose `server start-dev` is the embedded server: one that is there, the SDK's download, or one built
 * with Go.
 */
export const findTemporalBinary = async (options: FindOptions): Promise<string> =>
  presentTemporalBinary(options) ?? (await fillCache(cachedBinary(options.env), options))
