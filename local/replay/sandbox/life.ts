import type { Calendar } from '../calendar.ts'
import type { Suspension } from '../market.ts'
import { company } from './names.ts'
import type { Company } from './names.ts'
import type { Origin } from './population.ts'
import { hashSeed, Rng } from './rng.ts'

/** A name from a session on. */
export interface NameChange {
  readonly session: number
  readonly name: string
  readonly reason: string
}

/** A dividend that takes effect before the session opens. */
export interface ExRight {
  readonly session: number
  /** Cash, in 1/10,000 of the price. */
  readonly cash: number
  /** New shares for each ten held. */
  readonly bonus: number
}

/** Everything that happens to an instrument and is no price; sessions are indices of the calendar. */
export interface Life {
  readonly company: Company
  readonly names: readonly NameChange[]
  /** Sessions `[from, to)` under special treatment (ST, *ST). */
  readonly special: readonly (readonly [from: number, to: number])[]
  readonly suspensions: readonly Suspension[]
  /** Sessions `[from, to)` with the listing suspended, part of `suspensions` too. */
  readonly listingHeld: readonly (readonly [from: number, to: number])[]
  readonly exRights: readonly ExRight[]
}

interface Draft {
  readonly rng: Rng
  readonly origin: Origin
  readonly calendar: Calendar
  /** Sessions `[start, end)` of its life. */
  readonly start: number
  readonly end: number
  readonly company: Company
  names: NameChange[]
  special: [number, number][]
  suspensions: Suspension[]
  listingHeld: [number, number][]
}

// Mean sessions between events: about as often as in the real market of the last ten years.
const BETWEEN_SINGLE_DAYS = 500
const BETWEEN_LONG_SPELLS = 1400
const BETWEEN_HALTS = 900
const BETWEEN_RENAMES = 5000
const BETWEEN_SPECIAL = 14_000
const TIMINGS = ['09:30-10:00', '10:30-11:30', '13:00-14:00', '14:27-14:57']
// A new listing trades for a while before anything happens to it: the first days have rules of their own.
const QUIET_AT_FIRST = 10

const free = (draft: Draft, from: number, to: number): boolean =>
  draft.suspensions.every((spell) => to + 2 < spell.from || from > spell.to + 2)

const suspend = (draft: Draft, from: number, to: number, timing: string | null = null): boolean => {
  if (from < draft.start + QUIET_AT_FIRST || to >= draft.end - 1 || !free(draft, from, to)) return false
  draft.suspensions.push({ from, to, timing, resumes: true })
  return true
}

/** Calls `event` at random sessions, `mean` apart on average. */
const scatter = (draft: Draft, mean: number, event: (session: number) => void): void => {
  for (let at = draft.start; ;) {
    at += 1 + draft.rng.below(2 * mean)
    if (at >= draft.end) return
    event(at)
  }
}

/** The last stretch: ST, *ST, perhaps a suspended listing, fifteen sessions of 退市整理, gone. */
const planDelisting = (draft: Draft): void => {
  const { origin, rng, start, end, company } = draft
  if (origin.delisted === null) return
  if (origin.code.startsWith('T')) {
    const from = Math.max(end - 10, start)
    draft.suspensions.push({ from, to: end - 1, timing: null, resumes: false })
    draft.names.push({ session: end, name: `${company.name}(退)`, reason: '终止上市' })
    return
  }
  const first = Math.max(start + QUIET_AT_FIRST, end - 480)
  const second = Math.floor((first + end) / 2)
  const final = end - 15
  draft.special.push([first, final])
  draft.names.push({ session: first, name: `ST${company.stem}`, reason: 'ST' })
  draft.names.push({ session: second, name: `*ST${company.stem}`, reason: '*ST' })
  draft.names.push({ session: final, name: `${company.stem}退`, reason: '其他' })
  if (rng.chance(0.5) && end - second > 60) {
    const held: [number, number] = [second + 10, final]
    draft.listingHeld.push(held)
    draft.suspensions.push({ from: held[0], to: held[1] - 1, timing: null, resumes: true })
  }
}

