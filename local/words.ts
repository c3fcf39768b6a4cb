/* Numbers as a person reads them on a terminal. */

export const number = (value: number): string => value.toLocaleString('en-US')

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Seconds in the unit that a person would take. */
export function duration(seconds: number): string {
  if (seconds < MINUTE) return `${Math.ceil(seconds)} s`
  if (seconds < 2 * HOUR) return `${Math.ceil(seconds / MINUTE)} min`
  return seconds < 2 * DAY ? `${(seconds / HOUR).toFixed(1)} h` : `${(seconds / DAY).toFixed(1)} days`
}
