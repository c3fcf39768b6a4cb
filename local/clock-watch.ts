import { duration } from './words.ts'

const LOOK_MS = 5_000
// Less is what NTP corrects every day, and nobody notices.
const WORTH_TELLING_MS = 60_000

interface Watching {
  everyMs?: number
  /** The time of day and a steady clock, in milliseconds. */
  clocks?: () => { wall: number; steady: number }
}

const ours = () => ({ wall: Date.now(), steady: performance.now() })

/**
 * Looks for leaps of the machine's clock. Temporal keeps the times at which workflows go on and sleeps until the next one by a
 * steady clock: after a leap forward, or a machine that slept, it wakes that much too late unless it is started again. After a
 * leap back those times are that much further away, and only a person can know that.
 *
 * @param onForward called after a leap forward
 */
export function watchClock(
  log: (line: string) => void,
  onForward: () => void,
  { everyMs = LOOK_MS, clocks = ours }: Watching = {},
): { close: () => void } {
  let before = clocks()
  const look = (): void => {
    const now = clocks()
    const leapMs = now.wall - before.wall - (now.steady - before.steady)
    before = now
    if (Math.abs(leapMs) < WORTH_TELLING_MS) return
    const leap = duration(Math.abs(leapMs) / 1_000)
    if (leapMs < 0)
      return log(
        `the clock was set back by ${leap}: a run that waits for a time goes on that much later. Cancel it and start it again: it goes on where it was`,
      )
    log(`the clock is ${leap} ahead of what it was, or the machine slept: what was due meanwhile begins now`)
    onForward()
  }
  const timer = setInterval(look, everyMs)
  timer.unref()
  return { close: () => clearInterval(timer) }
}
