import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { BarFieldName } from '../../market/tolerances.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import {
  barOfSources,
  bestOf,
  DEFAULT_PRECEDENCE,
  insertBars,
  type Precedence,
  type SourceBar,
  stored,
  valueOf,
} from './best-reference.ts'

fc.configureGlobal({ seed: 20_260_706 })

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  for (const table of ['bars', 'adj_factor', 'coverage', 'coverage_hole', 'suspension', 'stock_basic_info'])
    await db.sql`delete from ${db.sql(table)}`
})

interface BestRow extends Record<string, string | boolean | string[] | null> {
  sources: string[]
  disputed_groups: string[]
}

/** The rows of `bars_best` by instrument, numbers as text. */
async function bestRows(): Promise<Map<number, BestRow>> {
  const rows = await db.sql<(BestRow & { id: number })[]>`
    select instrument_id as id, open::text, high::text, low::text, close::text, pre_close::text, pct_chg::text, change::text,
      volume::text, amount::text, is_st, ohlc_source, volume_source, amount_source, pre_close_source, pct_chg_source,
      st_source, sources, disputed, disputed_groups, symbol
    from bars_best`
  return new Map(rows.map(({ id, ...row }) => [id, row as unknown as BestRow]))
}

/** What the reference makes of the rows of one bar, in the form of the view. */
function expected(bars: readonly SourceBar[], precedence: Precedence): BestRow {
  const best = bestOf(bars, precedence)
  const of = (group: keyof typeof best, field: BarFieldName) => {
    const { bar } = best[group]
    return bar === null ? null : valueOf(bar, field)
  }
  const values = {
    open: of('ohlc', 'open'),
    high: of('ohlc', 'high'),
    low: of('ohlc', 'low'),
    close: of('ohlc', 'close'),
    pre_close: of('pre_close', 'pre_close'),
    pct_chg: of('pct_chg', 'pct_chg'),
    volume: of('volume', 'volume'),
    amount: of('amount', 'amount'),
  }
  const disputed = Object.entries(best).flatMap(([group, choice]) => (choice.disputed ? [group] : []))
  return {
    ...(values as unknown as Record<string, string | null>),
    is_st: best.is_st.bar?.is_st ?? null,
    ohlc_source: best.ohlc.bar?.source ?? null,
    volume_source: best.volume.bar?.source ?? null,
    amount_source: best.amount.bar?.source ?? null,
    pre_close_source: best.pre_close.bar?.source ?? null,
    pct_chg_source: best.pct_chg.bar?.source ?? null,
    st_source: best.is_st.bar?.source ?? null,
    sources: bars.map((bar) => bar.source).sort(),
    disputed: disputed.length > 0,
    disputed_groups: disputed,
  }
}

const NUMBERS = ['open', 'high', 'low', 'close', 'pre_close', 'pct_chg', 'volume', 'amount'] as const

async function checkBest(bars: readonly SourceBar[][], precedence: Precedence): Promise<void> {
  await db.sql`delete from bars`
  await insertBars(db.sql, bars)
  const rows = await bestRows()
  expect(rows.size).toBe(bars.length)
  for (const [i, own] of bars.entries()) {
    const { change: _change, symbol: _symbol, ...row } = rows.get(i + 1) ?? ({} as BestRow)
    const numbers = Object.fromEntries(
      NUMBERS.map((field) => [field, stored(row[field] as string | null, field)]),
    )
    expect({ ...row, ...numbers }).toEqual(expected(own, precedence))
  }
}

describe('bars_best', () => {
  test('equals the reference, whatever one to four sources say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(barOfSources, { minLength: 20, maxLength: 40 }), (bars) =>
        checkBest(bars, DEFAULT_PRECEDENCE),
      ),
      { numRuns: 40 },
    )
  })

  test('equals the reference under any order of precedence, also one that differs by group or leaves a source out', async () => {
    const order = fc.shuffledSubarray(['tushare', 'baostock', 'akshare'], { minLength: 1 })
    const precedence = fc.record({ ohlc: order, volume: order, amount: order, pre_close: order, st: order })
    try {
      await fc.assert(
        fc.asyncProperty(
          precedence,
          fc.array(barOfSources, { minLength: 20, maxLength: 40 }),
          async (orders, bars) => {
            await setPrecedence(orders)
            await checkBest(bars, orders)
          },
        ),
        { numRuns: 30 },
      )
    } finally {
      await setPrecedence(DEFAULT_PRECEDENCE)
    }
  })

  const setPrecedence = (orders: Precedence) =>
    db.sql.begin(async (tx) => {
      await tx`delete from value_precedence where field_group in ('ohlc', 'volume', 'amount', 'pre_close', 'st')`
      for (const [group, sources] of Object.entries(orders) as [string, string[]][])
        await tx`insert into value_precedence select ${group}, s, n from unnest(${sources}::text[]) with ordinality as o(s, n)`
    })
})
