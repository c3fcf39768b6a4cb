import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  asAkshare,
  asBaostock,
  asParquet,
  asTushare,
  bars,
  type Bench,
  linesOf,
  openBench,
  storedBars,
} from './support.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterEach(() => bench.clear())
afterAll(() => bench.close())

const UNITS = { volume: null, amount: null, worth: null }

test.each([
  ['Tushare', 'plain', asTushare(bars())],
  ['Tushare', 'compressed', gzipSync(asTushare(bars()))],
  ['BaoStock', 'plain', asBaostock(bars())],
  ['AKShare', 'plain', asAkshare(bars().filter(({ symbol }) => !symbol.endsWith('BJ')))],
])('a CSV with the columns of %s, %s, comes in shares and yuan', async (form, _, content) => {
  const end = await bench.import(bench.file('daily', content))

  expect(end?.status).toBe('success')
  expect(await storedBars(bench.db.sql)).toEqual(
    linesOf(bars().filter(({ symbol }) => form !== 'AKShare' || !symbol.endsWith('BJ'))),
  )
})

test('a Parquet file of nobody in particular comes in by its columns and the units that its rows show', async () => {
  const file = asParquet(bars())

  const end = await bench.import(bench.file('x.parquet', file), { named: new Map([['open', 'o']]) })

  expect(end).toMatchObject({ status: 'success', totals: { inserted: 160, rejected: 0 } })
  expect(await storedBars(bench.db.sql)).toEqual(linesOf(bars()))
})

test('a query of another database comes in, and its password stays out of the run', async () => {
  await bench.db
    .sql`create table mine (ticker text, day date, open numeric, high numeric, low numeric, close numeric, volume numeric, amount numeric)`
  for (const r of bars(['600001.SH']))
    await bench.db
      .sql`insert into mine values ('SH600001', ${r.date}, ${r.open}, ${r.high}, ${r.low}, ${r.close}, ${r.shares}, ${r.yuan})`

  await bench.import(bench.db.url, { open: { query: 'select * from mine order by volume' } })

  expect(await storedBars(bench.db.sql)).toEqual(linesOf(bars(['600001.SH'])))
  const [row] = await bench.db.sql<{ text: string }[]>`select to_jsonb(r)::text as text from sync_run r`
  expect(row?.text).toContain('/t_')
  expect(row?.text).not.toContain(new URL(bench.db.url).password)
})

test('a file of one stock needs no column for it, and codes that lost their zeros get them back', async () => {
  const own = bars(['000003.SZ'])
  const withCode = asAkshare(own).replaceAll(',000003,', ',3,')
  const without = asAkshare(own)
    .split('\n')
    .map((line) => line.replace(/^([^,]*),[^,]*,/, '$1,'))
    .join('\n')

  await bench.import(bench.file('a.csv', withCode), { symbolFormat: 'code' })
  const again = await bench.import(bench.file('b.csv', without), { symbol: '000003.SZ' })

  expect(again?.totals).toMatchObject({ inserted: 0, updated: 0, unchanged: 40 })
  expect(await storedBars(bench.db.sql)).toEqual(linesOf(own))
})

test('rows under the code of before and the code of today are of one stock', async () => {
  const own = bars(['920004.BJ'])
  const renamed = own.map((bar, i) => (i < 10 ? { ...bar, symbol: '430004.BJ' } : bar))

  const end = await bench.import(bench.file('a.csv', asTushare(renamed)))

  expect(end).toMatchObject({ status: 'success', totals: { total: 1, inserted: 40 } })
  const [row] = await bench.db
    .sql`select count(distinct instrument_id)::int as n from bars where period = 'daily'`
  expect(row?.n).toBe(1)
})

test('valuations of Tushare come in shares and yuan', async () => {
  const rows = bars().map((b) =>
    [b.symbol, b.date.replaceAll('-', ''), b.close, 1.5, '', 50_000, 40_000, b.close * 50_000].join(),
  )
  const content = [
    'ts_code,trade_date,close,turnover_rate,pe,total_share,float_share,total_mv',
    ...rows,
  ].join('\n')

  await bench.import(bench.file('basic.csv', content), { dataset: 'daily_basic' })

  const [row] = await bench.db.sql`
    select pe, total_share, trim_scale(total_mv) as total_mv from daily_basic where symbol = '600001.SH' and trade_date = '2024-01-02'`
  expect(row).toEqual({ pe: null, total_share: '500000000', total_mv: '5105000000' })
})

test('factors come with a coverage of exactly their sessions', async () => {
  const rows = bars(['600001.SH']).map((b) => [b.symbol, b.date.replaceAll('-', ''), 1.25].join())
  const content = ['ts_code,trade_date,adj_factor', ...rows.toSpliced(20, 2)].join('\n')

  await bench.import(bench.file('factors.csv', content), { dataset: 'adj_factor', units: UNITS })

  const [row] = await bench.db.sql`select ranges from coverage where dataset = 'adj_factor'`
  expect(row?.ranges).toBe('{[2024-01-02,2024-01-30),[2024-02-01,2024-02-27)}')
})
