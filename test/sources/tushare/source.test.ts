import { expect, test } from 'vitest'
import { createSandboxMarket } from '../../../local/replay/sandbox/market.ts'
import { startTushareReplay } from '../../../local/replay/tushare-server.ts'
import { addDays, toCompact } from '../../../market/date.ts'
import { AnswerTooLarge, type BarRow, type CalendarRow } from '../../../sources/contract.ts'
import {
  BAR_FIELDS,
  barCells,
  callFor,
  DAY,
  listCall,
  openSource,
  type Request,
  sourceErrorOf,
  TOKEN,
  withUpstream,
} from './upstream.ts'

/** Codes 600000.SH, 600001.SH … */
const code = (i: number): string => `${600_000 + i}.SH`
const bars = (from: number, to: number): unknown[][] =>
  Array.from({ length: to - from }, (_, i) => barCells({ ts_code: code(from + i) }))
const oneBar = { fields: BAR_FIELDS, items: [barCells()] }

const BAR: BarRow = {
  symbol: '600000.SH',
  trade_date: DAY,
  open: 10,
  high: 10.2,
  low: 9.9,
  close: 10.1,
  pre_close: 10,
  change: 0.1,
  pct_chg: 1,
  volume: '1234567',
  amount: '12400123',
}

test('a bar comes in shares, yuan and a date with dashes', () =>
  withUpstream(
    () => oneBar,
    async ({ source, context }) => {
      expect((await source.fetch(callFor(), context)).rows).toEqual([BAR])
    },
  ))

test('columns are read by name: another order and columns that nobody knows change nothing', () =>
  withUpstream(
    () => ({
      fields: ['a_new_one', ...BAR_FIELDS].reverse(),
      items: [[{ any: 'thing' }, ...barCells()].reverse()],
    }),
    async ({ source, context }) => {
      expect((await source.fetch(callFor(), context)).rows).toEqual([BAR])
    },
  ))

test('each page may have an order of its own', () =>
  withUpstream(
    (_, nth) =>
      nth === 1
        ? { fields: BAR_FIELDS, items: [barCells()], has_more: true }
        : {
            fields: [...BAR_FIELDS].reverse(),
            items: [barCells({ ts_code: code(1) }).reverse()],
            has_more: false,
          },
    async ({ source, context }) => {
      const { rows } = await source.fetch(callFor(), context)
      expect(rows).toEqual([BAR, { ...BAR, symbol: code(1) }])
    },
  ))

test.each([
  ['a server that says nothing about more rows', {}],
  ['a server that denies more rows', { has_more: false }],
])('an answer of exactly the cap is asked on, by %s', (_, more) =>
  withUpstream(
    (__, nth) => ({ fields: BAR_FIELDS, items: nth === 1 ? bars(0, 6_000) : bars(6_000, 6_010), ...more }),
    async ({ source, context, asked, reserved }) => {
      const answer = await source.fetch(callFor(), context)
      expect([answer.rows.length, answer.requests]).toEqual([6_010, 2])
      expect(asked[1]).toEqual({ trade_date: '20240102', offset: 6_000, limit: 6_000 })
      expect(reserved).toEqual(['daily', 'daily'])
    },
  ),
)

test('fewer rows than the cap are asked on when the server says that there are more', () =>
  withUpstream(
    (_, nth) => ({ fields: BAR_FIELDS, items: bars(nth * 10 - 10, nth * 10), has_more: nth < 3 }),
    async ({ source, context, asked }) => {
      expect((await source.fetch(callFor(), context)).rows).toHaveLength(30)
      expect(asked.map((each) => each.offset)).toEqual([undefined, 10, 20])
    },
  ))

test('rows that were announced and do not come are a hiccup, not the end', () =>
  withUpstream(
    (_, nth) => ({ fields: BAR_FIELDS, items: nth === 1 ? bars(0, 10) : [], has_more: true }),
    async ({ source, context }) => {
      expect((await sourceErrorOf(source.fetch(callFor(), context))).errorClass).toBe('Transient')
    },
  ))

test('pages that overlap bring rows twice and lose none', () =>
  withUpstream(
    (_, nth) => ({ fields: BAR_FIELDS, items: nth === 1 ? bars(0, 10) : bars(7, 15), has_more: nth === 1 }),
    async ({ source, context }) => {
      const symbols = (await source.fetch(callFor(), context)).rows.map((row) => (row as BarRow).symbol)
      expect([symbols.length, new Set(symbols).size]).toEqual([18, 15])
    },
  ))

test('a query that no paging can bring whole says so, before an offset that the server refuses', () => {
  const page = bars(0, 6_000)
  return withUpstream(
    () => ({ fields: BAR_FIELDS, items: page }),
    async ({ source, context, asked }) => {
      await expect(source.fetch(callFor(), context)).rejects.toThrow(AnswerTooLarge)
      expect(asked.at(-1)?.offset).toBe(96_000)
    },
  )
})

test('a range is asked by its ends, a day by its date, a list of symbols in one parameter', () =>
  withUpstream(
    () => ({ fields: BAR_FIELDS, items: [] }),
    async ({ source, context, asked }) => {
      await source.fetch(callFor({ from: '2024-01-02', to: '2024-01-05' }), context)
      await source.fetch(callFor({ symbols: [code(0), code(1)] }), context)
      expect(asked).toEqual([
        { start_date: '20240102', end_date: '20240105' },
        { ts_code: '600000.SH,600001.SH', trade_date: '20240102' },
      ])
    },
  ))

