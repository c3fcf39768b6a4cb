import { describe, expect, test } from 'vitest'
import { SOURCE_ERRORS } from '../../../market/source-errors.ts'
import type { BarRow } from '../../../sources/contract.ts'
import type { Row } from '../../../sources/akshare/values.ts'
import { changed, historyOf, snapshot, spotRow, SUSPENDED } from './rows.ts'
import { callFor, FRIDAY, type Reply, SATURDAY, sourceErrorOf, withBridge } from './upstream.ts'

const MARKET = snapshot(1_200)
const DAY = callFor({ symbols: null, rows: 1_200 })

/** A bridge with a snapshot, and the history of its most traded stock. */
const serving =
  (market: readonly Row[], dated: Row = historyOf(MARKET[0], FRIDAY)) =>
  ({ name }: { name: string }): Reply =>
    name === 'stock_zh_a_spot_em' ? market : [dated]

test('the snapshot of the market becomes the bars of its day', () =>
  withBridge(serving(MARKET), async ({ source, context, asked, reserved }) => {
    const answer = await source.fetch(DAY, context)
    expect(answer).toMatchObject({ rejected: [], requests: 2 })
    expect(answer.rows).toHaveLength(1_200)
    expect(answer.rows[0]).toEqual({
      symbol: '600000.SH',
      trade_date: FRIDAY,
      open: 30.04,
      high: 30.1,
      low: 30.02,
      close: 30.07,
      pre_close: 30,
      change: 0.07,
      pct_chg: 0.23,
      volume: '180000000',
      amount: '5409900000',
    })
    // 56 pages are asked for behind the snapshot.
    expect(reserved).toEqual([
      ['eastmoney', 56],
      ['eastmoney', 1],
    ])
    expect(
      asked.map(({ name, params }) => [name, params.symbol, params.start_date, params.end_date]),
    ).toEqual([
      ['stock_zh_a_spot_em', undefined, undefined, undefined],
      ['stock_zh_a_hist', '600000', '20261120', '20261120'],
    ])
  }))

describe('the clock of Shanghai dates it', () => {
  test.each([
    ['on the day, before it is ready', '2026-11-20T08:29:59Z', 0],
    ['on the day, when it is ready', '2026-11-20T08:30:00Z', 2],
    ['in the night after', '2026-11-20T18:00:00Z', 2],
    ['over the weekend', '2026-11-22T12:00:00Z', 2],
    ['on Monday before the auction', '2026-11-23T01:14:59Z', 2],
    ['on Monday from the auction on', '2026-11-23T01:15:00Z', 0],
    ['a week later', '2026-11-27T12:00:00Z', 0],
    ['a year too early', '2025-11-20T12:00:00Z', 0],
  ])('%s', (_, now, requests) =>
    withBridge(
      serving(MARKET),
      async ({ source, context, asked, reserved }) => {
        const fetched = source.fetch(DAY, context)
        if (requests > 0) await fetched
        else {
          const error = await sourceErrorOf(fetched)
          expect(error.errorClass).toBe('NotServed')
          expect(error.message).toContain(
            'is of 2026-11-20 only from 16:30 on that day to 09:15 on 2026-11-23',
          )
        }
        expect([asked.length, reserved.length]).toEqual([requests, requests])
      },
      { clock: () => new Date(now) },
    ),
  )

  test('a day in the middle of a week is over the next morning', () =>
    withBridge(
      serving(MARKET),
      async ({ source, context }) => {
        const error = await sourceErrorOf(
          source.fetch({ ...DAY, from: '2026-11-18', to: '2026-11-18' }, context),
        )
        expect(error.message).toContain('to 09:15 on 2026-11-19')
      },
      { clock: () => new Date('2026-11-19T01:15:00Z') },
    ))

  test('an answer that comes after the next session opened is not used', () => {
    const times = ['2026-11-23T01:14:30Z', '2026-11-23T01:15:10Z']
    return withBridge(
      serving(MARKET),
      async ({ source, context, asked }) => {
        expect((await sourceErrorOf(source.fetch(DAY, context))).errorClass).toBe('NotServed')
        expect(asked).toHaveLength(1)
      },
      { clock: () => new Date(times.shift() ?? 0) },
    )
  })

  test('a range of days is none of its calls', () =>
    withBridge(serving(MARKET), async ({ source, context }) => {
      await expect(source.fetch({ ...DAY, from: '2026-11-19' }, context)).rejects.toThrow(TypeError)
    }))
})

describe('a row with a date confirms it', () => {
  const first = historyOf(MARKET[0], FRIDAY)
  test.each<[string, Row]>([
    ['another close', { ...first, 收盘: 30.06, 涨跌额: 0.06, 涨跌幅: 0.2 }],
    ['another volume', { ...first, 成交量: 1_810_000 }],
    ['another amount', { ...first, 成交额: 5_420_000_000 }],
    ['another day', { ...first, 日期: '2026-11-19T00:00:00.000' }],
    ['another stock', { ...first, 股票代码: '600001' }],
    ['a bar that cannot be true', { ...first, 最高: 1 }],
  ])('or not: %s', (_, dated) =>
    withBridge(serving(MARKET, dated), async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(DAY, context))
      expect(error.errorClass).toBe('Transient')
      expect(error.message).toContain('the snapshot is not of 2026-11-20: 600000.SH')
    }),
  )

  test('where there is none of that day, nothing is known', () =>
    withBridge(
      ({ name }) => (name === 'stock_zh_a_spot_em' ? MARKET : []),
      async ({ source, context }) => {
        expect((await sourceErrorOf(source.fetch(DAY, context))).message).toMatch(/empty answer/)
      },
    ))

  test('a trade after hours does not make it another day', () =>
    withBridge(
      serving(MARKET, { ...first, 成交量: 1_800_200, 成交额: 5_410_500_000 }),
      async ({ source, context }) => {
        expect((await source.fetch(DAY, context)).rows).toHaveLength(1_200)
      },
    ))
})