/** A listing that is suspended to this day: *ST first, then no trading at all. */
const planHeldListing = (draft: Draft): void => {
  const { origin, start, end, company } = draft
  const from = origin.listingHeldFrom
  if (from === null) return
  const starred = Math.max(start + QUIET_AT_FIRST, from - 200)
  draft.special.push([starred, end])
  draft.names.push({ session: starred, name: `*ST${company.stem}`, reason: '*ST' })
  draft.listingHeld.push([from, end])
  draft.suspensions.push({ from, to: end - 1, timing: null, resumes: false })
}

/** Special treatment that ends well; now and then with the listing suspended in between. */
const planSpecial = (draft: Draft): void => {
  const busy = draft.special[0]?.[0] ?? draft.end
  scatter(draft, BETWEEN_SPECIAL, (from) => {
    const to = from + draft.rng.between(200, 500)
    const last = draft.special.at(-1)?.[1] ?? 0
    if (from < draft.start + QUIET_AT_FIRST || to + 60 >= busy || (last < busy && from < last + 60)) return
    const starred = draft.rng.chance(0.4)
    const mark = starred ? '*ST' : 'ST'
    draft.special.push([from, to])
    draft.names.push({ session: from, name: mark + draft.company.stem, reason: mark })
    draft.names.push({ session: to, name: draft.company.name, reason: `撤销${mark}` })
    if (!starred || !draft.rng.chance(0.5)) return
    const held: [number, number] = [from + 60, to - 20]
    if (suspend(draft, held[0], held[1] - 1)) draft.listingHeld.push(held)
  })
}

const planRenames = (draft: Draft, firstNumber: number): void => {
  let number = firstNumber
  scatter(draft, BETWEEN_RENAMES, (session) => {
    // One that was ever under special treatment keeps its name: two changes of a name never cross.
    if (session < draft.start + QUIET_AT_FIRST || draft.special.length > 0) return
    number += 1
    draft.names.push({ session, name: company(number).name, reason: '改名' })
  })
}

const planSuspensions = (draft: Draft): void => {
  scatter(draft, BETWEEN_LONG_SPELLS, (from) => suspend(draft, from, from + draft.rng.between(2, 40)))
  scatter(draft, BETWEEN_SINGLE_DAYS, (from) => suspend(draft, from, from))
  scatter(draft, BETWEEN_HALTS, (from) => {
    suspend(draft, from, from, TIMINGS[draft.rng.below(TIMINGS.length)])
  })
  draft.suspensions.sort((a, b) => a.from - b.from)
}

/** Three stocks in four pay once a year between May and July, one in four of those with new shares as well. */
const planExRights = ({ rng, start, end, calendar }: Draft): ExRight[] => {
  const exRights: ExRight[] = []
  const year = (session: number): number => Number((calendar.sessions[session] ?? '').slice(0, 4))
  for (let y = year(start); y <= year(end - 1); y++) {
    const session = calendar.atOrAfter(`${y}0510`) + rng.below(55)
    const cash = rng.chance(0.9) ? rng.between(30, 400) : 0
    const bonus = rng.chance(0.25) ? rng.between(1, 10) : 0
    const pays = rng.chance(0.75) && cash + bonus > 0
    if (pays && session > start + QUIET_AT_FIRST && session < end) exRights.push({ session, cash, bonus })
  }
  return exRights
}

/** Plans a life. The order of the steps is part of the market: each draws from the same stream. */
export const planLife = (origin: Origin, calendar: Calendar, seed: number): Life => {
  const rng = new Rng(hashSeed(seed, origin.id, 1))
  const end = origin.delisted ?? calendar.sessions.length
  const own = company(origin.id)
  const draft: Draft = {
    rng,
    origin,
    calendar,
    start: origin.listed,
    end,
    company: own,
    names: [],
    special: [],
    suspensions: [],
    listingHeld: [],
  }
  draft.names.push({ session: origin.listed, name: own.name, reason: '其他' })
  planDelisting(draft)
  planHeldListing(draft)
  planSpecial(draft)
  // Numbers far above those of the instruments, so that a new name is nobody else's.
  planRenames(draft, 20_000 + origin.id * 8)
  planSuspensions(draft)
  draft.names.sort((a, b) => a.session - b.session)
  draft.special.sort((a, b) => a[0] - b[0])
  const { names, special, suspensions, listingHeld } = draft
  return { company: own, names, special, suspensions, listingHeld, exRights: planExRights(draft) }
}
