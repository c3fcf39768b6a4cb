import { type Finding, ok, warning } from './finding.ts'

/** A clock that ours was compared with. `exactMs`: how exactly it can be read. */
export interface OtherClock {
  name: string
  aheadMs: number
  exactMs: number
}

// Budgets and rests are kept by PostgreSQL's clock; within this nobody notices.
const TOLERANCE_MS = 2_000

/** Our clock against others; none where there was none to compare with. */
export function clockFindings(clocks: readonly OtherClock[]): Finding[] {
  if (clocks.length === 0) return []
  const wrong = clocks.filter(({ aheadMs, exactMs }) => Math.abs(aheadMs) > TOLERANCE_MS + exactMs)
  const shown = (list: readonly OtherClock[]) =>
    list
      .map(
        ({ name, aheadMs }) => `${name} ${aheadMs < 0 ? '-' : '+'}${Math.abs(aheadMs / 1_000).toFixed(1)} s`,
      )
      .join(', ')
  if (wrong.length === 0) return [ok('clock', `agrees with others: ${shown(clocks)}`)]
  return [warning('clock', `others differ from ours: ${shown(wrong)}`, 'set the clocks, e.g. with NTP')]
}

const LIMIT_MS = 4_000
// A Date header holds whole seconds.
const DATE_HEADER_MS = 500

/** The clock of a web server, by the date of its answer; null when it does not answer or says none. */
export async function clockOf(name: string, url: string): Promise<OtherClock | null> {
  try {
    const asked = Date.now()
    const { headers, body } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(LIMIT_MS) })
    const middle = (asked + Date.now()) / 2
    await body?.cancel()
    const theirs = Date.parse(headers.get('date') ?? '')
    if (Number.isNaN(theirs)) return null
    return { name, aheadMs: theirs + DATE_HEADER_MS - middle, exactMs: DATE_HEADER_MS }
  } catch {
    return null
  }
}