describe('a market that is not whole', () => {
  test.each([100, 200, 999])('is refused: %d rows, as AKShare before 1.15.97 brings them', (rows) =>
    withBridge(serving(snapshot(rows)), async ({ source, context, asked }) => {
      const error = await sourceErrorOf(source.fetch({ ...DAY, rows: 5_500 }, context))
      expect([error.errorClass, asked.length]).toEqual(['SchemaDrift', 1])
      expect(error.message).toContain(`only ${rows} stocks`)
    }),
  )

  test('is refused where nobody knows how large it should be, too', () =>
    withBridge(serving(snapshot(200)), async ({ source, context }) => {
      expect((await sourceErrorOf(source.fetch({ ...DAY, rows: 0 }, context))).errorClass).toBe('SchemaDrift')
    }))

  test('rests when pages are missing', () =>
    withBridge(serving(MARKET), async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch({ ...DAY, rows: 1_340 }, context))
      expect([error.errorClass, SOURCE_ERRORS[error.errorClass].next]).toEqual(['Transient', 'rest'])
      expect(error.message).toContain('1200 stocks of 1340')
    }))

  test('is whole where the market is a small one', () =>
    withBridge(serving(snapshot(27)), async ({ source, context }) => {
      expect((await source.fetch({ ...DAY, rows: 30 }, context)).rows).toHaveLength(27)
      expect((await sourceErrorOf(source.fetch({ ...DAY, rows: 31 }, context))).errorClass).toBe(
        'SchemaDrift',
      )
    }))
})

test('of a stock that came twice the later row counts, and rows that come twice do not fill the market', () => {
  const later = { ...spotRow(5), 最新价: 30, 最高: 30.1, 涨跌额: 0.05, 涨跌幅: 0.17 }
  return withBridge(serving([...MARKET, ...MARKET.slice(10, 60), later]), async ({ source, context }) => {
    const bars = (await source.fetch(DAY, context)).rows as BarRow[]
    expect(bars).toHaveLength(1_200)
    expect(bars.filter((bar) => bar.symbol === '600005.SH').map((bar) => bar.close)).toEqual([30])
    const twice = sourceErrorOf(source.fetch({ ...DAY, rows: 1_390 }, context))
    expect((await twice).message).toContain('1200 stocks of 1390')
  })
})

test('stocks that did not trade, B shares and names without quotes bring no bar and no complaint', () => {
  const others = [
    spotRow(7, SUSPENDED),
    spotRow(8, { ...SUSPENDED, 昨收: null }),
    spotRow(9, { ...SUSPENDED, 最新价: 12.3, 成交量: 0, 成交额: 0 }),
    spotRow(10, { 代码: '900901' }),
  ]
  const market = MARKET.map((row, i) => others[i - 7] ?? row)
  return withBridge(serving(market), async ({ source, context }) => {
    const answer = await source.fetch(DAY, context)
    expect([answer.rows.length, answer.rejected]).toEqual([1_196, []])
  })
})

test('a stock with half a quote is refused with its reason', () =>
  withBridge(
    serving(MARKET.map((row, i) => (i === 3 ? { ...row, 最高: null } : row))),
    async ({ source, context }) => {
      const answer = await source.fetch(DAY, context)
      expect(answer.rejected).toMatchObject([
        { symbol: '600003.SH', trade_date: FRIDAY, reason: 'a price is missing' },
      ])
    },
  ))

test('codes get the exchange that they belong to', () => {
  const codes = ['000001', '300750', '688981', '689009', '920017', '830799', '430047']
  const market = MARKET.map((row, i) => ({ ...row, 代码: codes[i - 1] ?? row.代码 }))
  return withBridge(serving(market), async ({ source, context }) => {
    const bars = (await source.fetch(DAY, context)).rows as BarRow[]
    expect(bars.slice(1, 8).map((bar) => bar.symbol)).toEqual([
      '000001.SZ',
      '300750.SZ',
      '688981.SH',
      '689009.SH',
      '920017.BJ',
      '830799.BJ',
      '430047.BJ',
    ])
  })
})

describe('a column in another unit brings nothing of the market', () => {
  test.each(
    ['今开', '最新价', '最高', '最低', '昨收', '成交量', '成交额', '涨跌幅', '涨跌额'].flatMap((column) =>
      [100, 0.01].map((factor) => [column, factor] as const),
    ),
  )('%s times %d', (column, factor) =>
    withBridge(
      serving(changed(MARKET, column, (value) => Number(value) * factor)),
      async ({ source, context, asked }) => {
        const error = await sourceErrorOf(source.fetch(DAY, context))
        expect([error.errorClass, asked.length]).toEqual(['SchemaDrift', 1])
      },
    ),
  )
})

test('a whole market without a trade says nothing', () =>
  withBridge(
    serving(
      MARKET.map((row, i) => ({
        ...row,
        ...(i % 2 === 0 ? { 成交量: 0, 成交额: 0, 最高: 0, 最低: 0, 今开: 0 } : SUSPENDED),
      })),
    ),
    async ({ source, context }) => {
      expect((await sourceErrorOf(source.fetch(DAY, context))).message).toMatch(/empty answer/)
    },
    { clock: () => SATURDAY },
  ))
