import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bestBars } from '../../db/queries/best.ts'
import type { BarFieldName } from '../../market/tolerances.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
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
  await empty(db.sql, 'bars', 'adj_factor', 'coverage', 'coverage_hole', 'suspension', 'stock_basic_info')
})

interface BestRow extends Record<string, string | boolean | string[] | null> {
  sources: string[]
  disputed_groups: string[]
}

/** The rows of `bars_best` by instrument, numbers as text. */
async function bestRows(): Promise<Map<number, BestRow>> {
  const rows = await db.sql<({ id: number } & BestRow)[]>`
    select instrument_id as id, open::text, high::text, low::text, close::text, pre_close::text, pct_chg::text,
      volume::text, amount::text, is_st, ohlc_source, volume_source, amount_source, pre_close_source, pct_chg_source,
      st_source, sources, disputed, disputed_groups
    from bars_best`
  return new Map(rows.map(({ id, ...row }) => [id, row]))
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
    const row = rows.get(i + 1)
    const numbers = Object.fromEntries(
      NUMBERS.map((field) => [field, stored((row?.[field] ?? null) as string | null, field)]),
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

  const one = async () => {
    const [row] = await db.sql<{ change: string | null }[]>`select change::text as change from bars_best`
    return { ...(await bestRows()).get(1), change: row?.change }
  }
  const bar = (source: string, differs: Partial<SourceBar> = {}): SourceBar => ({
    source,
    symbol: '600000.SH',
    date: '2024-01-02',
    open: 10_000n,
    high: 12_000n,
    low: 9_000n,
    close: 11_000n,
    pre_close: 10_500n,
    pct_chg: 4_762n,
    volume: 100_000n,
    amount: 11_000_000_000n,
    is_st: null,
    ...differs,
  })

  test('two that agree on the prices beat the first, and no price of the first is left', async () => {
    await insertBars(db.sql, [
      [bar('tushare', { open: 10_020n }), bar('baostock', { close: 11_001n }), bar('akshare')],
    ])
    expect(await one()).toMatchObject({
      open: '10.000',
      close: '11.001',
      ohlc_source: 'baostock',
      disputed: false,
    })
  })

  test('prices that agree field by field with different sources are disputed all the same: they never mix', async () => {
    await insertBars(db.sql, [
      [
        bar('tushare', { open: 10_020n }),
        bar('baostock', { close: 11_020n }),
        bar('akshare', { low: 9_020n }),
      ],
    ])
    expect(await one()).toMatchObject({ ohlc_source: 'tushare', disputed: true, disputed_groups: ['ohlc'] })
  })

  test('a lower source fills what the first one lacks until the first one has it', async () => {
    await insertBars(db.sql, [[bar('tushare', { pre_close: null }), bar('baostock')]])
    const filled = await one()
    await db.sql`update bars set pre_close = 10.49 where source = 'tushare'`
    const replaced = await one()
    expect([filled, replaced]).toMatchObject([
      { pre_close: '10.500', pre_close_source: 'baostock', change: '0.500', disputed: false },
      { pre_close: '10.49', pre_close_source: 'tushare', change: '0.510', disputed: false },
    ])
  })

  test('a bar of one source is shown as it is stored, periods apart', async () => {
    await insertBars(db.sql, [[bar('akshare', { is_st: false })]])
    await db.sql`
      insert into bars (instrument_id, trade_date, period, source, symbol, period_start, is_final, open, high, low, close, volume, amount, change)
      values (1, '2024-01-02', 'weekly', 'akshare', '600000.SH', '2024-01-01', false, 10, 12, 9, 11, 5, 50, 0.25)`
    const compared = await db.sql<{ n: number }[]>`
      select count(*)::int as n from bars b join bars_best v using (instrument_id, symbol, period, trade_date, is_final, open, high, low, close, volume, amount, updated_at)
      where b.period_start is not distinct from v.period_start and b.pre_close is not distinct from v.pre_close
        and b.pct_chg is not distinct from v.pct_chg and b.is_st is not distinct from v.is_st and v.sources = '{akshare}'`
    expect(compared[0]?.n).toBe(2)
    const changes = await db.sql<
      { change: number }[]
    >`select change::float8 as change from bars_best order by period`
    expect(changes.map((row) => row.change)).toEqual([0.5, 0.25])
  })

  test('bars are read by instrument, period and range, with where each value is from', async () => {
    await insertBars(db.sql, [
      [bar('tushare', { is_st: null }), bar('baostock', { is_st: true })],
      [bar('tushare')],
    ])
    const wanted = { instruments: [1], period: 'daily', from: '2024-01-01', to: '2024-01-31' }
    expect(await bestBars(db.sql, wanted)).toMatchObject([
      {
        instrumentId: 1,
        tradeDate: '2024-01-02',
        close: '11.000',
        isSt: true,
        from: { ohlc: 'tushare', isSt: 'baostock' },
      },
    ])
    expect(await bestBars(db.sql, { ...wanted, from: '2024-01-03' })).toEqual([])
  })

  test('instrument, date and period lead to the key of one partition', async () => {
    const plan = await db.sql.begin(async (tx) => {
      await tx`set local enable_seqscan = off`
      return await tx.unsafe(
        `explain (format json) select * from bars_best where instrument_id = 7 and trade_date between '2024-03-01' and '2024-06-30' and period = 'daily'`,
      )
    })
    const text = JSON.stringify(plan)
    const tables = [...text.matchAll(/"Relation Name":"(bars\w*)"/g)].map((match) => match[1])
    expect(tables).toEqual(['bars_2024'])
    expect(text).toMatch(
      /"Index Name":"bars_2024_pkey","[^{]*"Index Cond":"\(\(instrument_id = 7\) AND \(trade_date >= /,
    )
  })

  const setPrecedence = (orders: Precedence) =>
    db.sql.begin(async (tx) => {
      await tx`delete from value_precedence where field_group in ('ohlc', 'volume', 'amount', 'pre_close', 'st')`
      for (const [group, sources] of Object.entries(orders) as [string, string[]][])
        await tx`insert into value_precedence select ${group}, s, n from unnest(${sources}::text[]) with ordinality as o(s, n)`
    })
})
