import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestDatabase } from '../support/database.ts'
import {
  cover,
  FIRST,
  LAST,
  openSmallMarket,
  planOf,
  plansOf,
  regionsOf,
  source,
  SYMBOLS,
  whole,
} from './small-market.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await openSmallMarket()
})
afterAll(() => db.drop())
beforeEach(() => db.sql`delete from coverage`)

describe('who may bring it', () => {
  test('best first, and who is left out with the reason', async () => {
    const denied = source('tushare', { deniedApis: new Set(['daily']) })
    const plan = await planOf(db, [denied, source('baostock'), source('akshare')], 'bars')
    expect(plan).toMatchObject({
      source: 'baostock',
      sources: [
        { source: 'baostock', site: 'server' },
        { source: 'akshare', site: 'eastmoney' },
      ],
      skipped: [{ source: 'tushare', reason: 'permission: the account may not call daily' }],
    })
    expect((await planOf(db, [source('tushare'), source('akshare')], 'suspension')).skipped).toEqual([
      { source: 'akshare', reason: 'lacks the dataset' },
    ])
  })

  test('what comes with another dataset has no batches of its own', async () => {
    const plan = await planOf(db, [source('baostock')], 'suspension')
    expect(plan).toMatchObject({
      source: null,
      batches: [],
      sources: [],
      notes: ['comes with bars of baostock'],
    })
    const served = await planOf(db, [source('baostock'), source('tushare')], 'suspension')
    expect(served).toMatchObject({
      source: 'tushare',
      skipped: [{ source: 'baostock', reason: 'comes with its bars' }],
      notes: [],
    })
    expect(regionsOf(served)).toEqual([`${FIRST}..${LAST}`])
  })

  test('a source without the exchange of any wanted symbol', async () => {
    const beijing = { symbols: ['920001.BJ'] }
    const plan = await planOf(db, [source('baostock'), source('tushare')], 'bars', beijing)
    expect(plan).toMatchObject({
      source: 'tushare',
      sources: [{ source: 'tushare' }],
      skipped: [{ source: 'baostock', reason: 'lacks the exchange' }],
    })
    const nobody = await planOf(db, [source('baostock')], 'bars', beijing)
    expect(nobody).toMatchObject({ source: null, batches: [], notes: ['BSE: no source'] })
  })

  test('an exchange that nobody has is named, one that a later source has is planned for that one', async () => {
    const alone = await planOf(db, [source('baostock')], 'bars')
    expect(alone.notes).toEqual(['BSE: no source'])
    expect(regionsOf(alone)).toEqual([whole(1), whole(2), whole(3)])
    const both = await planOf(db, [source('baostock'), source('akshare')], 'bars')
    expect(both.notes).toEqual([])
    expect(both.parts.map((part) => [part.source, part.batches.length])).toEqual([
      ['baostock', 1],
      ['akshare', 1],
    ])
    expect(regionsOf(both)).toEqual([1, 2, 3, 4].map(whole))
  })

  test('a code with letters goes to who can be asked for it, and is named where nobody can', async () => {
    await db.sql`update instrument_code set code = 'T00018.SH' where instrument_id = 2`
    const [akshare, tushare] = [source('akshare'), source('tushare')]
    const alone = await planOf(db, [akshare], 'bars')
    expect(regionsOf(alone)).toEqual([1, 3, 4].map(whole))
    expect(alone.notes).toEqual([
      `1 symbol wants dates from ${FIRST} to ${LAST} that no source can be asked for`,
    ])
    const both = await planOf(db, [akshare, tushare], 'bars')
    expect(both.parts.map((part) => part.source)).toEqual(['akshare', 'tushare'])
    expect(regionsOf(both)).toEqual([1, 2, 3, 4].map(whole))
    const each = await plansOf(db, [akshare, tushare], 'bars', { source_mode: 'all' })
    expect(each.map((plan) => regionsOf(plan).length)).toEqual([3, 4])
    await db.sql`update instrument_code set code = ${SYMBOLS[1] ?? ''} where instrument_id = 2`
  })

  test('a source that the plan would take more than a day of is left out, unless it is the only one', async () => {
    const careful = source('akshare', { perDay: 3 })
    const reason = 'the plan exceeds what it may safely be asked'
    const plan = await planOf(db, [careful, source('tushare')], 'bars')
    expect(plan).toMatchObject({
      source: 'tushare',
      sources: [{ source: 'tushare' }],
      skipped: [{ source: 'akshare', reason }],
    })
    expect(await planOf(db, [careful], 'bars')).toMatchObject({ source: 'akshare', skipped: [] })
    // Few enough of them are within it.
    const some = { symbols: SYMBOLS.slice(0, 3) }
    expect(await planOf(db, [careful, source('tushare')], 'bars', some)).toMatchObject({
      source: 'akshare',
      skipped: [],
    })
  })

  test('it is still the one for what nobody else has', async () => {
    const plan = await planOf(db, [source('baostock'), source('akshare', { perDay: 3 })], 'bars')
    expect(regionsOf(plan)).toEqual([whole(1), whole(2), whole(3), `${whole(4)} akshare`])
    expect(plan).toMatchObject({
      source: 'baostock',
      sources: [{ source: 'baostock' }, { source: 'akshare', boundOnly: true }],
      notes: [],
    })
  })

  test('when all sources do everything there is a plan for each, of what it has not brought itself', async () => {
    await cover(db, 'bars', 'baostock', 1)
    await cover(db, 'bars', 'tushare', 2)
    const mode = { source_mode: 'all' } as const
    const plans = await plansOf(db, [source('tushare'), source('baostock')], 'bars', mode)
    expect(plans.map((plan) => [plan.source, plan.sources.map((place) => place.source)])).toEqual([
      ['tushare', ['tushare']],
      ['baostock', ['baostock']],
    ])
    expect(plans.map(regionsOf)).toEqual([
      [1, 3, 4].map((id) => `${whole(id)} tushare`),
      [2, 3].map((id) => `${whole(id)} baostock`),
    ])
    const lists = await plansOf(db, [source('tushare'), source('akshare')], 'stock_list', mode)
    expect(lists.map(regionsOf)).toEqual([['list tushare'], ['list akshare']])
  })
})

