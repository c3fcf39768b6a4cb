/*
 * The watchdog: a process of its own that outlives a supervisor killed with kill -9 just long enough to end its
 * children. It reads `+<pid> <signal> <grace ms>` and `-<pid>` on standard input; when the input ends, for whatever
 * reason, it ends what is left, last started first. Plain JavaScript: nothing to compile, so it is watching within
 * 50 ms, and what it reads waits in the pipe until then.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** @type {Map<number, { signal: string, graceMs: number }>} */
const children = new Map()

// The supervisor's terminal may send these to everybody; only the end of the input counts.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined)

const send = (pid, signal) => {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}

const isZombie = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false
  }
}

const isGone = (pid) => !send(pid, 0) || isZombie(pid)

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const end = async (pid, { signal, graceMs }) => {
  send(pid, signal)
  for (const until = performance.now() + graceMs; performance.now() < until; await sleep(50))
    if (isGone(pid)) return
  // Each child leads a process group: what it started itself goes with it.
  if (!send(-pid, 'SIGKILL')) send(pid, 'SIGKILL')
}

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const [pid = '', signal = 'SIGTERM', graceMs = '5000'] = line.slice(1).split(' ')
  if (line.startsWith('+')) children.set(Number(pid), { signal, graceMs: Number(graceMs) })
  else children.delete(Number(pid))
})
lines.on('close', async () => {
  for (const [pid, how] of [...children].reverse()) await end(pid, how)
  process.exit(0)
})
