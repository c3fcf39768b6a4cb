import { endOrphans } from './child-records.ts'
import { type Lock, tryLock } from './lock.ts'
import { lockFile, readRunning, removeRunning } from './running.ts'

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

/** Claims a data folder for this process and clears what a killed one left in it. */
export const claimDataDir = async (dataDir: string, log: (line: string) => void): Promise<Lock> => {
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
