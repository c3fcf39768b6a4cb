import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pickColumns, readCsv } from '../../local/replay/recorded/csv.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { hasRecordedData, RECORDED_DATA } from '../support/recorded.ts'

/* When stocks were under special treatment: by their names, and by the flags on bars as far as those reach. */

let db: TestDatabase
beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

let id = 0
beforeEach(async () => {
  await empty(db.sql, 'bars', 'coverage', 'name_change', 'instrument_code', 'instrument')
  const [row] = await db.sql<{ id: number }[]>`
    insert into instrument (kind, board, exchange) values ('stock', 'main', 'SSE') returning id`
  id = row?.id ?? 0
})

const named = (name: string, from: string, to: string | null = null) => db.sql`
  insert into name_change (instrument_id, start_date, name, source, symbol, end_date)
  values (${id}, ${from}, ${name}, 'tushare', '600000.SH', ${to})`

const intervals = async () =>
  (
    await db.sql<{ text: string }[]>`
      select concat_ws(' ', kind, from_date, coalesce(to_date::text, 'now'), source, basis) as text from st_interval
      where instrument_id = ${id} order by from_date, kind, source`
  ).map(({ text }) => text)

test.each([
  ['ST沙盒', 'st'],
  ['*ST沙盒', 'st'],
  ['SST沙盒', 'st'],
  ['S*ST沙盒', 'st'],
  ['XDST沙盒', 'st'],
  ['DR*ST沙', 'st'],
  ['G*ST沙', 'st'],
  ['沙盒退', 'delisting'],
  ['退市沙盒', 'delisting'],
  ['*ST沙退', 'delisting'],
  ['沙盒(退)', 'delisting'],
  ['S沙盒', null],
  ['XD沙盒', null],
  ['沙盒ST', null],
  ['TST沙盒', null],
])('the name %s says %s', async (name, standing) => {
  const [row] = await db.sql`select standing_of_name(${name}) as standing`
  expect(row).toEqual({ standing })
})

test('spells of ST and *ST are one; what follows ends them; a weekend between two names is no gap', async () => {
  await named('沙盒', '2010-01-04', '2015-05-01')
  await named('ST沙盒', '2015-05-04', '2016-04-29')
  await named('*ST沙盒', '2016-05-03', '2017-06-01')
  await named('沙盒', '2017-06-02', '2020-05-08')
  await named('*ST沙盒', '2020-05-11')
  expect(await intervals()).toEqual([
    'st 2015-05-04 2017-06-01 tushare name',
    'st 2020-05-11 now tushare name',
  ])
})

test('a delisting ends what nobody ended by a name', async () => {
  await db.sql`update instrument set delist_date = '2021-03-10' where id = ${id}`
  await named('*ST沙盒', '2019-05-06')
  await named('沙盒退', '2021-02-01')
  expect(await intervals()).toEqual([
    'st 2019-05-06 2021-01-31 tushare name',
    'delisting 2021-02-01 2021-03-09 tushare name',
  ])
})

const flagged = (date: string, is_st: boolean | null) => db.sql`
  insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, volume, amount, is_st)
  values (${id}, ${date}, 'daily', 'baostock', '600000.SH', 1, 1, 1, 1, 1, 1, ${is_st})`

const covered = (instrument: number, ...ranges: string[]) => db.sql`
  insert into coverage (dataset, instrument_id, source, ranges)
  values ('bars', ${instrument}, 'baostock', ${`{${ranges.join(',')}}`}::datemultirange)`

test('flags make intervals inside what is covered, over days without a bar, until the first bar without one', async () => {
  await covered(id, '[2024-01-02,2024-01-13)', '[2024-06-03,2024-06-08)')
  await flagged('2024-01-02', false)
  await flagged('2024-01-03', true)
  // Suspended from the 4th to the 9th.
  await flagged('2024-01-10', true)
  await flagged('2024-01-11', false)
  await flagged('2024-01-12', true)
  // Nobody knows what lies between the covered ranges.
  await flagged('2024-06-03', true)
  await flagged('2024-06-04', null)
  expect(await intervals()).toEqual([
    'st 2024-01-03 2024-01-10 baostock bars',
    'st 2024-01-12 2024-01-12 baostock bars',
    'st 2024-06-03 2024-06-07 baostock bars',
  ])
})

test('what is covered of the whole market counts', async () => {
  await covered(0, '[2024-01-02,2024-01-05)')
  await flagged('2024-01-03', true)
  expect(await intervals()).toEqual(['st 2024-01-03 2024-01-04 baostock bars'])
})

describe.skipIf(!hasRecordedData)('Tushare’s own list of special treatment', () => {
  test('every recorded name in it says so', async () => {
    const rows = pickColumns(readCsv(RECORDED_DATA, 'stock_st'), ['name'])
    const [found] = await db.sql<{ n: number }[]>`
      select count(*)::int as n from unnest(${rows.map(([name = '']) => name)}::text[]) as name where standing_of_name(name) = 'st'`
    expect([rows.length, found?.n]).toEqual([24_335, 24_335])
  })

  test('of the names in the list of June 2026 those say so that are in it on that day', async () => {
    const special = pickColumns(readCsv(RECORDED_DATA, 'stock_st'), ['ts_code', 'name', 'trade_date'])
    const listed = pickColumns(readCsv(RECORDED_DATA, 'stock_basic'), ['ts_code', 'name'])
    const names = listed.map(([, name = '']) => name)
    const standings = await db.sql<{ standing: string | null }[]>`
      select standing_of_name(name) as standing from unnest(${names}::text[]) with ordinality as n(name, i) order by i`
    const bySymbol = listed
      .flatMap(([code = ''], i) => (standings[i]?.standing === 'st' ? [code] : []))
      .sort()
    // The list has no date of its own: it is of one of the recorded days.
    const days = [...new Set(special.map(([, , day = '']) => day))]
    const of = (day: string) => special.filter((row) => row[2] === day).map(([code = '']) => code)
    const isEqual = days.filter((day) => JSON.stringify(of(day).sort()) === JSON.stringify(bySymbol))
    expect(isEqual.length).toBeGreaterThan(0)
  })
})
