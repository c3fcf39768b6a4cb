import { describe, expect, test } from 'vitest'
import type { SourceCall } from '../../../market/capability.ts'
import type { StockRow } from '../../../sources/contract.ts'
import type { Row } from '../../../sources/akshare/values.ts'
import { BJ, day, SH, SH_GONE, SZ, SZ_GONE } from './list-rows.ts'
import { callFor, withBridge } from './upstream.ts'

const list = (part: string | null): SourceCall =>
  callFor({ dataset: 'stock_list', symbols: null, from: null, to: null, part })

const NOTHING_MORE = {
  area: null,
  industry: null,
  fullname: null,
  enname: null,
  cnspell: null,
  curr_type: null,
  is_hs: null,
  delist_date: null,
}

describe('each part of the stock list comes from its own list', () => {
  test.each<[string, string, Record<string, string>, Row, StockRow]>([
    [
      'sh_main',
      'stock_info_sh_name_code',
      { symbol: '主板A股' },
      SH,
      {
        ...NOTHING_MORE,
        symbol: '600000.SH',
        name: '浦发银行',
        fullname: '上海浦东发展银行股份有限公司',
        market: '主板',
        board: 'main',
        exchange: 'SSE',
        list_status: 'L',
        list_date: '1999-11-10',
      },
    ],
    [
      'sh_star',
      'stock_info_sh_name_code',
      { symbol: '科创板' },
      { ...SH, 证券代码: '688981', 证券简称: '中芯国际', 公司全称: null, 上市日期: day('2020-07-16') },
      {
        ...NOTHING_MORE,
        symbol: '688981.SH',
        name: '中芯国际',
        market: '科创板',
        board: 'star',
        exchange: 'SSE',
        list_status: 'L',
        list_date: '2020-07-16',
      },
    ],
    [
      'sz',
      'stock_info_sz_name_code',
      { symbol: 'A股列表' },
      SZ,
      {
        ...NOTHING_MORE,
        symbol: '000001.SZ',
        name: '平安银行',
        industry: 'J 金融业',
        market: '主板',
        board: 'main',
        exchange: 'SZSE',
        list_status: 'L',
        list_date: '1991-04-03',
      },
    ],
    [
      'bj',
      'stock_info_bj_name_code',
      {},
      BJ,
      {
        ...NOTHING_MORE,
        symbol: '920017.BJ',
        name: '星昊医药',
        area: '北京市',
        industry: '医药制造业',
        market: '北交所',
        board: 'bse',
        exchange: 'BSE',
        list_status: 'L',
        list_date: '2023-05-31',
      },
    ],
    [
      'sh_delist',
      'stock_info_sh_delist',
      { symbol: '全部' },
      SH_GONE,
      {
        ...NOTHING_MORE,
        symbol: '600001.SH',
        name: '邯郸钢铁',
        market: null,
        board: 'main',
        exchange: 'SSE',
        list_status: 'D',
        list_date: '1998-01-22',
        delist_date: '2009-12-29',
      },
    ],
    [
      'sz_delist',
      'stock_info_sz_delist',
      { symbol: '终止上市公司' },
      SZ_GONE,
      {
        ...NOTHING_MORE,
        symbol: '000003.SZ',
        name: 'PT金田Ａ',
        market: null,
        board: 'main',
        exchange: 'SZSE',
        list_status: 'D',
        list_date: '1991-01-14',
        delist_date: '2002-06-14',
      },
    ],
  ])('%s', (part, name, params, row, stock) =>
    withBridge(
      () => [row],
      async ({ source, context, asked, reserved }) => {
        const answer = await source.fetch(list(part), context)
        expect(answer).toMatchObject({ rows: [stock], rejected: [], requests: 1 })
        expect(asked.map((request) => [request.name, request.params])).toEqual([[name, params]])
        expect(reserved).toEqual([['exchanges', 1]])
      },
    ),
  )

  test('the parts that it names are those that it fetches, and no other', () =>
    withBridge(
      ({ name }) =>
        [{ stock_info_sh_name_code: SH, stock_info_sz_name_code: SZ, stock_info_bj_name_code: BJ,
           stock_info_sh_delist: SH_GONE, stock_info_sz_delist: SZ_GONE }[name] ?? {}], // prettier-ignore
      async ({ source, context }) => {
        for (const part of source.partsOf('stock_list'))
          expect((await source.fetch(list(part), context)).rows).toHaveLength(1)
        for (const part of ['L', 'constructor', null])
          await expect(source.fetch(list(part), context)).rejects.toThrow(TypeError)
      },
    ))
})

test.each([
  ['创业板', 'sz', { ...SZ, 板块: '创业板', A股代码: '300750' }, 'chinext', '创业板'],
  ['a CDR', 'sh_star', { ...SH, 证券代码: '689009' }, 'cdr', 'CDR'],
  ['a board that nobody knows', 'sz', { ...SZ, 板块: '新板', A股代码: '301001' }, 'chinext', '新板'],
])('a stock of %s has its board', (_, part, row, board, market) =>
  withBridge(
    () => [row],
    async ({ source, context }) => {
      expect((await source.fetch(list(part), context)).rows).toMatchObject([{ board, market }])
    },
  ),
)

test('B shares among the delisted are left out, without a complaint', () =>
  withBridge(
    ({ name }) =>
      name === 'stock_info_sh_delist'
        ? [SH_GONE, { ...SH_GONE, 公司代码: '900935' }]
        : [SZ_GONE, { ...SZ_GONE, 证券代码: '200002' }],
    async ({ source, context }) => {
      for (const part of ['sh_delist', 'sz_delist']) {
        const answer = await source.fetch(list(part), context)
        expect([answer.rows.length, answer.rejected]).toEqual([1, []])
      }
    },
  ))
