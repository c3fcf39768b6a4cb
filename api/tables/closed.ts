import { addDays, shanghaiClock, type TradeDate } from '../../market/date.ts'

// Every evening re-reads the last five sessions, and holidays are up to nine days long: behind these, nothing but a
// correction changes what is there.
const OPEN_DAYS = 20

/** Whether dates up to one lie so far back that evenings do not touch them any more. */
export const isClosed = (to: TradeDate, now: Date): boolean =>
  to < addDays(shanghaiClock(now).date, -OPEN_DAYS)
