import { AKSHARE_READY_TIME } from '../../market/akshare.ts'
import type { SourceCall } from '../../market/capability.ts'
import { addDays, shanghaiClock, toCompact, type TradeDate } from '../../market/date.ts'
import { codeOf, isBShare, parseSymbol } from '../../market/symbol.ts'
import type { Answer, BarRow } from '../contract.ts'
import type { Ask } from './ask.ts'
import { drift } from './columns.ts'
import { emptyAnswer, failure } from './failure.ts'
import { type Collected, collect, mapHistoryBar, mapSnapshotBar, refuseDrift } from './map.ts'
import { checkMoves } from './moves.ts'
import { snapshotValuations, unitDrift } from './valuation.ts'
import { codeOf as codeCell, type Row } from './values.ts'

/*
 * The whole market in one call. It is "now" and says no date, so it is dated from outside: by the clock, and by one row
 * that has a date. Its pages come over a minute, so a stock may come twice or be missed.
 */

const FUNCTION = 'stock_zh_a_spot_em'
const DATED = 'stock_zh_a_hist'

// The call auction opens then: from here on the snapshot is about the next session.
const NEXT_SESSION_OPENS = '09:15'
// AKShare before 1.15.97 brings one page of 100 or 200 rows and says nothing.
const SMALLEST_MARKET = 1_000
const MOST = 0.9
// The same numbers of the same site; only trades after hours may lie between. No two days are this close in all three.
const SAME = 0.001

type Brought = Pick<Answer, 'rows' | 'rejected' | 'requests' | 'alongside' | 'notes'>

/**
 * Daily bars of every stock that traded on the newest closed session, with their valuations.
 *
 * @param call for one day
 * @param clock read before and after: the snapshot takes a minute
 */
export async function snapshotBars(ask: Ask, call: SourceCall, clock: () => Date): Promise<Brought> {
  const { items, bars } = await wholeMarket(ask, call, clock)
  const problem = unitDrift(items)
  if (problem !== null) return { ...bars, requests: REQUESTS, notes: [`valuations are left out: ${problem}`] }
  const { rows, rejected } = snapshotValuations(items, bars.rows)
  return {
    rows: bars.rows,
    rejected: [...bars.rejected, ...rejected],
    requests: REQUESTS,
    alongside: { daily_basic: rows },
  }
}

/** The valuations alone. The bars tell whether the snapshot is of that day and which stocks traded. */
export async function snapshotBasics(ask: Ask, call: SourceCall, clock: () => Date): Promise<Brought> {
  const { items, bars } = await wholeMarket(ask, call, clock)
  const problem = unitDrift(items)
  if (problem !== null) throw drift(FUNCTION, problem, items)
  return { ...snapshotValuations(items, bars.rows), requests: REQUESTS }
}

// The snapshot and the row that dates it.
const REQUESTS = 2

async function wholeMarket(
  ask: Ask,
  call: SourceCall,
  clock: () => Date,
): Promise<{ items: readonly Row[]; bars: Collected<BarRow> }> {
  const day = call.from
  if (day === null || call.to !== day) throw new TypeError('a snapshot is of one day')
  refuseUndated(day, clock())
  const items = await ask(FUNCTION, {})
  refuseUndated(day, clock())
  const unique = laterOfTwins(items)
  checkSize(unique, call.rows)
  const collected = collect(
    unique,
    (row) => mapSnapshotBar(row, day),
    (row) => ({ symbol: parseSymbol(codeCell(row.代码) ?? ''), trade_date: day }),
  )
  refuseDrift(FUNCTION, unique, collected)
  checkMoves(FUNCTION, unique, '最新价')
  await checkDate(ask, day, collected.rows)
  return { items: unique, bars: collected }
}

/** The time for which a snapshot can stand for a day: from its ready time until the next session may open. */
function refuseUndated(day: TradeDate, now: Date): void {
  const { date, time } = shanghaiClock(now)
  const next = nextWeekday(day)
  const ready = date > day || (date === day && time >= AKSHARE_READY_TIME)
  const over = date > next || (date === next && time >= NEXT_SESSION_OPENS)
  if (ready && !over) return
  throw failure(
    FUNCTION,
    'NotServed',
    `the snapshot of the market is of ${day} only from ${AKSHARE_READY_TIME} on that day to ${NEXT_SESSION_OPENS} on ${next}`,
  )
}

/** The next day that could be a session: holidays are not known here, weekends never are sessions. */
function nextWeekday(day: TradeDate): TradeDate {
  let next = addDays(day, 1)
  while (new Date(`${next}T00:00:00Z`).getUTCDay() % 6 === 0) next = addDays(next, 1)
  return next
}

/** Prices move between the pages: of a stock that came twice the later row counts. */
const laterOfTwins = (items: readonly Row[]): Row[] => [
  ...new Map(items.map((row, i) => [codeCell(row.代码) ?? `row ${i}`, row])).values(),
]

function checkSize(rows: readonly Row[], expected: number): void {
  const stocks = rows.filter((row) => {
    const symbol = parseSymbol(codeCell(row.代码) ?? '')
    return symbol !== null && !isBShare(symbol)
  }).length
  const least = expected > 0 ? expected * MOST : SMALLEST_MARKET
  if (stocks < Math.min(least, SMALLEST_MARKET)) {
    throw drift(
      FUNCTION,
      `only ${stocks} stocks: AKShare before 1.15.97 cuts this answer without a word; upgrade it`,
      rows,
    )
  }
  if (stocks < least)
    throw failure(FUNCTION, 'Transient', `${stocks} stocks of ${expected}: pages of the snapshot are missing`)
}

/** Compares the stock that traded most with its bar of that day, which has a date. */
async function checkDate(ask: Ask, day: TradeDate, rows: readonly BarRow[]): Promise<void> {
  const witness = rows.reduce<BarRow | null>(
    (most, row) => (most === null || Number(row.amount) > Number(most.amount) ? row : most),
    null,
  )
  if (witness === null) throw emptyAnswer(FUNCTION)
  const items = await ask(DATED, {
    symbol: codeOf(witness.symbol),
    period: 'daily',
    start_date: toCompact(day),
    end_date: toCompact(day),
    adjust: '',
  })
  const agree = items.some((item) => {
    const bar = mapHistoryBar(item, witness.symbol)
    return bar !== null && !('reason' in bar) && bar.trade_date === day && isSameBar(bar, witness)
  })
  if (!agree) {
    throw failure(
      FUNCTION,
      'Transient',
      `the snapshot is not of ${day}: ${witness.symbol} has another close, volume or amount there`,
    )
  }
}

const isSameBar = (a: BarRow, b: BarRow): boolean =>
  Math.abs(a.close - b.close) < 0.005 && isNear(a.volume, b.volume) && isNear(a.amount, b.amount)

const isNear = (a: string, b: string): boolean => Math.abs(Number(a) - Number(b)) <= Number(b) * SAME
