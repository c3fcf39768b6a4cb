import type { Calendar } from '../calendar.ts'
import {
  BOARDS,
  boardCode,
  DELISTINGS,
  LISTING_BOARDS,
  LISTINGS,
  NEW_CODES_SINCE,
  oldBeijingCode,
} from './listings.ts'
import type { Board } from './listings.ts'
import { hashSeed, Rng } from './rng.ts'

/** Where and when an instrument lives. Sessions are indices of the calendar. */
export interface Origin {
  readonly id: number
  readonly board: Board
  readonly code: string
  /** The code before the Beijing renumbering. */
  readonly oldCode: string | null
  readonly listed: number
  /** Listed long before the window: it starts with the market and without an IPO. */
  readonly founding: boolean
  /** First session on which it is no longer listed; null: still listed at the calendar's end. */
  readonly delisted: number | null
  /** Listing suspended (暂停上市) from this session to the calendar's end. */
  readonly listingHeldFrom: number | null
}

interface Natural {
  board: Board
  listed: number
  delisted: number | null
  /** A code that is no number of its board's ranges. */
  code: string | null
}

export interface Window {
  readonly calendar: Calendar
  readonly stocks: number
  readonly seed: number
  /** Session indices: the market's first session, and today. */
  readonly first: number
  readonly today: number
}

// A stock is at least this old when it is delisted: rules need two bad reports.
const MIN_AGE = 480

/** The market as it grew, one entry per listing that ever was, ascending by listing date. */
const naturalMarket = (calendar: Calendar, rng: Rng): Natural[] => {
  const all: Natural[] = []
  for (const [year, counts] of Object.entries(LISTINGS)) {
    const last = calendar.atOrBefore(`${year}1231`)
    const alive = all.filter((natural) => natural.delisted === null)
    for (let i = 0; i < (DELISTINGS[Number(year)] ?? 0); i++) {
      const at = rng.between(calendar.atOrAfter(`${year}0101`), last)
      const old = alive.filter((natural) => natural.delisted === null && natural.listed + MIN_AGE < at)
      const chosen = old[rng.below(old.length)]
      if (chosen !== undefined) chosen.delisted = at
    }
    LISTING_BOARDS.forEach((board, column) => {
      const opened = BOARDS[board].opened
      const from = calendar.atOrAfter(opened > `${year}0101` ? opened : `${year}0101`)
      const count = counts[column] ?? 0
      for (let i = 0; i < count; i++) {
        const listed = from + Math.floor(((i + rng.unit()) * (last - from + 1)) / count)
        all.push({ board, listed: Math.min(listed, last), delisted: null, code: null })
      }
    })
  }
  return all.sort((a, b) => a.listed - b.listed)
}

/** `count` of the list, spread evenly; more than there are repeats some. */
const sample = (all: readonly Natural[], count: number): Natural[] =>
  Array.from({ length: count }, (_, k) => all[Math.floor(((k + 0.5) * all.length) / count)])
    .filter((natural) => natural !== undefined)
    .map((natural) => ({ ...natural }))

/** An old code with letters, and the CDR: one of each, as in the real lists. Small markets go without. */
const specials = ({ calendar, first, today, stocks }: Window): Natural[] => {
  if (stocks < 10) return []
  const merged = calendar.indexOf('20061020')
  const gone = merged > first ? merged : first + Math.floor((today - first) * 0.4)
  const cdr: Natural = { board: 'cdr', listed: calendar.indexOf('20201029'), delisted: null, code: null }
  const lettered: Natural = {
    board: 'main-sh',
    listed: calendar.indexOf('20000719'),
    delisted: gone,
    code: 'T00018.SH',
  }
  return [cdr, lettered].filter((natural) => natural.listed <= today)
}

/** Which of the chosen have their listing suspended today: one in 1,500 of the old main-board stocks, at least one. */
const heldListings = (chosen: readonly Natural[], { today, stocks }: Window): ReadonlySet<Natural> => {
  const old = chosen.filter(
    (n) => n.delisted === null && n.board.startsWith('main') && n.listed < today - 600,
  )
  const middle = Math.floor(Math.min(old.length, 1500) / 2)
  return new Set(stocks < 10 ? [] : old.filter((_, k) => k % 1500 === middle))
}

/** Chooses the instruments of a market of this size; `stocks` of them are listed up to today, a few come after. */
export const populate = (window: Window): Origin[] => {
  const { calendar, seed, first, today, stocks } = window
  const rng = new Rng(hashSeed(seed, 77))
  const candidates = naturalMarket(calendar, rng).filter(
    (n) => n.delisted === null || n.delisted > first + 60,
  )
  const special = specials(window)
  const present = candidates.filter((natural) => natural.listed <= today)
  const future = candidates.filter((natural) => natural.listed > today)
  const chosen = sample(present, stocks - special.length).concat(special)
  chosen.push(...sample(future, Math.ceil((future.length * stocks) / Math.max(1, present.length))))
  chosen.sort((a, b) => a.listed - b.listed)
  const held = heldListings(chosen, window)
  const used = new Map<Board, number>()
  return chosen.map((natural, id) => {
    const n = used.get(natural.board) ?? 0
    if (natural.code === null) used.set(natural.board, n + 1)
    const code = natural.code ?? boardCode(natural.board, n)
    const renumbered = natural.board === 'bse' && natural.listed < calendar.atOrAfter(NEW_CODES_SINCE)
    return {
      id,
      board: natural.board,
      code,
      oldCode: renumbered ? oldBeijingCode(code) : null,
      listed: Math.max(natural.listed, first),
      founding: natural.listed < first,
      delisted: natural.delisted,
      listingHeldFrom: held.has(natural)
        ? today - rng.between(60, Math.min(300, Math.max(61, (today - first) >> 1)))
        : null,
    }
  })
}
