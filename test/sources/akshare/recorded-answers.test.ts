import { describe, expect, test } from 'vitest'
import { pickColumns, readCsv } from '../../../local/replay/recorded/csv.ts'
import { LAYOUTS } from '../../../sources/akshare/columns.ts'
import type { CalendarRow, FactorRow, StockRow } from '../../../sources/contract.ts'
import { hasRecordedData, RECORDED_DATA } from '../../support/recorded.ts'
import { documentedColumns, klineRows, printedLines } from './recorded.ts'
import { callFor, sourceErrorOf, withBridge } from './upstream.ts'

const list = (part: string) => callFor({ dataset: 'stock_list', symbols: null, from: null, to: null, part })
const day = (text: string | undefined): string => `${text ?? ''}T00:00:00.000`

describe.skipIf(!hasRecordedData)('recorded answers', () => {
  test('of East Money, a first day of trading: exactly these values', () =>
    withBridge(
      () => klineRows('kline_688147_daily_20230202.json'),
      async ({ source, context }) => {
        const call = callFor({ symbols: ['688147.SH'], from: '2023-02-02', to: '2023-02-02' })
        expect((await source.fetch(call, context)).rows).toEqual([
          {
            symbol: '688147.SH',
            trade_date: '2023-02-02',
            open: 33.01,
            high: 38.1,
            low: 32.6,
            close: 38.1,
            pre_close: null,
            change: 6.35,
            pct_chg: 20,
            volume: '7975600',
            amount: '289881743',
          },
        ])
      },
    ))

  test('of East Money with adjusted prices are no raw bars', () =>
    withBridge(
      () => klineRows('kline_601872_daily_20241218_20241231.json'),
      async ({ source, context }) => {
        const call = callFor({ symbols: ['601872.SH'], from: '2024-12-18', to: '2024-12-31' })
        expect((await sourceErrorOf(source.fetch(call, context))).message).toMatch(
          /SchemaDrift: 9 of 10 rows cannot be true: amount \/ volume is outside the range of prices/,
        )
      },
    ))

  test('of Sina: 35 factors of 000002 from its listing on', () =>
    withBridge(
      () =>
        printedLines('stock_zh_a_daily', 3).map((line) => {
          const [date, hfq_factor] = line.split(/\s+/)
          return { date: day(date), hfq_factor }
        }),
      async ({ source, context }) => {
        const call = callFor({
          dataset: 'adj_factor',
          symbols: ['000002.SZ'],
          from: '1991-01-29',
          to: '2023-12-29',
        })
        const rows = (await source.fetch(call, context)).rows as FactorRow[]
        expect(rows).toHaveLength(36)
        expect([rows[0], rows[1], rows.at(-1)]).toEqual([
          { symbol: '000002.SZ', trade_date: '1991-01-29', factor: 1 },
          { symbol: '000002.SZ', trade_date: '1991-06-10', factor: 1.4227575982209 },
          { symbol: '000002.SZ', trade_date: '2023-08-25', factor: 169.1453113717332 },
        ])
      },
    ))

  test('of Shenzhen: stocks with blanks in their names and separators in their counts', () =>
    withBridge(
      () =>
        printedLines('stock_info_sz_name_code').map((line) => {
          const cells =
            /^(\S+)\s+(\d{6})\s+(.+?)\s+(\d{4}-\d\d-\d\d)\s+([\d,]+)\s+([\d,]+)\s+(.+)$/.exec(line) ?? []
          const [, 板块, A股代码, A股简称, A股上市日期, A股总股本, A股流通股本, 所属行业] = cells
          return { 板块, A股代码, A股简称, A股上市日期, A股总股本, A股流通股本, 所属行业 }
        }),
      async ({ source, context }) => {
        const answer = await source.fetch(list('sz'), context)
        const rows = answer.rows as StockRow[]
        expect(answer.rejected).toEqual([])
        expect(rows.map((row) => [row.symbol, row.name, row.board, row.list_date])).toEqual([
          ['000001.SZ', '平安银行', 'main', '1991-04-03'],
          ['000002.SZ', '万  科Ａ', 'main', '1991-01-29'],
          ['000004.SZ', '国华网安', 'main', '1990-12-01'],
          ['000005.SZ', 'ST星源', 'main', '1990-12-10'],
          ['000006.SZ', '深振业Ａ', 'main', '1992-04-27'],
          ['301568.SZ', '思泰克', 'chinext', '2023-11-28'],
          ['301577.SZ', '美信科技', 'chinext', '2024-01-24'],
          ['301578.SZ', '辰奕智能', 'chinext', '2023-12-28'],
          ['301589.SZ', '诺瓦星云', 'chinext', '2024-02-08'],
          ['301591.SZ', 'C肯特股份', 'chinext', '2024-02-28'],
        ])
        expect(rows[1]?.industry).toBe('K 房地产')
      },
    ))

  test.each([
    [
      'sh_delist',
      'stock_info_sh_delist',
      ['公司代码', '公司简称', '上市日期', '暂停上市日期'],
      [
        ['600001.SH', '邯郸钢铁', '1998-01-22', '2009-12-29'],
        ['600002.SH', '齐鲁退市', '1998-04-08', '2006-04-24'],
        ['600003.SH', 'ST东北高', '1999-08-10', '2010-02-26'],
        ['600005.SH', '武钢股份', '1999-08-03', '2017-02-14'],
        ['600065.SH', '*ST联 谊', '1997-05-23', '2007-12-13'],
      ],
    ],
    [
      'sz_delist',
      'stock_info_sz_delist',
      ['证券代码', '证券简称', '上市日期', '终止上市日期'],
      [
        ['000003.SZ', 'PT金田Ａ', '1991-01-14', '2002-06-14'],
        ['000013.SZ', '*ST石化A', '1992-05-06', '2004-09-20'],
        ['000015.SZ', 'PT中浩Ａ', '1992-06-25', '2001-10-25'],
        ['000018.SZ', '神城A退', '1992-06-16', '2020-01-07'],
        ['000024.SZ', '招商地产', '1993-06-07', '2015-12-30'],
        ['300367.SZ', '网力退', '2014-01-29', '2022-06-30'],
        ['300372.SZ', '欣泰退', '2014-01-27', '2017-08-28'],
        ['300392.SZ', '腾信退', '2014-09-10', '2023-07-10'],
        ['300431.SZ', '暴风退', '2015-03-24', '2020-11-10'],
        ['300526.SZ', '中潜退', '2016-08-02', '2023-07-12'],
      ],
    ],
  ])('of delisted stocks: %s', (part, name, [code = '', title = '', listed = '', gone = ''], stocks) =>
    withBridge(
      () =>
        printedLines(name).map((line) => {
          const cells = /^(\d{6})\s+(.+?)\s+(\d{4}-\d\d-\d\d)\s+(\d{4}-\d\d-\d\d)$/.exec(line) ?? []
          return { [code]: cells[1], [title]: cells[2], [listed]: day(cells[3]), [gone]: day(cells[4]) }
        }),
      async ({ source, context }) => {
        const { rows, rejected } = await source.fetch(list(part), context)
        expect(rejected).toEqual([])
        expect(
          (rows as StockRow[]).map((row) => [row.symbol, row.name, row.list_date, row.delist_date]),
        ).toEqual(stocks)
      },
    ),
  )

  test('of the calendar: its open days give every recorded day, open or closed, with the session before it', () => {
    const days = pickColumns(readCsv(RECORDED_DATA, 'trade_cal'), ['cal_date', 'is_open', 'pretrade_date'])
    const dashed = (text: string) =>
      text === '' ? null : `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`
    const recorded = days
      .map(([date = '', open, before = '']) => [dashed(date), open === '1', dashed(before)] as const)
      .sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1))
    return withBridge(
      () => recorded.filter(([, open]) => open).map(([date]) => ({ trade_date: day(date ?? '') })),
      async ({ source, context }) => {
        const call = callFor({ dataset: 'trade_calendar', symbols: null, from: null, to: null, part: 'SSE' })
        const answer = await source.fetch(call, context)
        expect(answer.rejected).toEqual([])
        const rows = answer.rows as CalendarRow[]
        // The recording goes on to the end of the year, the open days to the last session of it.
        const last = rows.at(-1)?.trade_date ?? ''
        expect(rows.map((row) => [row.trade_date, row.is_open, row.previous_trade_date])).toEqual(
          recorded.filter(([date]) => (date ?? '') <= last),
        )
        expect(rows.length).toBeGreaterThan(13_000)
      },
    )
  })

  test('of the calendar as far as it was printed lack their middle', () =>
    withBridge(
      () => printedLines('tool_trade_date_hist_sina').map((line) => ({ trade_date: day(line) })),
      async ({ source, context }) => {
        const call = callFor({ dataset: 'trade_calendar', symbols: null, from: null, to: null, part: 'SSE' })
        expect((await sourceErrorOf(source.fetch(call, context))).message).toMatch(
          /no session between 1990-12-25 and 2025-12-25/,
        )
      },
    ))

  test.each(
    Object.entries(LAYOUTS).filter(
      ([name]) => !['stock_zh_a_daily', 'stock_info_sh_name_code'].includes(name),
    ),
  )(
    'in the documentation of %s have the columns that are read, and no other that is not known',
    (name, layout) => {
      const { used, known }: { used: object; known: readonly string[] } = layout
      const documented = documentedColumns(name)
      expect(documented.length).toBeGreaterThan(0)
      expect([...Object.keys(used), ...known].sort()).toEqual(documented.sort())
    },
  )
})
