import type { TradeDate } from './date.ts'
import type { Board } from './symbol.ts'

/*
 * How far a price may move in a day, by board and time. Used to flag bars, never to refuse them: the exchanges make
 * exceptions that no list names, such as the first day after a share reform or of a relisting.
 */

/** A limit in percent of pre_close and the day since which it holds. */
export interface PriceLimit {
  from: TradeDate
  percent: number
}

/** The day on which daily limits began. */
export const LIMITS_BEGIN: TradeDate = '1996-12-16'

const CHINEXT_REFORM: TradeDate = '2020-08-24'
const MAIN_REFORM: TradeDate = '2023-04-10'
const STAR_BEGAN: TradeDate = '2019-07-22'

/** Oldest first; a price before the first of them has no limit. */
export const PRICE_LIMITS: Readonly<Record<Board, readonly PriceLimit[]>> = {
  main: [{ from: LIMITS_BEGIN, percent: 10 }],
  chinext: [
    { from: LIMITS_BEGIN, percent: 10 },
    { from: CHINEXT_REFORM, percent: 20 },
  ],
  star: [{ from: STAR_BEGAN, percent: 20 }],
  cdr: [{ from: STAR_BEGAN, percent: 20 }],
  bse: [{ from: LIMITS_BEGIN, percent: 30 }],
}

/** Under special treatment (ST), on boards and dates whose usual limit is this one. */
export const ST_LIMIT = { usual: 10, percent: 5 } as const

/** Sessions that new issues trade without a limit since their board's reform; before it the first one alone. */
export const FREE_SESSIONS = 5
export const FREE_SESSIONS_SINCE: Readonly<Record<Board, TradeDate | null>> = {
  main: MAIN_REFORM,
  chinext: CHINEXT_REFORM,
  star: STAR_BEGAN,
  cdr: STAR_BEGAN,
  bse: null,
}

/** First days of issues on the older boards between these dates: up 44 %, down 36 % from the issue price. */
export const CAPPED_FIRST_DAY = { from: '2014-01-01', upPercent: 44, downPercent: 36 } as const
