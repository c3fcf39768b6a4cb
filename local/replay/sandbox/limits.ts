import type { Board } from './listings.ts'

/** No price limit on that day. */
export const NO_LIMIT = 0
/** First day of an issue of 2014 to 2023: up 44 %, down 36 % from the issue price. */
export const FIRST_DAY_44 = 44

// The days the rules changed.
export const LIMITS_BEGIN = '19961216'
const FIRST_DAY_CAPPED = '20140101'
export const CHINEXT_REFORM = '20200824'
const MAIN_REFORM = '20230410'

/** The price limit in percent of pre_close of a stock that has left its first days behind. Date `YYYYMMDD`. */
export const usualLimit = (board: Board, date: string, special: boolean): number => {
  if (date < LIMITS_BEGIN) return NO_LIMIT
  if (board === 'bse') return 30
  if (board === 'star' || board === 'cdr') return 20
  if (board === 'chinext' && date >= CHINEXT_REFORM) return 20
  return special ? 5 : 10
}

// Since when a board lets new issues trade five sessions without a limit; Beijing never did.
const FREE_SINCE: Readonly<Record<Board, string | null>> = {
  'main-sh': MAIN_REFORM,
  'main-sz': MAIN_REFORM,
  chinext: CHINEXT_REFORM,
  star: '20190722',
  cdr: '20190722',
  bse: null,
}

/** The limits of a new issue's first sessions, the listing day first; later days have the usual limit. */
export const firstLimits = (board: Board, listDate: string): readonly number[] => {
  const since = FREE_SINCE[board]
  if (since === null) return [NO_LIMIT]
  if (listDate >= since) return [NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT]
  return [listDate >= FIRST_DAY_CAPPED ? FIRST_DAY_44 : NO_LIMIT]
}

/** Highest price of the day in 0.01 yuan, rounded half up as the exchanges do. `pre` in 0.01 yuan. */
export const limitUp = (pre: number, percent: number): number =>
  Math.floor((pre * (100 + percent) + 50) / 100)

/** Lowest price of the day in 0.01 yuan. */
export const limitDown = (pre: number, percent: number): number =>
  Math.floor((pre * (100 - (percent === FIRST_DAY_44 ? 36 : percent)) + 50) / 100)
