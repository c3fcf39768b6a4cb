import { SetupError } from './setup-error.ts'
import type { Part } from './supervisor.ts'

// As the system, PostgreSQL and the SQLite within Temporal say it.
const FULL = /ENOSPC|no space left on device|database or disk is full/i

/** The same part; that it cannot come up since the disk is full is said in a line that tells what to do. */
export const withFullDiskTold = (part: Part, dataDir: string): Part => ({
  ...part,
  start: async (signal) => {
    try {
      return await part.start(signal)
    } catch (error) {
      if (!(error instanceof Error) || !FULL.test(error.message)) throw error
      throw new SetupError(
        `the disk of ${dataDir} is full: make room. Nothing that was committed is lost, and work goes on where it was`,
        { cause: error },
      )
    }
  },
})
