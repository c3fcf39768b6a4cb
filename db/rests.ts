import type { SourceErrorClass } from '../market/source-errors.ts'
import type { SourceName } from '../market/sources.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface RestRule {
  /** Seconds after the first, second … failure in a row; the last one holds for all that follow. */
  steps: readonly number[]
  /** Least rest after a ban; `longerEachTime`: times the number of bans this calendar year. */
  ban: { seconds: number; longerEachTime: boolean }
}

/**
 * How long a place rests.
 *
 * Tushare and BaoStock are one server each: most troubles are over within seconds, and after minutes of them asking every
 * five is soon enough. Tushare bans nobody as far as is known; an hour lets a person look.
 *
 * Behind AKTools every failure is the same empty 500. One may be a symbol that the site does not know, so it costs a
 * minute; two in a row mean that the site blocks this address, which lasts for hours and gets worse by asking.
 *
 * BaoStock blacklists an address for 6 hours, 12 for the second offence of the year, and so on; connecting meanwhile is an
 * offence again.
 */
export const RESTS: Readonly<Record<SourceName, RestRule>> = {
  tushare: { steps: [5, 15, 30, 60, 120, 300], ban: { seconds: HOUR, longerEachTime: false } },
  akshare: {
    steps: [MINUTE, 30 * MINUTE, 2 * HOUR, DAY],
    ban: { seconds: 30 * MINUTE, longerEachTime: false },
  },
  baostock: { steps: [5, 15, 30, 60, 120, 300], ban: { seconds: 6 * HOUR, longerEachTime: true } },
}

/**
 * Seconds of rest after a failure.
 *
 * @param failures failures in a row, this one included
 * @param bans bans of this calendar year (Asia/Shanghai), this one included
 */
export function restSecondsFor(
  source: SourceName,
  errorClass: SourceErrorClass,
  failures: number,
  bans: number,
): number {
  const { steps, ban } = RESTS[source]
  const step = steps[Math.min(failures, steps.length) - 1] ?? 0
  if (errorClass !== 'Banned') return step
  return Math.max(step, ban.seconds * (ban.longerEachTime ? bans : 1))
}
