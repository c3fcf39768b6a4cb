import { mkdtempSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { endOrphans } from './child-records.ts'
import { makeFolder } from './files.ts'
import { type Lock, tryLock } from './lock.ts'
import { lockFile, readRunning, removeRunning } from './running.ts'
import { SetupError } from './setup-error.ts'

/** Thrown when a stack runs on this data folder already. */
export class AlreadyRunningError extends Error {
  readonly pid: number
  constructor(dataDir: string, pid: number) {
    const running = readRunning(dataDir)
    const where = running
      ? `\n  API and console  ${running.api}\n  Temporal         ${running.temporal}` +
        (running.temporal_ui === null ? '' : `\n  Temporal Web UI  ${running.temporal_ui}`)
      : ' (it is starting or ending)'
    super(`ashare-sync already runs on ${dataDir}: process ${pid}${where}`)
    this.name = 'AlreadyRunningError'
    this.pid = pid
  }
}

const makeDataDir = (dataDir: string): void => {
  try {
    makeFolder(dataDir)
    // Where the user may do everything, like root, a file system may be read-only or full all the same.
    rmdirSync(mkdtempSync(join(dataDir, '.write-')))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOSPC' ? 'its disk is full: make room' : `${String(code)}: set another folder`
    throw new SetupError(`DATA_DIR=${dataDir} is no folder that can be written to (${why})`, { cause: error })
  }
}

/** Claims a data folder for this process, making it when it is new, and clears what a killed one left in it. */
export const claimDataDir = async (dataDir: string, log: (line: string) => void): Promise<Lock> => {
  makeDataDir(dataDir)
  const attempt = await tryLock(lockFile(dataDir))
  if ('heldBy' in attempt) throw new AlreadyRunningError(dataDir, attempt.heldBy)
  try {
    removeRunning(dataDir)
    await endOrphans(dataDir, log)
  } catch (error) {
    attempt.lock.release()
    throw error
  }
  return attempt.lock
}
