import { addDays, shanghaiClock, toCompact } from '../../market/date.ts'
import type { ReplayMarket } from './market.ts'

// Nobody asks for a session before its trade is over.
const CLOSES_AT = '15:00'
const LOOK_EVERY_MS = 60_000

/**
 * Moves the today of a market on with the clock. It never goes back: a market that begins ahead of the clock stays there.
 *
 * @returns ends it
 */
export function followClock(market: ReplayMarket, now = () => new Date()): () => void {
  const look = (): void => {
    const { date, time } = shanghaiClock(now())
    const closed = toCompact(time >= CLOSES_AT ? date : addDays(date, -1))
    if (market.calendar.atOrBefore(closed) > market.lastSession) market.setToday(closed)
  }
  look()
  const timer = setInterval(look, LOOK_EVERY_MS).unref()
  return () => clearInterval(timer)
}