describe('lists', () => {
  test('a source that adds the list of an exchange is asked as well', async () => {
    const plan = await planOf(db, [source('baostock'), source('akshare'), source('tushare')], 'stock_list')
    expect(regionsOf(plan)).toEqual(['list', 'list akshare'])
    expect(plan.sources.map((place) => place.source)).toEqual(['baostock', 'akshare', 'tushare'])
    expect(regionsOf(await planOf(db, [source('tushare'), source('akshare')], 'stock_list'))).toEqual([
      'list',
    ])
    expect(regionsOf(await planOf(db, [source('baostock'), source('akshare')], 'trade_calendar'))).toEqual([
      'list',
    ])
  })
})

describe('events', () => {
  test('are wanted where no source has all of the market', async () => {
    const tushare = source('tushare')
    await cover(db, 'suspension', 'tushare', 0, '{[2024-01-02,2024-01-05)}')
    // Shanghai and Shenzhen are not all of it.
    await cover(db, 'suspension', 'baostock', 0)
    expect(regionsOf(await planOf(db, [tushare], 'suspension'))).toEqual([`2024-01-05..${LAST}`])
    expect(regionsOf(await planOf(db, [tushare], 'suspension', { refresh: true }))).toEqual([
      `${FIRST}..${LAST}`,
    ])
  })

  test('are asked for since the first listing, and not at all before it', async () => {
    const first = async (listed: string | null) => {
      await db.sql`update instrument set list_date = ${listed} where id > 1`
      const plan = await planOf(db, [source('tushare')], 'index_member', {}, { historyStart: '1990-12-19' })
      return regionsOf(plan)[0]
    }
    await db.sql`update instrument set list_date = '2024-02-01' where id = 1`
    expect(await first('2024-02-01')).toBeUndefined()
    expect(await first(null)).toMatch(/^2005-01-01\.\./)
    expect(await first('2020-01-02')).toMatch(/^2020-01-02\.\./)
    await db.sql`update instrument set list_date = '2020-01-02' where id = 1`
  })
})

describe('when and how far back', () => {
  test('the newest session is the one that is ready at the planned source', async () => {
    const now = () => new Date('2024-01-12T17:30:00+08:00')
    const [tushare, baostock] = [source('tushare'), source('baostock')]
    expect((await planOf(db, [tushare, baostock], 'bars', {}, { now })).range?.to).toBe(LAST)
    expect((await planOf(db, [baostock, tushare], 'bars', {}, { now })).range?.to).toBe('2024-01-11')
    const early = await planOf(
      db,
      [tushare],
      'bars',
      {},
      { now: () => new Date('2024-01-01T20:00:00+08:00') },
    )
    expect(early).toMatchObject({ source: 'tushare', batches: [], range: null })
  })

  test('calls by date are planned as far back as they were sampled', async () => {
    await cover(db, 'bars', 'tushare', 0, '{[2024-01-02,2024-01-11)}')
    const params = { symbols: SYMBOLS.slice(0, 3) }
    const depth = (from: string | null) => ({ depths: [{ source: 'baostock', dataset: 'bars', from }] })
    const planned = async (from: string | null) =>
      regionsOf(await planOf(db, [source('baostock')], 'bars', params, depth(from)))
    expect(await planned('2024-01-05')).toEqual([`SSE,SZSE ${LAST} 2024-01-11`])
    expect(await planned(LAST)).toEqual([1, 2, 3].map((id) => `${id} 2024-01-11..${LAST}`))
    expect(await planned(null)).toEqual([1, 2, 3].map((id) => `${id} 2024-01-11..${LAST}`))
  })
})
