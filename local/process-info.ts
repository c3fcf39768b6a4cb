import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process beyond doubt: numbers are used again, a number with its start time is not. */
export interface ProcessIdentity {
  pid: number
  startedAt: string
}

const HAS_PROC = existsSync('/proc/self/stat')

const readProc = (file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${file}`, 'utf8')
  } catch {
    return undefined
  }
}

// Start times count from the boot, so the same number after a reboot is another process.
const BOOT_ID = readProc('sys/kernel/random/boot_id')?.trim() ?? ''

const ps = (pid: number, columns: string): string | undefined => {
  try {
    const env = { PATH: process.env['PATH'] ?? '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' }
    return execFileSync('ps', ['-o', columns, '-p', String(pid)], {
      encoding: 'utf8',
      env,
      stdio: 'pipe',
    }).trim()
  } catch {
    return undefined
  }
}

const identifyByProc = (pid: number): ProcessIdentity | undefined => {
  const stat = readProc(`${pid}/stat`)
  if (!stat) return undefined
  // The second field is the program's name in brackets and may hold anything, so count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, ticks] = [fields[0], fields[19]]
  // A zombie is dead: in a container whose init reaps nothing it would look alive for ever.
  if (state === 'Z' || state === 'X' || ticks === undefined) return undefined
  return { pid, startedAt: `${BOOT_ID}/${ticks}` }
}

const identifyByPs = (pid: number): ProcessIdentity | undefined => {
  const answer = ps(pid, 'stat=,lstart=')
  if (!answer || answer.startsWith('Z')) return undefined
  return { pid, startedAt: answer.replace(/^\S+\s+/, '') }
}

/** The identity of a living process, or undefined. */
export const identify = (pid: number): ProcessIdentity | undefined =>
  HAS_PROC ? identifyByProc(pid) : identifyByPs(pid)

/** Whether that very process still lives. */
export const isAlive = (target: ProcessIdentity): boolean =>
  identify(target.pid)?.startedAt === target.startedAt

/** The command line of a process (words joined by blanks), or undefined. */
export const commandLine = (pid: number): string | undefined =>
  HAS_PROC ? readProc(`${pid}/cmdline`)?.split('\0').join(' ').trim() : ps(pid, 'command=')

/** The working folder of a process where the system tells it (Linux). */
export const workingFolder = (pid: number): string | undefined => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/** Sends a signal; a process that is gone already is no error. */
export const sendSignal = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const POLL_MS = HAS_PROC ? 20 : 100

/** Waits until the process is gone; false when it still lives after `ms`. */
export const waitForEnd = async (target: ProcessIdentity, ms: number): Promise<boolean> => {
  const until = performance.now() + ms
  while (isAlive(target)) {
    if (performance.now() >= until) return false
    await sleep(POLL_MS)
  }
  return true
}

/** Asks a process to end, and kills it when it has not done so after `graceMs`. */
export const endProcess = async (
  target: ProcessIdentity,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> => {
  if (!isAlive(target)) return
  sendSignal(target.pid, signal)
  if (await waitForEnd(target, graceMs)) return
  sendSignal(target.pid, 'SIGKILL')
  if (!(await waitForEnd(target, 5_000)))
    throw new Error(`process ${target.pid} does not end, not even killed`)
}
