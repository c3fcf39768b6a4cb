import { describe, expect, test } from 'vitest'
import type { SourceCall } from '../../../market/capability.ts'
import type { Row } from '../../../sources/akshare/values.ts'
import { BJ, day, SH, SH_GONE, SZ, SZ_GONE } from './list-rows.ts'
import { callFor, sourceErrorOf, withBridge } from './upstream.ts'

const list = (part: string | null): SourceCall =>
  callFor({ dataset: 'stock_list', symbols: null, from: null, to: null, part })

test.each<[string, string, Row, Row, string]>([
  ['a code of another exchange', 'sh_main', SH, { 证券代码: '000001' }, 'no code of this exchange'],
  ['a code without its zeros', 'sz', SZ, { A股代码: '1' }, 'no code of this exchange'],
  ['no code', 'sz', SZ, { A股代码: '' }, 'no code of this exchange'],
  ['no date of its end', 'sz_delist', SZ_GONE, { 终止上市日期: null }, 'no date of the delisting'],
  [
    'an end before its beginning',
    'sh_delist',
    SH_GONE,
    { 暂停上市日期: day('1990-01-01') },
    'delisted before it was listed',
  ],
  ['more floating shares than shares', 'bj', BJ, { 流通股本: 122577201 }, 'more shares float than there are'],
  [
    'more floating shares, as text',
    'sz',
    SZ,
    { A股流通股本: '19,405,918,199' },
    'more shares float than there are',
  ],
])('one stock with %s among others is refused', (_, part, row, differs, reason) =>
  withBridge(
    () => [row, row, { ...row, ...differs }],
    async ({ source, context }) => {
      const answer = await source.fetch(list(part), context)
      expect(answer.rows).toHaveLength(2)
      expect(answer.rejected).toMatchObject([{ reason, raw: JSON.stringify({ ...row, ...differs }) }])
    },
  ),
)

test('columns of Beijing that moved bring nothing of the list', () =>
  withBridge(
    () => Array.from({ length: 20 }, () => ({ ...BJ, 总股本: BJ.流通股本, 流通股本: BJ.总股本 })),
    async ({ source, context }) => {
      expect((await sourceErrorOf(source.fetch(list('bj'), context))).errorClass).toBe('SchemaDrift')
    },
  ))

test('a list of the wrong exchange is none', () =>
  withBridge(
    () => Array.from({ length: 20 }, () => SZ_GONE),
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(list('sh_delist'), context))
      expect(error.message).toMatch(/the answer lacks 公司代码/)
    },
  ))

test('a full page of delisted stocks is the beginning of a longer list', () =>
  withBridge(
    () => Array.from({ length: 500 }, () => SH_GONE),
    async ({ source, context }) => {
      expect((await sourceErrorOf(source.fetch(list('sh_delist'), context))).message).toMatch(/full page/)
    },
  ))

// What AKTools makes of a table of the Shanghai exchange without rows.
const NO_TABLE = {
  status: 404,
  body: JSON.stringify({
    error:
      "请输入正确的参数错误 \"None of [Index(['公司代码', '公司简称'], dtype='str')] are in the [columns]\"，请升级 AKShare",
  }),
}

describe('an empty list of delisted stocks', () => {
  const LISTED = { sh_delist: 'stock_info_sh_name_code', sz_delist: 'stock_info_sz_name_code' }
  const parts = [
    ['sh_delist', [] as Row[], SH],
    ['sh_delist', NO_TABLE, SH],
    ['sz_delist', [] as Row[], SZ],
  ] as const

  test.each(parts)('is one where the exchange names its listed stocks: %s, %j', (part, empty, row) =>
    withBridge(
      ({ name }) => (name === LISTED[part] ? [row] : empty),
      async ({ source, context, asked, reserved }) => {
        expect(await source.fetch(list(part), context)).toMatchObject({ rows: [], rejected: [], requests: 2 })
        expect(asked.map(({ name }) => name)).toEqual([expect.stringContaining('delist'), LISTED[part]])
        expect(reserved).toEqual([
          ['exchanges', 1],
          ['exchanges', 1],
        ])
      },
    ),
  )

  test.each(parts)('says nothing where that list is empty as well: %s, %j', (part, empty) =>
    withBridge(
      () => empty,
      async ({ source, context }) => {
        const error = await sourceErrorOf(source.fetch(list(part), context))
        expect([error.errorClass, error.details.api]).toEqual(['Transient', LISTED[part]])
      },
    ),
  )

  test.each(parts)('is not believed of an exchange of real size: %s, %j', (part, empty, row) =>
    withBridge(
      ({ name }) => (name === LISTED[part] ? Array.from({ length: 1_000 }, () => row) : empty),
      async ({ source, context }) => {
        const error = await sourceErrorOf(source.fetch(list(part), context))
        expect([error.errorClass, error.message]).toEqual([
          'Transient',
          expect.stringMatching(/delist: .*empty answer/),
        ])
      },
    ),
  )

  test('does not make the site of the exchanges look down', () =>
    withBridge(
      ({ name }) => {
        if (name === 'openapi.json') return { status: 200, body: '{"paths":{}}' }
        return name === 'stock_info_sh_name_code' ? [SH] : NO_TABLE
      },
      async ({ source, context }) => {
        expect((await source.probe(context, 'exchanges')).latencyMs).toBeGreaterThan(0)
      },
    ))
})

test.each(['sh_main', 'sh_star', 'sz', 'bj'])('an empty list of listed stocks is none: %s', (part) =>
  withBridge(
    () => (part.startsWith('sh') ? NO_TABLE : []),
    async ({ source, context }) => {
      expect((await sourceErrorOf(source.fetch(list(part), context))).errorClass).toBe('Transient')
    },
  ),
)

test('the run is told that the bridge keeps its first lists, once', () =>
  withBridge(
    () => [SH],
    async ({ source, context }) => {
      expect((await source.fetch(list('sh_main'), context)).notes).toEqual([
        expect.stringMatching(/AKTools keeps the lists .* restart it daily/),
      ])
      expect((await source.fetch(list('sh_star'), context)).notes).toEqual([])
    },
  ))