test.each([
  ['another symbol', { ts_code: code(1) }],
  ['an earlier day', { trade_date: '20240101' }],
  ['a later day', { trade_date: '20240103' }],
])('%s than asked is rejected, not stored under the coverage of the call', (_, differs) =>
  withUpstream(
    () => ({ fields: BAR_FIELDS, items: [barCells(), barCells(differs)] }),
    async ({ source, context }) => {
      const answer = await source.fetch(callFor({ symbols: [code(0)] }), context)
      expect(answer.rows).toEqual([BAR])
      expect(answer.rejected.map((row) => row.reason)).toEqual(['not part of what was asked'])
    },
  ),
)

test('B shares are left out without a word', () =>
  withUpstream(
    () => ({
      fields: BAR_FIELDS,
      items: [barCells(), barCells({ ts_code: '900901.SH' }), barCells({ ts_code: '200002.SZ' })],
    }),
    async ({ source, context }) => {
      const { rows, rejected } = await source.fetch(callFor(), context)
      expect([rows, rejected]).toEqual([[BAR], []])
    },
  ))

// --- lists

const CALENDAR_FIELDS = ['exchange', 'cal_date', 'is_open', 'pretrade_date']
const FIRST = '1990-12-19'
const LAST = '1991-06-30'

/** A calendar server that cuts at `cap`, newest or oldest first; it knows the days from FIRST to LAST. */
function calendarServer(cap: number, newestFirst: boolean, saysMore: boolean) {
  return ({ params }: Request) => {
    const days: string[] = []
    for (let day = FIRST; day <= LAST; day = addDays(day, 1)) days.push(day)
    const wanted = days.filter(
      (day) =>
        toCompact(day) >= String(params.start_date ?? '') && toCompact(day) <= String(params.end_date ?? '9'),
    )
    if (newestFirst) wanted.reverse()
    const items = wanted.slice(0, cap).map((day) => ['SSE', toCompact(day), 1, null])
    return { fields: CALENDAR_FIELDS, items, ...(saysMore ? { has_more: wanted.length > cap } : {}) }
  }
}

test.each([
  ['newest first and silent', true, false],
  ['newest first', true, true],
  ['oldest first', false, true],
])('a calendar that is cut, %s, is asked again until it is whole', (_, newestFirst, saysMore) =>
  withUpstream(calendarServer(60, newestFirst, saysMore), async ({ source, context, asked }) => {
    const { rows, requests } = await source.fetch(listCall('trade_calendar'), context)
    const dates = rows.map((row) => (row as CalendarRow).trade_date)
    expect([dates.length, dates[0], dates.at(-1)]).toEqual([194, FIRST, LAST])
    expect([requests, asked.length]).toEqual([4, 4])
  }),
)

test('a calendar that comes for other dates than those asked is not asked for ever', () =>
  withUpstream(
    () => ({ fields: CALENDAR_FIELDS, items: [['SSE', '20240102', 1, null]] }),
    async ({ source, context, asked }) => {
      const error = await sourceErrorOf(source.fetch(listCall('trade_calendar'), context))
      expect([error.errorClass, asked.length]).toEqual(['Transient', 2])
    },
  ))

test.each([
  ['calendar', listCall('trade_calendar'), CALENDAR_FIELDS],
  ['list of listed stocks', listCall('stock_list', 'L'), ['ts_code', 'name', 'list_date']],
])('an empty %s is no success', (_, call, fields) =>
  withUpstream(
    () => ({ fields, items: [] }),
    async ({ source, context }) => {
      expect((await sourceErrorOf(source.fetch(call, context))).errorClass).toBe('Transient')
    },
  ),
)

test('no stock may be suspended from listing: that list may be empty', () =>
  withUpstream(
    () => ({ fields: ['ts_code', 'name', 'list_date'], items: [] }),
    async ({ source, context, asked }) => {
      expect((await source.fetch(listCall('stock_list', 'P'), context)).rows).toEqual([])
      expect(asked).toEqual([{ list_status: 'P' }])
    },
  ))

// --- over the whole wire

test.each(['classic', '2026'] as const)(
  'the parts of every list together hold the whole market (%s server)',
  async (generation) => {
    const market = createSandboxMarket({ stocks: 60, years: 1 })
    const replay = await startTushareReplay({ market, token: TOKEN, generation })
    const { source, context } = openSource(replay.url)
    const parts = source.partsOf('stock_list').filter((part) => part !== 'bse_mapping')
    const lists = await Promise.all(parts.map((part) => source.fetch(listCall('stock_list', part), context)))
    await source.close()
    await replay.close()
    const symbols = lists.flatMap((answer) => answer.rows.map((row) => ('symbol' in row ? row.symbol : '')))
    expect(symbols.sort()).toEqual([...market.truthStocks()].map((stock) => stock.symbol).sort())
  },
)

test('a probe asks the one interface that every account may call', async () => {
  const market = createSandboxMarket({ stocks: 10, years: 1 })
  const replay = await startTushareReplay({ market, token: TOKEN, points: 120 })
  const { source, context, reserved } = openSource(replay.url)
  const { latencyMs } = await source.probe(context)
  await source.close()
  await replay.close()
  expect([latencyMs > 0, reserved]).toEqual([true, ['daily']])
})
