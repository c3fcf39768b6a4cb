import { join } from 'node:path'
import { type LogFile, openLogFile } from './log-file.ts'
import type { StackOptions } from './stack.ts'

interface PartLogs {
  /** Takes the lines of one part. */
  of: (name: string) => (line: string) => void
  close: () => void
}

/** Files for what the parts print; also printed here where that is wanted. */
export const openPartLogs = (
  options: Pick<StackOptions, 'dataDir' | 'redact' | 'verbose' | 'log'>,
): PartLogs => {
  const files: LogFile[] = []
  const { redact = (line: string) => line } = options
  return {
    of: (name: string): ((line: string) => void) => {
      const file = openLogFile(join(options.dataDir, 'logs', `${name}.log`))
      files.push(file)
      return (line) => {
        const clean = redact(line)
        file.line(clean)
        if (options.verbose) options.log(`${name} | ${clean}`)
      }
    },
    close: () => {
      for (const file of files) file.close()
    },
  }
}
