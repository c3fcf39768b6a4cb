/**
 * Upstream calls of plans against the fewest that could carry their rows, and the time that planning takes. Exits
 * with 1 when a full history needs more than 1.03 x the bound or two seconds.
 *
 *   npx tsx bench/plan-calls.ts [part of a case's title]
 */
import { existsSync, readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { gunzipSync } from 'node:zlib'
import { realCalendar } from '../local/replay/sandbox/calendar.ts'
import { SessionCalendar } from '../market/calendar.ts'
import { addDays, fromCompact } from '../market/date.ts'
import type { TradeDate } from '../market/date.ts'
import { planRegions } from '../planning/plan.ts'
import { expectedRows } from '../planning/expected.ts'
import type { PlanInstrument, ResolvedCapability } from '../planning/types.ts'
import { subtractCovered } from '../planning/wanted.ts'
import type { SourceCoverage } from '../planning/wanted.ts'

const LAST_SESSION = '2026-11-20'
const MAX_PLAN_MS = 2000
const STOCKS = 5700
const DELISTED = 300

// Listed companies at the end of a year (both exchanges, later three), from which listing dates are drawn.
const GROWTH = [
  [1990, 8],
  [1992, 53],
  [1994, 291],
  [1996, 530],
  [1998, 851],
  [2000, 1088],
  [2004, 1377],
  [2008, 1625],
  [2010, 2063],
  [2012, 2494],
  [2014, 2613],
  [2016, 3052],
  [2018, 3584],
  [2020, 4154],
  [2022, 5067],
  [2024, 5383],
  [2026, 5700],
] as const

const BY_DATE = { rowCap: 6000, maxDates: 1, from: '1990-12-19', to: LAST_SESSION }

const TUSHARE: ResolvedCapability = {
  api: 'daily',
  budget: 'daily',
  site: 'server',
  exchanges: ['SSE', 'SZSE', 'BSE'],
  historyStart: '1990-12-19',
  bySymbols: { maxSymbols: 100, rowCap: 6000 },
  byDate: BY_DATE,
  readyTime: '17:00',
}

/** One symbol a call, as long as nobody knows how far back its calls by date reach. */
const BAOSTOCK: ResolvedCapability = {
  ...TUSHARE,
  bySymbols: { maxSymbols: 1, rowCap: 1999 },
  byDate: null,
}
const ANY_ROWS = 100_000

const folder = process.env['RECORDED_DATA'] ?? '../shared/data'

function readRecorded(name: string): string[][] | null {
  const file = `${folder}/${name}.csv.gz`
  if (!existsSync(file)) return null
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n')
  return lines.map((line) => line.split(','))
}

/** The real sessions, as the sandbox market has them. */
const loadCalendar = (): SessionCalendar =>
  new SessionCalendar(
    realCalendar()
      .sessions.flatMap((date) => fromCompact(date) ?? [])
      .filter((date) => date <= LAST_SESSION),
  )

/** Real listing dates, topped up along the growth curve; the last `DELISTED` leave the market again. */
function loadInstruments(calendar: SessionCalendar): PlanInstrument[] {
  const recorded = (readRecorded('stock_basic') ?? []).slice(1).flatMap((row) => {
    const listDate = fromCompact(row[7] ?? '')
    return listDate === null ? [] : [{ symbol: row[0] ?? '', listDate }]
  })
  const listed = recorded.slice(0, STOCKS - DELISTED)
  const generated = Array.from({ length: STOCKS - listed.length }, (_, i) => {
    const symbol = `${String(i).padStart(6, '0')}.SZ`
    return { symbol, listDate: listingDate((i + 0.5) / (STOCKS - listed.length)) }
  })
  return [...listed, ...generated].map(({ symbol, listDate }, i) => {
    const years = 3 + ((i * 7) % 20)
    const left = calendar.sessions[calendar.firstAtOrAfter(listDate) + years * 243]
    return { id: i + 1, symbol, listDate, delistDate: i < STOCKS - DELISTED ? null : (left ?? null) }
  })
}

/** The date on which the market had reached a share of today's size. */
function listingDate(share: number): TradeDate {
  const count = share * STOCKS
  const next = GROWTH.findIndex(([, listed]) => listed >= count)
  const [toYear, to] = GROWTH[next] ?? [2026, STOCKS]
  const [fromYear, from] = GROWTH[next - 1] ?? [1990, 0]
  const day = ((count - from) / (to - from)) * (toYear - fromYear || 1) * 365
  const date = addDays(`${fromYear === toYear ? fromYear - 1 : fromYear}-12-31`, Math.round(day))
  return date < '1990-12-19' ? '1990-12-19' : date > LAST_SESSION ? LAST_SESSION : date
}

const calendar = loadCalendar()
const instruments = loadInstruments(calendar)
const count = calendar.length
const first = calendar.at(0)
const marketRows = countRows()

function countRows(): (position: number) => number {
  const rows = calendar.sessions.map((date) =>
    instruments.reduce((sum, instrument) => sum + expectedRows(instrument, date, date, calendar), 0),
  )
  return (position) => rows[position] ?? 0
}

interface Case {
  title: string
  covered: () => SourceCoverage
  capability?: ResolvedCapability
  /** Fewest calls; rows / cap where nothing is said. */
  least?: () => number
  /** Highest ratio to the bound that the bench passes with. */
  limit?: number
}

function measure({ title, covered, capability = TUSHARE, least, limit }: Case): void {
  const coverage = covered()
  const start = performance.now()
  const range = { from: first, to: LAST_SESSION }
  const items = subtractCovered({ instruments, range, calendar, covered: [coverage] })
  const subtracted = performance.now()
  const batches = planRegions({ items, calendar, capability, marketRows })
  const end = performance.now()
  const calls = batches.reduce((sum, batch) => sum + batch.calls, 0)
  const cells = batches.reduce((sum, batch) => sum + batch.cells, 0)
  const bound = least?.() ?? Math.ceil(cells / 6000)
  const byDate = batches.reduce(
    (sum, { region }) => sum + (region.kind === 'market' ? region.dates.length : 0),
    0,
  )
  const numbers = [cells, bound, calls, (calls / bound).toFixed(3), byDate, batches.length]
  const times = [subtracted - start, end - subtracted].map((ms) => ms.toFixed(0))
  if (limit !== undefined && (calls > bound * limit || end - start > MAX_PLAN_MS)) process.exitCode = 1
  console.log(title.padEnd(44) + [...numbers, ...times].map((value) => String(value).padStart(9)).join(''))
}

/** A fixed sequence in [0, 1), so that two runs measure the same damage. */
function sequence(): () => number {
  let state = 42
  return () => (state = (state * 48271) % 2147483647) / 2147483647
}

const EVERYONE = { serves: () => true }
const NOTHING: SourceCoverage = { ranges: new Map(), holes: new Map(), ...EVERYONE }

/** The whole market covered except for its newest sessions. */
const allBut = (sessions: number): SourceCoverage => ({
  ...EVERYONE,
  ranges: new Map([[0, [{ from: first, to: calendar.at(count - 1 - sessions) }]]]),
  holes: new Map(),
})

/** Everything covered but single cells of the first `stocks` instruments, and some whole sessions. */
function damaged(cells: number, stocks = instruments.length, wholeSessions = 0): SourceCoverage {
  const random = sequence()
  const holes = new Map<number, TradeDate[]>()
  holes.set(
    0,
    Array.from({ length: wholeSessions }, (_, i) => calendar.at(count - 800 - i * 397)),
  )
  for (let left = cells; left > 0;) {
    const id = 1 + Math.floor(random() * stocks)
    const date = calendar.at(Math.floor(random() * count))
    const instrument = instruments[id - 1]
    if (!instrument || expectedRows(instrument, date, date, calendar) === 0) continue
    const own = holes.get(id)
    if (own) own.push(date)
    else holes.set(id, [date])
    left--
  }
  return { ...allBut(0), holes }
}

/** Each stock covered from a random date on, as after syncs of single stocks. */
function partlyCovered(): SourceCoverage {
  const random = sequence()
  const from = () => calendar.at(Math.floor(random() * count))
  return {
    ...NOTHING,
    ranges: new Map(instruments.map(({ id }) => [id, [{ from: from(), to: LAST_SESSION }]])),
  }
}

const newStocks = (stocks: number): SourceCoverage => ({
  ...NOTHING,
  ranges: new Map(instruments.slice(stocks).map(({ id }) => [id, [{ from: first, to: LAST_SESSION }]])),
})

/** Calls of one symbol each that hold so many rows. */
const eachInCalls = (rowCap: number) => (): number =>
  instruments.reduce(
    (sum, one) => sum + Math.ceil(expectedRows(one, first, LAST_SESSION, calendar) / rowCap),
    0,
  )

const since = (sessions: number) => ({ ...BY_DATE, rowCap: ANY_ROWS, from: calendar.at(count - sessions) })

const CASES: Case[] = [
  { title: 'full history', covered: () => NOTHING, limit: 1.03 },
  {
    title: 'full history, by date only',
    covered: () => NOTHING,
    capability: { ...TUSHARE, bySymbols: null },
  },
  {
    title: 'full history, one code a call',
    covered: () => NOTHING,
    capability: { ...TUSHARE, bySymbols: { maxSymbols: 1, rowCap: 6000 } },
  },
  {
    title: 'full history, one code and 1999 rows a call',
    covered: () => NOTHING,
    capability: BAOSTOCK,
    least: eachInCalls(1999),
    limit: 1,
  },
  {
    title: 'full history, one code a call, 100 by date',
    covered: () => NOTHING,
    capability: { ...BAOSTOCK, byDate: since(100) },
    least: eachInCalls(1999),
    limit: 1,
  },
  {
    title: 'full history, one code a call, all by date',
    covered: () => NOTHING,
    capability: { ...BAOSTOCK, byDate: since(count) },
    least: eachInCalls(1999),
    limit: 1,
  },
  {
    title: 'full history, sparse',
    covered: () => NOTHING,
    capability: { ...BAOSTOCK, sparse: true },
    least: eachInCalls(ANY_ROWS),
    limit: 1,
  },
  {
    title: 'last session, sparse, 100 by date',
    covered: () => allBut(1),
    capability: { ...BAOSTOCK, sparse: true, byDate: since(100) },
    least: () => 1,
    limit: 1,
  },
  {
    title: 'last 5 sessions, the newest by date',
    covered: () => allBut(5),
    capability: { ...BAOSTOCK, byDate: since(1) },
  },
  {
    title: '1000 single cells, one code a call',
    covered: () => damaged(1000),
    capability: { ...BAOSTOCK, byDate: since(100) },
  },
  ...[1, 5, 20, 59, 65, 250, 1000, 2500].map((n) => ({
    title: `last ${n} sessions`,
    covered: () => allBut(n),
  })),
  { title: 'each stock covered from a random date on', covered: partlyCovered },
  { title: '200 stocks without history', covered: () => newStocks(200) },
  ...[100, 1000, 20_000, 200_000].map((n) => ({ title: `${n} single cells`, covered: () => damaged(n) })),
  { title: '1000 cells of 20 stocks', covered: () => damaged(1000, 20) },
  { title: '20 whole sessions and 100 cells', covered: () => damaged(100, instruments.length, 20) },
]

const COLUMNS = ['cells', 'bound', 'calls', 'ratio', 'by date', 'batches', 'subtr ms', 'plan ms']
console.log(
  `${instruments.length} instruments, ${count} sessions to ${calendar.at(count - 1)}, 6000 rows, 100 codes`,
)
console.log('wanted'.padEnd(44) + COLUMNS.map((column) => column.padStart(9)).join(''))
const only = process.argv[2] ?? ''
for (const one of CASES.filter(({ title }) => title.includes(only))) measure(one)
