import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { AktoolsFault } from '../../../local/replay/aktools/faults.ts'
import { type AktoolsReplay, startAktoolsReplay } from '../../../local/replay/aktools-server.ts'
import { createSandboxMarket } from '../../../local/replay/sandbox/market.ts'
import { startTushareReplay } from '../../../local/replay/tushare-server.ts'
import { AktoolsClient } from '../../../sources/akshare/client.ts'
import { AkshareSource } from '../../../sources/akshare/source.ts'
import type { BarRow, CalendarRow, StockRow } from '../../../sources/contract.ts'
import { openSource as openTushare, TOKEN } from '../tushare/upstream.ts'
import { AT_ONCE, callFor, FRIDAY, granting, SATURDAY, sourceErrorOf } from './upstream.ts'

const MARKET = createSandboxMarket({ stocks: 120, years: 2 })
const listed = MARKET.instruments.filter((one) => one.status === 'L').map((one) => one.code)
const HISTORY = { from: '2025-11-24', to: FRIDAY } as const

let bridge: AktoolsReplay
let source: AkshareSource

beforeAll(async () => {
  bridge = await startAktoolsReplay({ market: MARKET })
  const client = new AktoolsClient({ url: bridge.url, timeoutMs: 30_000, pagesTimeoutMs: 30_000 })
  source = new AkshareSource(client, AT_ONCE, () => SATURDAY)
})
afterEach(() => void bridge.control.setFaults([]))
afterAll(async () => {
  await source.close()
  await bridge.close()
})

/** The market as another upstream tells it. */
async function byTushare<T>(ask: (tushare: ReturnType<typeof openTushare>) => Promise<T>): Promise<T> {
  const replay = await startTushareReplay({ market: MARKET, token: TOKEN })
  const tushare = openTushare(replay.url)
  try {
    return await ask(tushare)
  } finally {
    await replay.close()
    await tushare.source.close()
  }
}

const lots = (volume: string): number => Math.round(Number(volume) / 100)

test('the snapshot of the evening tells what Tushare tells of that day', async () => {
  const day = { symbols: null, from: FRIDAY, to: FRIDAY }
  const snapshot = (await source.fetch(callFor({ ...day, rows: listed.length }), granting())).rows as BarRow[]
  const truth = await byTushare(
    async (tushare) => (await tushare.source.fetch(callFor(day), tushare.context)).rows as BarRow[],
  )
  const told = (bars: readonly BarRow[]) =>
    bars
      .map(({ symbol, open, high, low, close, pre_close, change, volume, amount }) => [
        symbol,
        open,
        high,
        low,
        close,
        pre_close,
        change,
        lots(volume),
        Number(amount),
      ]) // prettier-ignore
      .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
  expect(told(snapshot)).toEqual(told(truth))
  expect(snapshot.length).toBeGreaterThan(80)
})

test('the history of a stock tells what Tushare tells of it, and nothing of days without trades', async () => {
  const symbols = listed.filter((_, i) => i % 12 === 0)
  for (const symbol of symbols) {
    const call = callFor({ symbols: [symbol], ...HISTORY, rows: 250 })
    const bars = (await source.fetch(call, granting())).rows as BarRow[]
    const truth = await byTushare(
      async (tushare) => (await tushare.source.fetch(call, tushare.context)).rows as BarRow[],
    )
    const told = (rows: readonly BarRow[]) =>
      rows
        .map((bar) => [
          bar.trade_date,
          bar.open,
          bar.close,
          bar.high,
          bar.low,
          lots(bar.volume),
          Number(bar.amount),
        ])
        .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
    expect(told(bars)).toEqual(told(truth))
  }
})

test('the parts of the list make up the market', async () => {
  const stocks: StockRow[] = []
  for (const part of ['sh_main', 'sh_star', 'sz', 'bj']) {
    const call = callFor({ dataset: 'stock_list', symbols: null, from: null, to: null, part })
    const answer = await source.fetch(call, granting())
    expect(answer.rejected).toEqual([])
    stocks.push(...(answer.rows as StockRow[]))
  }
  expect(stocks.map((row) => row.symbol).sort()).toEqual(
    MARKET.instruments.flatMap((one) => (one.status === 'L' || one.status === 'P' ? [one.code] : [])).sort(),
  )
})

test('the calendar tells what Tushare tells of every day', async () => {
  const call = callFor({ dataset: 'trade_calendar', symbols: null, from: null, to: null, part: 'SSE' })
  const days = (await source.fetch(call, granting())).rows as CalendarRow[]
  const truth = await byTushare(
    async (tushare) => (await tushare.source.fetch(call, tushare.context)).rows as CalendarRow[],
  )
  const [first, last] = [days[0]?.trade_date ?? '', days.at(-1)?.trade_date ?? '']
  expect(days.map((day) => [day.trade_date, day.is_open])).toEqual(
    truth
      .filter((day) => day.trade_date >= first && day.trade_date <= last)
      .map((day) => [day.trade_date, day.is_open]),
  )
})

