import type { SourceErrorClass } from '../market/source-errors.ts'
import type { SourceName } from '../market/sources.ts'

/** Why a source did not do what it was asked for. */
export interface Trouble {
  source: SourceName
  errorClass: SourceErrorClass
  message: string
}

// A reason is read in one line; the whole message stands with the batch.
const LONGEST_REASON = 200

/** `Transient: reset by peer`; the class stands in most messages already. */
export function reasonOf({ errorClass, message }: Omit<Trouble, 'source'>): string {
  const text = message.includes(errorClass) ? message : `${errorClass}: ${message}`
  return text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}…` : text
}

// China has had one zone and no summer time since 1991.
const BEIJING_MS = 8 * 3_600_000

/** `10:31:05 Beijing time`, with the date when it is not today's. */
export function beijingTime(atMs: number, nowMs: number): string {
  const [at, now] = [atMs, nowMs].map((ms) => new Date(ms + BEIJING_MS).toISOString())
  const [date, time] = [at?.slice(0, 10) ?? '', at?.slice(11, 19) ?? '']
  return `${date === now?.slice(0, 10) ? '' : `${date} `}${time} Beijing time`
}
