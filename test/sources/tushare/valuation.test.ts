import { describe, expect, test } from 'vitest'
import { isoDate } from '../../../local/replay/decimal.ts'
import { pickColumns, readCsv } from '../../../local/replay/recorded/csv.ts'
import { startTushareReplay } from '../../../local/replay/tushare-server.ts'
import type { DailyBasicRow, NameRow } from '../../../sources/contract.ts'
import { hasRecordedData, RECORDED_DATA, recordedMarket } from '../../support/recorded.ts'
import { callFor, DAY, openSource, TOKEN, withUpstream } from './upstream.ts'

const FIELDS = [
  'ts_code', 'trade_date', 'close', 'turnover_rate', 'turnover_rate_f', 'volume_ratio', 'pe', 'pe_ttm', 'pb', 'ps', 'ps_ttm',
  'dv_ratio', 'dv_ttm', 'total_share', 'float_share', 'free_share', 'total_mv', 'circ_mv',
] // prettier-ignore

const CELLS = {
  ts_code: '000004.SZ',
  trade_date: '20240102',
  close: 18.44,
  turnover_rate: 0.7356,
  turnover_rate_f: 1.2074,
  volume_ratio: 1.2,
  pe: null,
  pe_ttm: null,
  pb: 14.4295,
  ps: 4.2209,
  ps_ttm: 4.8386,
  dv_ratio: null,
  dv_ttm: null,
  total_share: 8397.6684,
  float_share: 8260.4584,
  free_share: 5033.0136,
  total_mv: 154853.0053,
  circ_mv: 152322.8529,
}

const answering = (differs: object) => () => ({
  fields: FIELDS,
  items: [Object.values({ ...CELLS, ...differs })],
})

test('shares and market values lose their unit of ten thousand exactly; what is null stays null', () =>
  withUpstream(answering({}), async ({ source, context }) => {
    const { rows, rejected } = await source.fetch(callFor({ dataset: 'daily_basic' }), context)
    expect(rejected).toEqual([])
    expect(rows).toEqual([
      {
        ...CELLS,
        ts_code: undefined,
        symbol: '000004.SZ',
        trade_date: DAY,
        total_share: '83976684',
        float_share: '82604584',
        free_share: '50330136',
        total_mv: '1548530053',
        circ_mv: '1523228529',
      },
    ])
  }))

test.each([
  ['negative shares', { total_share: -1 }, 'total_share is negative'],
  ['a negative market value', { circ_mv: -0.5 }, 'circ_mv is negative'],
  ['a part worth more than the whole', { circ_mv: 1_548_530 }, 'circ_mv is more than total_mv'],
  ['more floating shares than there are', { float_share: 83_976 }, 'float_share is more than total_share'],
  ['no date', { trade_date: '20240230' }, 'no valid trade_date'],
])('a valuation with %s is rejected with its reason', (_, differs, reason) =>
  withUpstream(answering(differs), async ({ source, context }) => {
    const { rows, rejected } = await source.fetch(callFor({ dataset: 'daily_basic' }), context)
    expect([rows, rejected.map((row) => row.reason)]).toEqual([[], [reason]])
  }),
)

const NAME_FIELDS = ['ts_code', 'name', 'start_date', 'end_date', 'ann_date', 'change_reason']

test('names come whole, without a date that would filter them, and keep an announcement that nobody knows', () =>
  withUpstream(
    () => ({
      fields: NAME_FIELDS,
      items: [
        ['600848.SH', '上海临港', '20151118', null, '20151117', '改名'],
        ['600848.SH', '自仪股份', '19940324', '20151117', null, '其他'],
        ['900901.SH', '云赛B股', '20170101', null, null, '改名'],
        ['600848.SH', 'ST自仪', '20151118', '20010101', null, 'ST'],
        ['600848.SH', null, '20151118', null, null, 'ST'],
      ],
    }),
    async ({ source, context, asked }) => {
      const { rows, rejected } = await source.fetch(
        callFor({ dataset: 'name_change', from: null, to: null }),
        context,
      )
      expect(asked).toEqual([{}])
      expect(rows).toEqual([
        {
          symbol: '600848.SH',
          name: '上海临港',
          start_date: '2015-11-18',
          end_date: null,
          ann_date: '2015-11-17',
          reason: '改名',
        },
        {
          symbol: '600848.SH',
          name: '自仪股份',
          start_date: '1994-03-24',
          end_date: '2015-11-17',
          ann_date: null,
          reason: '其他',
        },
      ] satisfies NameRow[])
      expect(rejected.map(({ reason }) => reason)).toEqual(['end_date lies before start_date', 'no name'])
    },
  ))

test('a list of names longer than an answer is paged', () =>
  withUpstream(
    ({ params }, nth) => ({
      fields: NAME_FIELDS,
      items: Array.from({ length: nth === 1 ? 10_000 : 3 }, (_, i) => [
        '600848.SH',
        `名${Number(params.offset ?? 0) + i}`,
        '19940324',
        null,
        null,
        '其他',
      ]),
    }),
    async ({ source, context, asked }) => {
      const { rows } = await source.fetch(callFor({ dataset: 'name_change', from: null, to: null }), context)
      expect(rows).toHaveLength(10_003)
      expect(asked).toEqual([{}, { offset: 10_000, limit: 10_000 }])
    },
  ))

/** Ten thousand of something, by text alone. */
const timesTenThousand = (text: string): string => {
  const [whole = '', fraction = ''] = text.split('.')
  return (whole + fraction.padEnd(4, '0')).replace(/^0+(?=\d)/, '')
}

describe.skipIf(!hasRecordedData)('recorded valuations', () => {
  test('every row and column arrives as it was recorded', async () => {
    const server = await startTushareReplay({ market: recordedMarket(), token: TOKEN })
    const { source, context } = openSource(server.url)
    try {
      const recorded = pickColumns(readCsv(RECORDED_DATA, 'daily_basic'), FIELDS)
      const found = new Map<string, DailyBasicRow>()
      const calls = [
        ...['20191025', '20260320', '20260401'].map((day) => ({
          symbols: null,
          from: isoDate(day),
          to: isoDate(day),
        })),
        { symbols: ['600519.SH', '600036.SH'], from: '2023-09-25', to: '2025-10-23' },
      ]
      for (const call of calls) {
        const { rows, rejected } = await source.fetch(callFor({ dataset: 'daily_basic', ...call }), context)
        expect(rejected).toEqual([])
        for (const row of rows as DailyBasicRow[]) found.set(row.symbol + row.trade_date, row)
      }
      expect(recorded.filter(([symbol = '', day = '']) => !found.has(symbol + isoDate(day)))).toEqual([])
      const differences = recorded.flatMap((cells) => {
        const [symbol = '', day = ''] = cells
        const row = found.get(symbol + isoDate(day))
        return FIELDS.slice(2).flatMap((name, i) => {
          const text = cells[i + 2] ?? ''
          const isCounted = /_share$|_mv$/.test(name)
          const wanted = text === '' ? null : isCounted ? timesTenThousand(text) : Number(text)
          const value = row?.[name as keyof DailyBasicRow] ?? null
          return value === wanted ? [] : [`${symbol} ${day} ${name}: ${String(value)} instead of ${text}`]
        })
      })
      expect(differences).toEqual([])
    } finally {
      await source.close()
      await server.close()
    }
  })
})
