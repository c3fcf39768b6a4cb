import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseBar } from '../../db/bars/record.ts'
import { adjustedRows, type BarRow, type RowOptions, type StoredBar } from '../../db/bars/rows.ts'
import { barCells, type WholeBars } from '../../db/bars/whole.ts'
import { adjustedLots, barsOf } from '../../db/bars/whole-rows.ts'
import { rowsOfLot } from '../../db/column-lot.ts'
import { TextRows, textRows } from '../../db/text-rows.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

const decimal = fc
  .tuple(fc.integer(), fc.integer({ min: 0, max: 9_999 }))
  .map(([a, b]) => `${a}.${String(b).padStart(4, '0')}`)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null })
const bar = fc.tuple(
  fc.tuple(fc.integer({ min: 1, max: 9_999 }), fc.constantFrom('1990-12-19', '2024-02-29')),
  fc.tuple(decimal, decimal, decimal, decimal, maybe(decimal), maybe(decimal), maybe(decimal)),
  fc.tuple(fc.integer({ min: 0 }), decimal, maybe(fc.boolean())),
  fc.tuple(
    fc.oneof(fc.constantFrom('tushare', 'a, "b"', 'my file', '(x)'), fc.string({ minLength: 1 })),
    fc.boolean(),
  ),
)

test('a row is the same after PostgreSQL wrote it as text', async () => {
  await fc.assert(
    fc.asyncProperty(bar, maybe(fc.constantFrom('2024-01-01')), async (parts, start) => {
      const [[id, date], prices, [volume, amount, isSt], [source, disputed]] = parts
      const [open, high, low, close, preClose, change, pctChg] = prices
      const values = [id, date, ...prices, volume, amount, isSt, source, disputed] as const
      const [row] = await db.sql<{ day: string; week: string }[]>`
        with b as (select ${id}::int as id, ${date}::date as d, ${open}::numeric as o, ${high}::numeric as h, ${low}::numeric as l,
          ${close}::numeric as c, ${preClose}::numeric as p, ${change}::numeric as ch, ${pctChg}::numeric as pct, ${volume}::bigint as v,
          ${amount}::numeric as a, ${isSt}::boolean as st, ${source}::text as s, ${disputed}::boolean as x)
        select row(id, d, o, h, l, c, p, ch, pct, v, a, st, s, x)::text as day,
          row(id, d, o, h, l, c, p, ch, pct, v, a, st, s, x, ${start}::date, true)::text as week from b`
      expect(parseBar(row?.day ?? '')).toEqual(values)
      expect(parseBar(row?.week ?? '')).toEqual([...values, start, true])
    }),
    { seed: 20_261_120, numRuns: 100 },
  )
})

const price = fc.oneof(
  decimal,
  fc.constantFrom(
    '0',
    '0.0001',
    '-12.5',
    '123456789012345678.25',
    '9007199254740993',
    '0.000000000000000000000001',
    '100000000',
    '10000.00000',
    '-0.5000',
  ),
)
const day = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom('1990-12-19', '1999-06-01', '1999-06-02', '2024-02-29'),
  fc.tuple(price, price, price, price, maybe(price), maybe(price)),
  fc.tuple(fc.integer({ min: 0 }), decimal, maybe(fc.boolean())),
)
const OPTIONS: RowOptions = {
  period: 'daily',
  source: 'best',
  adjust: 'qfq',
  decimals: 8,
  symbols: new Map([[1, '600001.SH']]),
  scales: new Map([
    [
      1,
      {
        id: 1,
        source: 'tushare',
        steps: [
          { from: '0001-01-01', factor: null },
          { from: '1999-06-01', factor: '1.5' },
          { from: '1999-06-02', factor: '1.7321' },
        ],
        anchor: '2.25',
      },
    ],
    [2, { id: 2, source: 'baostock', steps: [{ from: '0001-01-01', factor: '3' }], anchor: null }],
  ]),
}

async function all(lots: AsyncIterable<BarRow[]>): Promise<BarRow[]> {
  const rows: BarRow[] = []
  for await (const lot of lots) rows.push(...lot)
  return rows
}

type Day = typeof day extends fc.Arbitrary<infer T> ? T : never

/** What PostgreSQL makes of the days, by instrument. */
async function daysByStock(days: readonly Day[]): Promise<WholeBars['parts']> {
  const column = <T>(of: (day: Day) => T): T[] => days.map(of)
  const cells = barCells(true)
  const rows = await db.sql`
    with b as (
      select i as id, date::date as trade_date, o::numeric as open, h::numeric as high, l::numeric as low, c::numeric as close, p::numeric as pre_close,
        pct::numeric as pct_chg, null::numeric as change, v::bigint as volume, a::numeric as amount, st::boolean as is_st, '77'::xid as xmin
      from unnest(${column(([id]) => id)}::int[], ${column(([, date]) => date)}::text[],
        ${column(([, , prices]) => prices[0])}::text[], ${column(([, , prices]) => prices[1])}::text[], ${column(([, , prices]) => prices[2])}::text[],
        ${column(([, , prices]) => prices[3])}::text[], ${column(([, , prices]) => prices[4])}::text[], ${column(([, , prices]) => prices[5])}::text[],
        ${column(([, , , [volume]]) => volume)}::bigint[], ${column(([, , , [, amount]]) => amount)}::text[], ${column(([, , , [, , isSt]]) => (isSt === null ? null : String(isSt)))}::text[]
      ) as u(i, date, o, h, l, c, p, pct, v, a, st)
    )
    select id, count(*), ${db.sql.unsafe(textRows(cells, 'trade_date'))} from b group by 1 order by 1`.raw()
  return rows.map(([id, count, text]) => ({
    id: Number(String(id)),
    bars: new TextRows(text as Buffer, Number(String(count)), cells.length),
  }))
}

test('bars that are read whole are what they were, and adjusted rows the same whether they are read from them or from bars', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(day, { maxLength: 12, selector: ([id, date]) => `${id} ${date}` }),
      fc.constantFrom('qfq', 'hfq'),
      fc.boolean(),
      async (days, adjust, isBest) => {
        const bars = { source: 'tushare', parts: await daysByStock(days) }
        const byKey = days.toSorted(([a, d], [b, e]) => a - b || (d < e ? -1 : 1))
        const stored: StoredBar[] = []
        for await (const lot of barsOf(bars)) stored.push(...lot)
        expect(stored.map((bar) => bar.toSpliced(7, 1))).toEqual(
          byKey.map(([id, date, prices, [volume, amount, isSt]]) => [
            ...[id, date, ...prices.slice(0, 5)],
            ...[prices[5], volume, amount, isSt, 'tushare', false],
          ]),
        )
        const options: RowOptions = { ...OPTIONS, adjust, source: isBest ? 'best' : 'tushare' }
        const rows: BarRow[] = []
        for await (const lot of adjustedLots(bars, options)) rows.push(...rowsOfLot(lot))
        expect(rows).toEqual(await all(adjustedRows(barsOf(bars), options)))
      },
    ),
    { seed: 20_261_120, numRuns: 200 },
  )
})
