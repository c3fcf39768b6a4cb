import type { Fault } from '../replay/faults.ts'
import type { RunStatus } from './api-client.ts'

/*
 * Tushare dies in the middle of the run and comes back:
 *
 *   up → (enough cells are there) → gone → (the run's log tells who goes on, and some seconds more) → back
 */

// Tushare has brought its part by then, and enough is left for another source and for its return.
const GONE_AT_PERCENT = 35
// Long enough to see the other source at work. Its first rest lasts 5 s, so it is there again for the first probe.
const SEEN_MS = 3_000
// On a busy machine nobody may take over before the calls that hang are given up; a demo ends all the same.
const LONGEST_MS = 20_000

const HANG: readonly Fault[] = [{ kind: 'hang' }]

export interface Outage {
  /** To be called with each new status and the log lines that came with it. Tells what it does. */
  readonly look: (status: Pick<RunStatus, 'percent' | 'status'>, lines: readonly string[]) => Promise<void>
  /** Brings Tushare back if it is gone. */
  readonly end: () => Promise<void>
  /** False while nothing has happened: the run was over too soon. */
  readonly happened: boolean
}

/** @param setFaults replaces what goes wrong with Tushare */
export function createOutage(
  setFaults: (faults: readonly Fault[]) => Promise<void>,
  tell: (line: string) => void,
  now: () => number = Date.now,
): Outage {
  let goneAt: number | null = null
  let seenAt: number | null = null
  let isGone = false
  const comeBack = async (): Promise<void> => {
    isGone = false
    await setFaults([])
    tell('TUSHARE IS BACK: it answers again')
  }
  return {
    get happened() {
      return goneAt !== null
    },
    look: async ({ percent, status }, lines) => {
      if (goneAt === null && status === 'running' && percent >= GONE_AT_PERCENT) {
        goneAt = now()
        isGone = true
        await setFaults(HANG)
        tell('TUSHARE IS GONE: no call is answered any more')
      }
      if (!isGone || goneAt === null) return
      if (lines.some((line) => line.includes('goes on with'))) seenAt ??= now()
      if (now() - (seenAt ?? Infinity) > SEEN_MS || now() - goneAt > LONGEST_MS) await comeBack()
    },
    end: async () => {
      if (isGone) await comeBack()
    },
  }
}
