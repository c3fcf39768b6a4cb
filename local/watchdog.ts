import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import type { ProcessGuard } from './child.ts'

/** Sees to it that no child outlives this process, not even when it is killed with kill -9. */
export interface Watchdog extends ProcessGuard {
  pid(): number | undefined
  /** Lets the watchdog go; children still listed are ended by it. */
  close(): Promise<void>
}

// Without a supervisor nobody waits for a clean end: long enough for PostgreSQL's checkpoint and a batch at hand.
const GRACE_LIMIT_MS = 8_000

type WatchdogProcess = ChildProcessByStdio<Writable, null, null>

const startProcess = (): WatchdogProcess => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'watchdog-process.js')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: { PATH: process.env['PATH'] },
    cwd: '/',
  })
  // A line written in the moment in which it dies is repeated to its successor.
  child.stdin.on('error', () => undefined)
  child.on('error', () => undefined)
  // It must not keep a program alive whose work is done.
  child.unref()
  return child
}

/** Starts the watchdog, and a new one whenever it is killed itself. */
export const startWatchdog = (log: (line: string) => void = () => undefined): Watchdog => {
  const children = new Map<number, string>()
  let closing = false
  let child: WatchdogProcess
  const watch = (): void => {
    child = startProcess()
    for (const line of children.values()) child.stdin.write(line)
    child.once('exit', (code, signal) => {
      if (closing) return
      log(`the watchdog ended (${signal ?? String(code)}); starting another`)
      // Not at once: where it cannot run at all this must not spin.
      setTimeout(() => {
        if (!closing) watch()
      }, 200).unref()
    })
  }
  watch()
  return {
    add: (pid, signal, graceMs) => {
      const line = `+${pid} ${signal} ${Math.min(graceMs, GRACE_LIMIT_MS)}\n`
      children.set(pid, line)
      child.stdin.write(line)
    },
    remove: (pid) => {
      if (children.delete(pid)) child.stdin.write(`-${pid}\n`)
    },
    pid: () => child.pid,
    close: async () => {
      closing = true
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
      child.ref()
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    },
  }
}
