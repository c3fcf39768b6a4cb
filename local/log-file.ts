import { closeSync, fstatSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { makeFolder } from './files.ts'

/*
 * `worker.log` is the file of today. At the first line of another day, and when it is full, it becomes
 * `worker.2026-11-22.1.log`. Those are dropped after 30 days, or sooner when they are too many.
 */

export interface LogFile {
  /** Never throws: a service goes on without its log. */
  line(text: string): void
  close(): void
}

export interface LogLimits {
  /** Of one file, but for its last line. */
  maxBytes: number
  keptDays: number
  /** Of all files of one part that are not of today. */
  totalBytes: number
}

const MIB = 1024 * 1024
const LIMITS: LogLimits = { maxBytes: 16 * MIB, keptDays: 30, totalBytes: 256 * MIB }
// Only for its owner: what a program prints when it crashes may be anything.
const MODE = 0o600
const DAY_MS = 86_400_000
// A disk that is full is tried again this seldom: each attempt opens the file anew.
const REOPEN_MS = 1_000

interface Options extends Partial<LogLimits> {
  now?: () => number
}

export function openLogFile(path: string, { now = Date.now, ...limits }: Options = {}): LogFile {
  makeFolder(dirname(path), 0o700)
  return new RotatedFile(path, { ...LIMITS, ...limits }, now)
}

interface OpenFile {
  handle: number
  size: number
  day: string
}

class RotatedFile implements LogFile {
  readonly #path: string
  readonly #limits: LogLimits
  readonly #now: () => number
  #file: OpenFile | null = null
  #isClosed = false
  /** Lines that could not be written since the last one that could. */
  #lost = 0
  #retryAt = 0

  constructor(path: string, limits: LogLimits, now: () => number) {
    this.#path = path
    this.#limits = limits
    this.#now = now
    this.#quietly(() => {
      this.#file = this.#open()
      this.#prune()
    })
  }

  // Synchronous: these lines are read after a crash, and there are few.
  line(text: string): void {
    if (this.#isClosed) return
    if (this.#file === null && this.#now() < this.#retryAt) {
      this.#lost++
      return
    }
    const isWritten = this.#quietly(() => {
      const file = (this.#file ??= this.#open())
      const isFull = file.size >= this.#limits.maxBytes
      const target = file.size > 0 && (isFull || file.day !== this.#today()) ? this.#rotate(file) : file
      if (this.#lost > 0) write(target, `(${this.#lost} lines before this one could not be written)`)
      this.#lost = 0
      write(target, text)
    })
    if (isWritten) return
    this.#lost++
    this.#retryAt = this.#now() + REOPEN_MS
    this.#release()
  }

  close(): void {
    this.#isClosed = true
    this.#release()
  }

  #open(): OpenFile {
    const handle = openSync(this.#path, 'a', MODE)
    const { size, mtimeMs } = fstatSync(handle)
    return { handle, size, day: size > 0 ? dayOf(mtimeMs) : this.#today() }
  }

  #rotate(file: OpenFile): OpenFile {
    const stem = this.#path.replace(/\.log$/, '')
    let n = 1
    const nameOf = () => `${stem}.${file.day}.${n}.log`
    while (statSync(nameOf(), { throwIfNoEntry: false })) n++
    renameSync(this.#path, nameOf())
    this.#release()
    this.#file = this.#open()
    this.#prune()
    return this.#file
  }

  /** Drops what is too old, and the oldest of what is too much. */
  #prune(): void {
    const oldest = dayOf(this.#now() - this.#limits.keptDays * DAY_MS)
    let total = 0
    for (const { path, day, size } of this.#archived()) {
      total += size
      if (day < oldest || total > this.#limits.totalBytes) rmSync(path, { force: true })
    }
  }

  /** The newest first. */
  #archived(): { path: string; day: string; n: number; size: number }[] {
    const folder = dirname(this.#path)
    const stem = basename(this.#path).replace(/\.log$/, '')
    const files = readdirSync(folder).flatMap((name) => {
      if (!name.startsWith(`${stem}.`)) return []
      const [, day, n] = /^\.(\d{4}-\d\d-\d\d)\.(\d+)\.log$/.exec(name.slice(stem.length)) ?? []
      if (day === undefined) return []
      const path = join(folder, name)
      return [{ path, day, n: Number(n), size: statSync(path, { throwIfNoEntry: false })?.size ?? 0 }]
    })
    return files.sort((a, b) => (a.day === b.day ? b.n - a.n : a.day < b.day ? 1 : -1))
  }

  #release(): void {
    const file = this.#file
    this.#file = null
    if (file) this.#quietly(() => closeSync(file.handle))
  }

  readonly #today = (): string => dayOf(this.#now())

  /** A full disk or a folder that is gone is no reason to end. */
  #quietly(act: () => void): boolean {
    try {
      act()
      return true
    } catch {
      return false
    }
  }
}

function write(file: OpenFile, text: string): void {
  file.size += writeSync(file.handle, `${text}\n`)
}

/** The day of an instant where this machine stands. */
const dayOf = (ms: number): string => new Date(ms).toLocaleDateString('sv-SE')