test('every listed stock has factors or an answer that there are none', async () => {
  for (const symbol of listed.filter((_, i) => i % 7 === 0)) {
    const call = callFor({ dataset: 'adj_factor', symbols: [symbol], from: '1990-12-19', to: FRIDAY })
    const answer = await source.fetch(call, granting())
    expect(answer.rejected).toEqual([])
  }
})

test.each(['eastmoney', 'sina', 'exchanges'])('%s is up', async (site) => {
  expect((await source.probe(granting(), site)).latencyMs).toBeGreaterThan(0)
})

const STOCK = listed[0] ?? ''
const bars = (of = source) => of.fetch(callFor({ symbols: [STOCK], ...HISTORY }), granting())
const market = () => source.fetch(callFor({ symbols: null, rows: listed.length }), granting())

test.each<[AktoolsFault, () => Promise<unknown>, string]>([
  [{ kind: 'ban', calls: 0 }, bars, 'SourceDown'],
  [{ kind: 'error500' }, bars, 'SourceDown'],
  [{ kind: 'error404' }, bars, 'SchemaDrift'],
  [{ kind: 'no_frame' }, bars, 'Transient'],
  [{ kind: 'empty' }, bars, 'Transient'],
  [{ kind: 'empty' }, market, 'Transient'],
  [{ kind: 'half_day', rows: 50 }, market, 'SchemaDrift'],
  [{ kind: 'half_day', percent: 85 }, market, 'SchemaDrift'],
  [{ kind: 'missing_column' }, bars, 'SchemaDrift'],
  [{ kind: 'renamed_column' }, market, 'SchemaDrift'],
  [{ kind: 'wrong_unit' }, bars, 'SchemaDrift'],
  [{ kind: 'wrong_unit', factor: 0.01 }, market, 'SchemaDrift'],
  [{ kind: 'negative_prices' }, bars, 'SchemaDrift'],
  [{ kind: 'stale', api: 'stock_zh_a_spot_em' }, market, 'Transient'],
  [{ kind: 'reset' }, bars, 'Transient'],
  [{ kind: 'http_status', status: 502 }, bars, 'Transient'],
  [{ kind: 'html' }, bars, 'SchemaDrift'],
  [{ kind: 'truncated' }, bars, 'SchemaDrift'],
])('%j ends as what it is, after one request', async (fault, fetch, errorClass) => {
  const before = bridge.requests().total
  bridge.control.setFaults([fault])
  const error = await sourceErrorOf(fetch())
  expect(error.errorClass).toBe(errorClass)
  expect(source.siteOf(error.details.api)).toBe('eastmoney')
  // A stale snapshot is seen by the second one.
  expect(bridge.requests().total - before).toBe(fault.kind === 'stale' ? 2 : 1)
})

test('a site that hangs costs its time limit and no more', async () => {
  bridge.control.setFaults([{ kind: 'hang' }])
  const impatient = new AktoolsClient({ url: bridge.url, timeoutMs: 500 })
  const error = await sourceErrorOf(bars(new AkshareSource(impatient, AT_ONCE, () => SATURDAY)))
  await impatient.close()
  expect([error.errorClass, error.details.timedOut]).toEqual(['Transient', true])
})

test('rows that come twice count once', async () => {
  const whole = ((await market()) as { rows: unknown[] }).rows
  bridge.control.setFaults([{ kind: 'duplicates', api: 'stock_zh_a_spot_em' }])
  expect(((await market()) as { rows: unknown[] }).rows).toHaveLength(whole.length)
})

test.each(['null_close', 'bad_date', 'high_below_low'] as const)(
  'one row with %s is refused alone',
  async (damage) => {
    const whole = ((await bars()) as { rows: unknown[] }).rows
    bridge.control.setFaults([{ kind: 'bad_row', damage, row: 3 }])
    const answer = await bars()
    expect([answer.rows.length, answer.rejected.length]).toEqual([whole.length - 1, 1])
  },
)

test('a ban of one site leaves the others as they are', async () => {
  bridge.control.setFaults([{ kind: 'ban', site: 'eastmoney', calls: 0 }])
  expect((await sourceErrorOf(source.probe(granting(), 'eastmoney'))).errorClass).toBe('SourceDown')
  await source.probe(granting(), 'sina')
  await source.probe(granting(), 'exchanges')
})
