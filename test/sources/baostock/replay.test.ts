import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BaostockReplay, startBaostockReplay } from '../../../local/replay/baostock-server.ts'
import { createSandboxMarket } from '../../../local/replay/sandbox/market.ts'
import { type TushareReplay, startTushareReplay } from '../../../local/replay/tushare-server.ts'
import { BaostockSource } from '../../../sources/baostock/source.ts'
import type { BarRow, FetchContext, StockRow } from '../../../sources/contract.ts'
import { openSource, TOKEN } from '../tushare/upstream.ts'
import { LocalExclusive } from './exclusive.ts'
import { callFor, settingsFor } from './upstream.ts'

/*
 * The same market over two wires: what BaoStock's source brings is what Tushare's brings, as far as both have it.
 */

const MARKET = createSandboxMarket({ stocks: 60, years: 1 })
const FROM = '2026-10-08'
const TO = '2026-11-20'
const LIST = { symbols: null, from: null, to: null } as const

let replay: BaostockReplay
let source: BaostockSource
let tushareReplay: TushareReplay
let tushare: ReturnType<typeof openSource>
const context: FetchContext = { signal: new AbortController().signal, reserve: async () => undefined }

beforeAll(async () => {
  replay = await startBaostockReplay({ market: MARKET })
  source = new BaostockSource(settingsFor({ port: replay.port }), new LocalExclusive())
  tushareReplay = await startTushareReplay({ market: MARKET, token: TOKEN })
  tushare = openSource(tushareReplay.url)
})

afterAll(async () => {
  await source.close()
  await tushare.source.close()
  await replay.close()
  await tushareReplay.close()
})

const key = (row: { symbol: string; trade_date: string }) => `${row.symbol} ${row.trade_date}`
const sorted = <T extends { symbol: string; trade_date: string }>(rows: readonly unknown[]): T[] =>
  (rows as T[])
    .filter(({ symbol }) => !symbol.endsWith('.BJ'))
    .sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))

/** What both have of a bar. */
const common = ({ symbol, trade_date, open, high, low, close, pre_close, volume, amount }: BarRow) => [
  ...[symbol, trade_date, open, high, low, close, pre_close, volume],
  // Tushare's thousands of yuan have three decimals, BaoStock's yuan four.
  Math.round(Number(amount)),
]

test('bars of days and bars of stocks are the same, and those of Tushare', async () => {
  const { rows: days } = await source.fetch(
    callFor({ dataset: 'trade_calendar', symbols: null, from: FROM, to: TO }),
    context,
  )
  const sessions = days.flatMap((day) => ('is_open' in day && day.is_open ? [day.trade_date] : []))
  const byDate: unknown[] = []
  const suspended: unknown[] = []
  for (const date of sessions) {
    const answer = await source.fetch(callFor({ symbols: null, from: date, to: date }), context)
    expect(answer.rejected).toEqual([])
    byDate.push(...answer.rows)
    suspended.push(...(answer.alongside?.suspension ?? []))
  }
  const symbols = [...new Set([...sorted(byDate), ...sorted(suspended)].map((row) => row.symbol))]
  const bySymbol: unknown[] = []
  for (const symbol of symbols) {
    const answer = await source.fetch(callFor({ symbols: [symbol], from: FROM, to: TO }), context)
    expect(answer.rejected).toEqual([])
    bySymbol.push(...answer.rows)
  }
  const theirs = await tushare.source.fetch(
    callFor({ symbols, from: FROM, to: TO, rows: 5_000 }),
    tushare.context,
  )
  expect(byDate.length).toBeGreaterThan(1_000)
  expect(sorted(bySymbol)).toEqual(sorted(byDate))
  expect(sorted<BarRow>(byDate).map(common)).toEqual(sorted<BarRow>(theirs.rows).map(common))
  expect(suspended.length).toBeGreaterThan(0)
})

test('the list and the calendar are those of Tushare', async () => {
  const list = await source.fetch(callFor({ ...LIST, dataset: 'stock_list' }), context)
  const theirs: StockRow[] = []
  for (const part of ['L', 'D', 'P']) {
    const answer = await tushare.source.fetch(
      callFor({ ...LIST, dataset: 'stock_list', part }),
      tushare.context,
    )
    theirs.push(...(answer.rows as StockRow[]))
  }
  // BaoStock has no Beijing stocks, and codes of digits only.
  const facts = (rows: readonly StockRow[]) =>
    rows
      .filter(({ symbol }) => /^\d{6}\.S[HZ]$/.test(symbol))
      .map((row) => [row.symbol, row.name, row.board, row.list_date].join())
      .sort()
  expect(facts(list.rows as StockRow[])).toEqual(facts(theirs))
  const calendar = await source.fetch(callFor({ ...LIST, dataset: 'trade_calendar' }), context)
  const expected = await tushare.source.fetch(
    callFor({ ...LIST, dataset: 'trade_calendar', part: 'SSE' }),
    tushare.context,
  )
  expect(calendar.rows).toEqual(expected.rows.slice(0, calendar.rows.length))
  expect(calendar.rows.at(-1)).toMatchObject({ trade_date: '2026-12-31' })
})

test('factors of days are those of stocks on their ex-dates', async () => {
  const { rows: list } = await source.fetch(callFor({ ...LIST, dataset: 'stock_list' }), context)
  const events: unknown[] = []
  for (const { symbol } of list as StockRow[]) {
    const call = callFor({ dataset: 'adj_factor', symbols: [symbol], from: FROM, to: TO })
    events.push(...(await source.fetch(call, context)).rows)
  }
  const dates = [...new Set(sorted(events).map((row) => row.trade_date))].filter((date) => date >= FROM)
  const byDate: unknown[] = []
  for (const date of dates) {
    const call = callFor({ dataset: 'adj_factor', symbols: null, from: date, to: date })
    byDate.push(...(await source.fetch(call, context)).rows)
  }
  expect(events.length).toBeGreaterThan(10)
  expect(sorted(byDate)).toEqual(sorted(events).filter((row) => row.trade_date >= FROM))
})

test('all of it over connections that never overlapped', () => {
  const { connections } = replay.stats()
  expect(connections).toMatchObject({ offences: 0, maxParallel: 1 })
})
