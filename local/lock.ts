import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeFolder, readJsonObject, writeFileAtomic } from './files.ts'
import { type ProcessIdentity, identify, isAlive } from './process-info.ts'

/*
 * A lock that is a file holding its owner's process number and start time. A dead owner's lock is taken over. Taking
 * over is the delicate part (two may see the same dead owner), so it happens behind a second file that exists only for
 * that moment.
 */

export interface Lock {
  release(): void
}

export type LockAttempt = { lock: Lock } | { heldBy: number }

// A take-over lasts microseconds: an older guard belongs to a process that was killed in that moment.
const GUARD_LIMIT_MS = 10_000

const createNew = (path: string, text: string): boolean => {
  try {
    const file = openSync(path, 'wx', 0o600)
    writeSync(file, text)
    closeSync(file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const livingOwner = (path: string): ProcessIdentity | undefined => {
  const owner = readJsonObject(path) as unknown as Partial<ProcessIdentity> | undefined
  if (typeof owner?.pid !== 'number' || typeof owner.startedAt !== 'string') return undefined
  const identity = { pid: owner.pid, startedAt: owner.startedAt }
  return isAlive(identity) ? identity : undefined
}

// One from the future was made before the clock was set back.
const isOld = (path: string): boolean => {
  const now = Date.now()
  const age = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now)
  return Math.abs(age) > GUARD_LIMIT_MS
}

/** The living process that holds this lock, or undefined. */
export const lockHolder = (path: string): number | undefined => livingOwner(path)?.pid

/** Takes the lock, or says who holds it. */
export const tryLock = async (path: string): Promise<LockAttempt> => {
  const self = identify(process.pid)
  if (!self) throw new Error('this process does not find itself in the process table')
  makeFolder(dirname(path))
  const guard = `${path}.guard`
  for (;;) {
    if (isOld(guard)) rmSync(guard, { force: true })
    if (!createNew(guard, '')) {
      await sleep(10)
      continue
    }
    try {
      const owner = livingOwner(path)
      if (owner) return { heldBy: owner.pid }
      writeFileAtomic(path, JSON.stringify(self))
      return { lock: { release: () => rmSync(path, { force: true }) } }
    } finally {
      rmSync(guard, { force: true })
    }
  }
}

/** Takes the lock as soon as its holder gives it back or dies; `onWait` hears of the holder about every 5 s. */
export const waitForLock = async (
  path: string,
  onWait: (holder: number) => void,
  signal?: AbortSignal,
): Promise<Lock> => {
  for (let tries = 0; ; tries++) {
    signal?.throwIfAborted()
    const attempt = await tryLock(path)
    if ('lock' in attempt) return attempt.lock
    if (tries % 20 === 0) onWait(attempt.heldBy)
    await sleep(250)
  }
}
