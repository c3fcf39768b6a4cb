import type { Calendar } from '../calendar.ts'
import type { IndexBar, IndexList, IndexMarket } from '../indices.ts'
import type { Instrument } from '../market.ts'
import type { BarSeries } from '../series.ts'
import { CLOSE, HIGH, LOW, OPEN, PRE_CLOSE } from '../series.ts'
import { sharesOf } from '../shares.ts'

interface Rule {
  /** First day of its series, `YYYYMMDD`. */
  readonly since: string
  readonly exchange?: Instrument['exchange']
  /** Places by size, of a market of `USUAL_STOCKS`; all stocks where they are left out. */
  readonly places?: readonly [from: number, to: number]
}

const RULES: Readonly<Record<string, Rule>> = {
  '000001.SH': { since: '19901219', exchange: 'SSE' },
  '000016.SH': { since: '20040102', exchange: 'SSE', places: [0, 50] },
  '000300.SH': { since: '20050104', places: [0, 300] },
  '000852.SH': { since: '20050104', places: [800, 1800] },
  '000905.SH': { since: '20050104', places: [300, 800] },
  '399106.SZ': { since: '19910403', exchange: 'SZSE' },
}

// A smaller market has as many times smaller indices.
const USUAL_STOCKS = 2_000
/** 1,000 points. */
const FIRST_LEVEL = 10_000_000
const ALL = 1_000_000

export interface IndexSources {
  readonly calendar: Calendar
  /** Index of the first session of the market. */
  readonly first: number
  readonly lastSession: () => number
  readonly instruments: () => readonly Instrument[]
  readonly bars: (id: number) => BarSeries
}

/** A stock with what its size is counted by. */
interface Sized {
  readonly instrument: Instrument
  readonly series: BarSeries
  readonly floating: number
}

/** The row of a session or of the last one before it; -1 when there is none. */
const rowUpTo = (series: BarSeries, session: number): number => {
  for (let at = Math.min(session, series.last); at >= series.first; at--) {
    const row = series.rowAt(at)
    if (row >= 0) return row
  }
  return -1
}

const sizeOn = ({ series, floating }: Sized, session: number): number => {
  const row = session > series.last ? -1 : rowUpTo(series, session)
  return row < 0 ? 0 : series.price(row, CLOSE) * floating
}

/**
 * Indices computed from the stocks of a market, weighted by the value of their floating shares. Members are chosen by size
 * each January and July.
 */
export const createIndices = (sources: IndexSources): IndexMarket => {
  const { calendar, first, lastSession, instruments, bars } = sources
  const { sessions } = calendar
  const chosen = new Map<string, readonly Sized[]>()
  const series = new Map<string, { until: number; bars: readonly IndexBar[] }>()

  const halfOf = (session: number): number => {
    const date = sessions[session] ?? ''
    return Math.max(
      first,
      calendar.atOrAfter(`${date.slice(0, 4)}${date.slice(4, 6) < '07' ? '0101' : '0701'}`),
    )
  }

  const stocksOf = ({ exchange }: Rule): Sized[] =>
    instruments().flatMap((instrument) => {
      if (instrument.exchange === 'BSE' || (exchange !== undefined && instrument.exchange !== exchange))
        return []
      const own = bars(instrument.id)
      return [{ instrument, series: own, floating: sharesOf(own)?.floating ?? 0 }]
    })

  /** Who is in an index in the half-year that begins with a session. */
  const membersFrom = (symbol: string, rule: Rule, start: number): readonly Sized[] => {
    const key = `${symbol} ${start}`
    const known = chosen.get(key)
    if (known !== undefined) return known
    // At the market's first session nothing is behind it.
    const judged = Math.max(first, start - 1)
    const sized = stocksOf(rule)
      .map((stock) => ({ stock, size: sizeOn(stock, judged) }))
      .filter(({ size }) => size > 0)
      .sort((a, b) => b.size - a.size || (a.stock.instrument.code < b.stock.instrument.code ? -1 : 1))
    const scale = Math.min(1, sized.length / USUAL_STOCKS)
    const [from, to] = (rule.places ?? [0, Infinity]).map((place) => Math.ceil(place * scale))
    const members = sized.slice(from, to).map(({ stock }) => stock)
    chosen.set(key, members)
    return members
  }

  const listOn = (symbol: string, session: number): IndexList | undefined => {
    const rule = RULES[symbol]
    if (rule?.places === undefined || session < first || (sessions[session] ?? '') < rule.since)
      return undefined
    const sized = membersFrom(symbol, rule, halfOf(session)).map((stock) => ({
      stock,
      size: sizeOn(stock, session),
    }))
    const whole = sized.reduce((sum, { size }) => sum + size, 0)
    const members = sized
      .map(({ stock, size }) => ({
        code: stock.instrument.code,
        weight: whole === 0 ? 0 : Math.round((size / whole) * ALL),
      }))
      .sort((a, b) => (a.code < b.code ? -1 : 1))
    return { session, members }
  }

  const barOn = (session: number, preClose: number, members: readonly Sized[]): IndexBar => {
    const worth: Record<number, number> = { [PRE_CLOSE]: 0, [OPEN]: 0, [HIGH]: 0, [LOW]: 0, [CLOSE]: 0 }
    let volume = 0
    let amount = 0
    for (const { series: own, floating } of members) {
      const row = own.rowAt(session)
      if (row < 0) continue
      for (const word of [PRE_CLOSE, OPEN, HIGH, LOW, CLOSE])
        worth[word] = (worth[word] ?? 0) + own.price(row, word) * floating
      volume += own.volume(row)
      amount += own.amount(row)
    }
    const before = worth[PRE_CLOSE] ?? 0
    const level = (word: number): number =>
      before === 0 ? preClose : Math.round((preClose * (worth[word] ?? 0)) / before)
    return {
      session,
      open: level(OPEN),
      high: level(HIGH),
      low: level(LOW),
      close: level(CLOSE),
      preClose,
      volume,
      amount,
    }
  }

  const barsOf = (symbol: string): readonly IndexBar[] => {
    const rule = RULES[symbol]
    if (rule === undefined) return []
    const until = lastSession()
    const known = series.get(symbol)
    if (known?.until === until) return known.bars
    const made: IndexBar[] = []
    const all = rule.places === undefined ? stocksOf(rule) : null
    for (let session = Math.max(first, calendar.atOrAfter(rule.since)); session <= until; session++) {
      const members = all ?? membersFrom(symbol, rule, halfOf(session))
      made.push(barOn(session, made.at(-1)?.close ?? FIRST_LEVEL, members))
    }
    series.set(symbol, { until, bars: made })
    return made
  }

  const listsOf = (symbol: string): IndexList[] => {
    const lists: IndexList[] = []
    for (let session = first; session <= lastSession(); session++) {
      const next = sessions[session + 1]
      if (next !== undefined && next.slice(0, 6) === sessions[session]?.slice(0, 6)) continue
      const list = listOn(symbol, session)
      if (list !== undefined) lists.push(list)
    }
    return lists
  }

  return {
    bars: barsOf,
    lists: listsOf,
    listOn: (symbol, session) => listOn(symbol, Math.min(session, lastSession())),
  }
}
