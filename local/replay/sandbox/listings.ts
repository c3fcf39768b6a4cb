export type Board = 'main-sh' | 'main-sz' | 'chinext' | 'star' | 'cdr' | 'bse'

/** What a board is called in lists, and the day it opened (`YYYYMMDD`). */
export const BOARDS: Readonly<
  Record<Board, { market: string; exchange: 'SSE' | 'SZSE' | 'BSE'; suffix: string; opened: string }>
> = {
  'main-sh': { market: '主板', exchange: 'SSE', suffix: 'SH', opened: '19901219' },
  'main-sz': { market: '主板', exchange: 'SZSE', suffix: 'SZ', opened: '19901219' },
  chinext: { market: '创业板', exchange: 'SZSE', suffix: 'SZ', opened: '20091030' },
  star: { market: '科创板', exchange: 'SSE', suffix: 'SH', opened: '20190722' },
  cdr: { market: 'CDR', exchange: 'SSE', suffix: 'SH', opened: '20190722' },
  bse: { market: '北交所', exchange: 'BSE', suffix: 'BJ', opened: '20211115' },
}

/** New listings of a year by board, rounded from what the exchanges publish: the growth of the market is real. */
export const LISTINGS: Readonly<
  Record<number, readonly [sh: number, sz: number, gem: number, star: number, bse: number]>
> = {
  1990: [8, 1, 0, 0, 0],
  1991: [0, 5, 0, 0, 0],
  1992: [22, 18, 0, 0, 0],
  1993: [62, 52, 0, 0, 0],
  1994: [62, 42, 0, 0, 0],
  1995: [15, 8, 0, 0, 0],
  1996: [95, 85, 0, 0, 0],
  1997: [80, 115, 0, 0, 0],
  1998: [52, 50, 0, 0, 0],
  1999: [42, 50, 0, 0, 0],
  2000: [85, 48, 0, 0, 0],
  2001: [75, 2, 0, 0, 0],
  2002: [68, 1, 0, 0, 0],
  2003: [66, 0, 0, 0, 0],
  2004: [60, 38, 0, 0, 0],
  2005: [3, 12, 0, 0, 0],
  2006: [14, 50, 0, 0, 0],
  2007: [25, 98, 0, 0, 0],
  2008: [6, 70, 0, 0, 0],
  2009: [8, 52, 36, 0, 0],
  2010: [28, 190, 115, 0, 0],
  2011: [38, 112, 126, 0, 0],
  2012: [25, 52, 72, 0, 0],
  2013: [1, 1, 0, 0, 0],
  2014: [43, 32, 50, 0, 0],
  2015: [90, 42, 85, 0, 0],
  2016: [104, 46, 78, 0, 0],
  2017: [214, 82, 140, 0, 0],
  2018: [58, 20, 29, 0, 0],
  2019: [56, 26, 52, 70, 0],
  2020: [90, 54, 107, 145, 0],
  2021: [88, 34, 199, 162, 82],
  2022: [31, 40, 150, 124, 83],
  2023: [36, 23, 110, 67, 77],
  2024: [17, 8, 38, 15, 23],
  2025: [23, 15, 33, 19, 26],
  2026: [10, 8, 12, 12, 32],
}

/** Delistings of a year, all boards together, rounded likewise. */
export const DELISTINGS: Readonly<Record<number, number>> = {
  1999: 1,
  2001: 3,
  2002: 8,
  2003: 4,
  2004: 10,
  2005: 11,
  2006: 12,
  2007: 10,
  2008: 2,
  2009: 6,
  2010: 5,
  2011: 3,
  2012: 4,
  2013: 7,
  2014: 2,
  2015: 7,
  2016: 1,
  2017: 5,
  2018: 5,
  2019: 10,
  2020: 16,
  2021: 20,
  2022: 46,
  2023: 46,
  2024: 52,
  2025: 30,
  2026: 25,
}

/** The columns of LISTINGS. */
export const LISTING_BOARDS: readonly Board[] = ['main-sh', 'main-sz', 'chinext', 'star', 'bse']

// Where the numbers of a board start; a range that runs full goes on in the next. Real codes are spread the same way.
const CODE_RANGES: Readonly<Record<Board, readonly (readonly [from: number, to: number])[]>> = {
  'main-sh': [
    [600000, 601999],
    [603000, 603999],
    [605000, 609999],
  ],
  'main-sz': [
    [1, 999],
    [2001, 3999],
    [4000, 9999],
  ],
  chinext: [[300001, 309999]],
  star: [
    [688001, 688999],
    [687001, 687999],
  ],
  cdr: [[689009, 689099]],
  bse: [
    [920001, 920999],
    [921000, 929999],
  ],
}

/** The n-th code of a board, `600000.SH`. */
export const boardCode = (board: Board, n: number): string => {
  let rest = n
  for (const [from, to] of CODE_RANGES[board]) {
    if (rest <= to - from) return `${String(from + rest).padStart(6, '0')}.${BOARDS[board].suffix}`
    rest -= to - from + 1
  }
  throw new Error(`the sandbox has no codes left on ${board}: ask for fewer stocks`)
}

/** All Beijing codes were renumbered to 920xxx that morning; issues since about April 2024 had such a code already. */
export const RENUMBERED_ON = '20251009'
export const NEW_CODES_SINCE = '20240422'

const OLD_PREFIXES = [430, 830, 831, 832, 833, 834, 835, 836, 837, 838, 839, 870, 871, 872, 873]

/** The code that a Beijing stock had before the renumbering: the last three digits stayed. */
export const oldBeijingCode = (newCode: string): string =>
  `${OLD_PREFIXES[Number(newCode.slice(3, 6)) % OLD_PREFIXES.length] ?? 430}${newCode.slice(3, 6)}.BJ`
