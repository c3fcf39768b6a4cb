import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { comparisonParams } from '../../db/scope/sample.ts'
import { sampleSymbols } from '../../db/queries/comparison.ts'
import { BAOSTOCK_CAPABILITIES } from '../../market/baostock.ts'
import type { CapabilityTable } from '../../market/capability.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { SourceName } from '../../market/sources.ts'
import { TUSHARE_CAPABILITIES } from '../../market/tushare.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'

const RUN = '00000000-0000-0000-0000-0000000000aa'
const OTHER_RUN = '00000000-0000-0000-0000-0000000000bb'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'instrument_code', 'instrument', 'trade_calendar')
})

interface Listing {
  board?: string
  exchange?: string
  listDate?: string
  delistDate?: string | null
  stub?: boolean
}

let code = 600_000
/** Lists so many stocks of a kind. */
async function list(
  count: number,
  {
    board = 'main',
    exchange = 'SSE',
    listDate = '2010-01-04',
    delistDate = null,
    stub = false,
  }: Listing = {},
) {
  const symbols = Array.from({ length: count }, () => `${code++}.${exchange === 'BSE' ? 'BJ' : 'SH'}`)
  await db.sql`
    with opened as (
      insert into instrument (board, exchange, list_date, delist_date, stub)
      select ${board}, ${exchange}, ${listDate}, ${delistDate}, ${stub} from unnest(${symbols}::text[]) returning id
    ), numbered as (select id, row_number() over (order by id) as n from opened)
    insert into instrument_code (code, instrument_id, source)
    select s, id, 'tushare' from numbered join unnest(${symbols}::text[]) with ordinality as u(s, n) using (n)`
  return symbols
}

const sample = (count: number, runId = RUN) =>
  sampleSymbols(db.sql, { runId, count, from: '2024-01-02', to: '2024-03-29', exchanges: ['SSE', 'SZSE'] })

const countOf = (drawn: readonly string[], of: readonly string[]) =>
  drawn.filter((s) => of.includes(s)).length

describe('the sample of a comparison', () => {
  test('gives each board and age its share, and the smallest kind one', async () => {
    const main = await list(300)
    const star = await list(99, { board: 'star', listDate: '2021-01-04' })
    const cdr = await list(1, { board: 'cdr', listDate: '2020-10-29' })
    const drawn = await sample(50)
    expect([drawn.length, countOf(drawn, cdr)]).toEqual([50, 1])
    expect(countOf(drawn, main)).toBeGreaterThanOrEqual(36)
    expect(countOf(drawn, star)).toBeGreaterThanOrEqual(11)
  })

  test('ages are apart: stocks of last year are in it however few they are', async () => {
    await list(500)
    const young = await list(1, { listDate: '2023-11-01' })
    expect(countOf(await sample(10), young)).toBe(1)
  })

  test('is the same for a run and another for another run', async () => {
    await list(200)
    const [first, again, other] = [await sample(20), await sample(20), await sample(20, OTHER_RUN)]
    expect(again).toEqual(first)
    expect(countOf(other, first)).toBeLessThan(20)
  })

  test('has no stubs, nothing that was not listed at the time, and no exchange that one source alone serves', async () => {
    const listed = await list(3)
    await list(1, { stub: true })
    await list(1, { delistDate: '2024-01-02' })
    await list(1, { listDate: '2024-04-01' })
    await list(1, { exchange: 'BSE', board: 'bse' })
    expect(await sample(50)).toEqual(listed)
  })
})

describe('the parameters of a comparison', () => {
  const of = (...tables: [SourceName, CapabilityTable][]) =>
    new Map(tables.map(([name, capabilities]) => [name, { capabilities }]))
  const BOTH = of(['tushare', TUSHARE_CAPABILITIES], ['baostock', BAOSTOCK_CAPABILITIES])
  // Friday, 17:10 in Beijing: Tushare is ready, BaoStock is not yet.
  const now = () => new Date('2024-03-29T09:10:00Z')
  const params = (given: RunParams = {}, sources = BOTH) =>
    comparisonParams({ sql: db.sql, sources, now }, RUN, given)

  const openDays = () =>
    db.sql`insert into trade_calendar (exchange, trade_date, is_open, source)
      select 'SSE', d::date, true, 'tushare' from generate_series(date '2023-10-02', date '2024-12-31', interval '1 day') d
      where extract(isodow from d) < 6`

  test('are the newest 60 sessions that all sources have by now, for every source', async () => {
    await openDays()
    const symbols = await list(5)
    expect(await params()).toEqual({
      want: 'each',
      source_mode: 'all',
      symbols,
      start_date: '2024-01-05',
      end_date: '2024-03-28',
    })
  })

  test('keep what was asked for, to the newest session that is ready', async () => {
    await openDays()
    const asked = { symbols: ['600519.SH'], start_date: '2024-03-01', end_date: '2024-06-30' }
    expect(await params({ ...asked, want: 'any' })).toEqual({
      ...asked,
      want: 'any',
      source_mode: 'all',
      end_date: '2024-03-28',
    })
  })

  test('wait for a calendar and for a list', async () => {
    await list(5)
    await expect(params()).rejects.toThrow('run stock_list first')
    await openDays()
    await db.sql`delete from instrument_code`
    await expect(params()).rejects.toThrow('run stock_list first')
  })

  test('need two sources', async () => {
    await expect(params({}, of(['tushare', TUSHARE_CAPABILITIES]))).rejects.toThrow(/two sources/)
  })
})
