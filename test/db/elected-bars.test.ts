import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { barOfSources, insertBars } from './best-reference.ts'
import { barsOf, type NamedRow } from './bars-support.ts'

/* What is read has to be what the view `bars_best` says, though it is found in another way. */

fc.configureGlobal({ seed: 20_260_706 })

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

async function viewRows(ids: readonly number[]): Promise<NamedRow[]> {
  return await db.sql<NamedRow[]>`
    select '#' || instrument_id as symbol, trade_date, open, high, low, close, pre_close, change, pct_chg, volume, amount, is_st,
      ohlc_source as source, disputed
    from bars_best where instrument_id = any(${ids as number[]}) and period = 'daily' order by instrument_id, trade_date`
}

const FAR = { source: 'best', to: '2030-01-01' } as const

const equalsTheView = (asOf: string | null) =>
  fc.asyncProperty(fc.array(barOfSources, { minLength: 15, maxLength: 40 }), async (bars) => {
    await db.sql`delete from bars`
    await insertBars(db.sql, bars)
    const ids = bars.map((_, i) => i + 1)
    expect(await barsOf(db.sql, ids, { ...FAR, asOf })).toEqual([...(await viewRows(ids))])
  })

test('up to four sources, whatever they say', async () => {
  await fc.assert(equalsTheView(null), { numRuns: 40 })
})

test('the same as of a moment after all of it', async () => {
  await fc.assert(equalsTheView('2100-01-01T00:00:00Z'), { numRuns: 15 })
})

test('two sources, one instrument at a time', async () => {
  const pair = barOfSources.filter((bars) => bars.length === 2)
  await fc.assert(
    fc.asyncProperty(pair, async (bar) => {
      await db.sql`delete from bars`
      await insertBars(db.sql, [bar])
      expect(await barsOf(db.sql, [1], FAR)).toEqual([...(await viewRows([1]))])
    }),
    { numRuns: 60 },
  )
})

test('any order of precedence, also one that differs by group', async () => {
  const order = fc.shuffledSubarray(['tushare', 'baostock', 'akshare'], { minLength: 1 })
  const groups = ['ohlc', 'volume', 'amount', 'pre_close', 'st']
  const precedence = fc.oneof(
    order.map((one) => groups.map(() => one)),
    fc.tuple(...groups.map(() => order)),
  )
  await fc.assert(
    fc.asyncProperty(
      precedence,
      fc.array(barOfSources, { minLength: 15, maxLength: 30 }),
      async (orders, bars) => {
        await db.sql`delete from value_precedence`
        const ranks = groups.flatMap((field_group, i) =>
          (orders[i] ?? []).map((source, rank) => ({ field_group, source, rank })),
        )
        await db.sql`insert into value_precedence ${db.sql(ranks)}`
        await db.sql`delete from bars`
        await insertBars(db.sql, bars)
        const ids = bars.map((_, i) => i + 1)
        expect(await barsOf(db.sql, ids, FAR)).toEqual([...(await viewRows(ids))])
      },
    ),
    { numRuns: 30 },
  )
})
