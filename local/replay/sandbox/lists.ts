import type { Calendar } from '../calendar.ts'
import type { CodeChange, Instrument, ListStatus, NameSpell } from '../market.ts'
import type { Life } from './life.ts'
import { BOARDS, RENUMBERED_ON } from './listings.ts'
import type { Origin } from './population.ts'

export interface Stock {
  readonly origin: Origin
  readonly life: Life
}

/** The lists as they stand on one day. */
export interface ListView {
  readonly instruments: readonly Instrument[]
  readonly byCode: ReadonlyMap<string, Instrument>
  readonly codeChanges: readonly CodeChange[]
}

const statusAt = ({ origin, life }: Stock, session: number): ListStatus => {
  if (origin.delisted !== null && origin.delisted <= session) return 'D'
  return life.listingHeld.some(([from, to]) => from <= session && session < to) ? 'P' : 'L'
}

const nameAt = ({ life }: Stock, session: number): string =>
  life.names.findLast((change) => change.session <= session)?.name ?? life.company.name

const CONNECT = { SSE: 'H', SZSE: 'S', BSE: 'N' } as const

/** The code of a stock on a session: Beijing's changed for all at once, history included. */
const codeAt = ({ origin }: Stock, session: number, renumbered: number): string =>
  session < renumbered ? (origin.oldCode ?? origin.code) : origin.code

const toInstrument = (stock: Stock, session: number, calendar: Calendar, renumbered: number): Instrument => {
  const { origin, life } = stock
  const board = BOARDS[origin.board]
  const status = statusAt(stock, session)
  return {
    id: origin.id,
    code: codeAt(stock, session, renumbered),
    name: nameAt(stock, session),
    status,
    listDate: calendar.sessions[origin.listed] ?? null,
    delistDate: status === 'D' ? (calendar.sessions[origin.delisted ?? -1] ?? null) : null,
    market: board.market,
    exchange: board.exchange,
    area: life.company.area,
    industry: life.company.industry,
    fullname: life.company.fullname,
    enname: life.company.enname,
    cnspell: life.company.cnspell,
    currency: 'CNY',
    isHs: origin.id % 2 === 0 ? CONNECT[board.exchange] : 'N',
    actName: null,
    actEntType: '民营企业',
  }
}

/** The lists of a market on the session `today`: only what was listed by then, with the names and codes of that day. */
export const listsAt = (stocks: readonly Stock[], calendar: Calendar, today: number): ListView => {
  const renumbered = calendar.indexOf(RENUMBERED_ON)
  const listed = stocks.filter(({ origin }) => origin.listed <= today)
  const instruments = listed
    .map((stock) => toInstrument(stock, today, calendar, renumbered))
    .sort((a, b) => (a.code < b.code ? -1 : 1))
  const byId = new Map(instruments.map((instrument) => [instrument.id, instrument]))
  const changes = today < renumbered ? [] : listed.filter(({ origin }) => origin.oldCode !== null)
  return {
    instruments,
    byCode: new Map(instruments.map((instrument) => [instrument.code, instrument])),
    codeChanges: changes.map(({ origin }) => ({
      name: byId.get(origin.id)?.name ?? '',
      oldCode: origin.oldCode ?? '',
      newCode: origin.code,
      listDate: calendar.sessions[origin.listed] ?? '',
    })),
  }
}

/** A stock's names up to today, oldest first. */
export const namesUpTo = (stock: Stock | undefined, calendar: Calendar, today: number): NameSpell[] => {
  if (stock === undefined) return []
  const code = codeAt(stock, today, calendar.indexOf(RENUMBERED_ON))
  const past = stock.life.names.filter((change) => change.session <= today)
  return past.map((change, i) => {
    const next = past[i + 1]
    // A spell ends on the day before the next one begins, be it a session or not; the session before is close enough.
    return {
      code,
      name: change.name,
      from: calendar.sessions[change.session] ?? '',
      to: next === undefined ? null : (calendar.sessions[next.session - 1] ?? null),
      announced: i === 0 ? null : (calendar.sessions[change.session - 1] ?? null),
      reason: change.reason,
    }
  })
}
