import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface LogFile {
  line(text: string): void
  close(): void
}

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024

/** A log file that never grows past `maxBytes`: it moves to `<path>.1`, whose older text is dropped. */
export const openLogFile = (path: string, maxBytes = DEFAULT_MAX_BYTES): LogFile => {
  mkdirSync(dirname(path), { recursive: true })
  let file = openSync(path, 'a', 0o600)
  let size = fstatSync(file).size
  let open = true
  const rotate = (): void => {
    closeSync(file)
    renameSync(path, `${path}.1`)
    file = openSync(path, 'a', 0o600)
    size = 0
  }
  return {
    // Synchronous: these lines are read after a crash, and there are few.
    line: (text) => {
      if (!open) return
      if (size >= maxBytes) rotate()
      size += writeSync(file, `${text}\n`)
    },
    close: () => {
      if (open) closeSync(file)
      open = false
    },
  }
}
