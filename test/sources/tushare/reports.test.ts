import { describe, expect, test } from 'vitest'
import type { SourceCall } from '../../../market/capability.ts'
import type { ReportRow } from '../../../sources/contract.ts'
import { withUpstream } from './upstream.ts'

const FIELDS = [
  'ts_code',
  'ann_date',
  'f_ann_date',
  'end_date',
  'report_type',
  'comp_type',
  'end_type',
  'revenue',
  'n_income',
  'update_flag',
]
const cells = (differs: Record<string, unknown> = {}): unknown[] => {
  const row: Record<string, unknown> = {
    ts_code: '600519.SH',
    ann_date: '20240809',
    f_ann_date: '20240809',
    end_date: '20240630',
    report_type: '1',
    comp_type: '1',
    end_type: '2',
    revenue: 81_931_271_234.56,
    n_income: null,
    update_flag: '0',
    ...differs,
  }
  return FIELDS.map((name) => row[name])
}
const call = (differs: Partial<SourceCall> = {}): SourceCall => ({
  dataset: 'income',
  symbols: null,
  from: '2024-06-30',
  to: '2024-06-30',
  part: null,
  rows: 1,
  ...differs,
})

test('a version keeps its dates, its flag and its figures as they were served; what was not served is left out', () =>
  withUpstream(
    () => ({
      fields: FIELDS,
      items: [cells(), cells({ update_flag: '1', f_ann_date: '20241030' })],
      has_more: false,
    }),
    async ({ source, context, asked, reserved }) => {
      const { rows, rejected, requests } = await source.fetch(call(), context)
      expect([asked, reserved, rejected, requests]).toEqual([[{ period: '20240630' }], ['income_vip'], [], 1])
      const first: ReportRow = {
        symbol: '600519.SH',
        period_end: '2024-06-30',
        report_type: '1',
        comp_type: '1',
        ann_date: '2024-08-09',
        f_ann_date: '2024-08-09',
        update_flag: '0',
        items: { end_type: '2', revenue: 81_931_271_234.56 },
      }
      expect(rows).toEqual([first, { ...first, update_flag: '1', f_ann_date: '2024-10-30' }])
    },
  ))

test.each([
  ['announced before its period ended', { ann_date: '20240620' }, 'announced before the period ended'],
  [
    'published on the last day of its period',
    { f_ann_date: '20240630' },
    'announced before the period ended',
  ],
  ['of a day that ends no quarter', { end_date: '20240629' }, 'end_date is no end of a quarter'],
  ['of another period', { end_date: '20240331' }, 'not part of what was asked'],
  ['without a code', { ts_code: '600519' }, 'no valid ts_code'],
  ['with a word for a figure', { revenue: 'n/a' }, 'revenue is no number'],
])('a row %s is rejected with its reason', (_, differs, reason) =>
  withUpstream(
    () => ({ fields: FIELDS, items: [cells(), cells(differs)], has_more: false }),
    async ({ source, context }) => {
      const { rows, rejected } = await source.fetch(call(), context)
      expect([rows.length, rejected.map((row) => row.reason)]).toEqual([1, [reason]])
    },
  ),
)

describe('pages of an interface whose cap nobody names', () => {
  const items = Array.from({ length: 7 }, (_, i) => cells({ ts_code: `60000${i}.SH` }))
  const pageAt = (offset: unknown) => items.slice(Number(offset ?? 0), Number(offset ?? 0) + 3)

  test('go on for as long as the server says that there is more', () =>
    withUpstream(
      ({ params }) => ({
        fields: FIELDS,
        items: pageAt(params.offset),
        has_more: Number(params.offset ?? 0) + 3 < 7,
      }),
      async ({ source, context }) => {
        const { rows, requests } = await source.fetch(call(), context)
        expect([rows.length, requests]).toEqual([7, 3])
      },
    ))

  test('go on up to an empty one where the server does not say it', () =>
    withUpstream(
      ({ params }) => ({ fields: FIELDS, items: pageAt(params.offset) }),
      async ({ source, context }) => {
        const { rows, requests } = await source.fetch(call(), context)
        expect([rows.length, requests]).toEqual([7, 4])
      },
    ))
})

describe('one company', () => {
  test('is asked for all of its reports, and periods that nobody asked for stay aside', () =>
    withUpstream(
      () => ({
        fields: FIELDS,
        items: [
          cells(),
          cells({ end_date: '20091231', ann_date: '20100420', f_ann_date: '20100420' }),
          cells({ ts_code: '000001.SZ' }),
        ],
        has_more: false,
      }),
      async ({ source, context, asked, reserved }) => {
        const asks = call({ symbols: ['600519.SH'], from: '2010-03-31', to: '2024-06-30' })
        const { rows, rejected } = await source.fetch(asks, context)
        expect([asked, reserved]).toEqual([[{ ts_code: '600519.SH' }], ['income']])
        expect([rows.length, rejected.map((row) => row.symbol)]).toEqual([1, ['000001.SZ']])
      },
    ))

  test('is asked for one period by its name', () =>
    withUpstream(
      () => ({ fields: FIELDS, items: [cells()], has_more: false }),
      async ({ source, context, asked }) => {
        await source.fetch(call({ symbols: ['600519.SH'] }), context)
        expect(asked).toEqual([{ ts_code: '600519.SH', period: '20240630' }])
      },
    ))
})

test('announcements are asked day by day, by the day on which a version itself was published', () =>
  withUpstream(
    ({ params }) => ({
      fields: FIELDS,
      items: params.f_ann_date === '20241030' ? [cells({ f_ann_date: '20241030' })] : [cells()],
      has_more: false,
    }),
    async ({ source, context, asked }) => {
      const days = call({ part: 'announced', from: '2024-10-29', to: '2024-10-30' })
      const { rows, rejected, requests } = await source.fetch(days, context)
      expect(asked).toEqual([{ f_ann_date: '20241029' }, { f_ann_date: '20241030' }])
      // On the first day the server sent what was published in August.
      expect([requests, rows.length, rejected.map((row) => row.reason)]).toEqual([
        2,
        1,
        ['not part of what was asked'],
      ])
    },
  ))

test('every figure is asked for by name', () =>
  withUpstream(
    ({ fields }) => {
      expect(fields.split(',')).toEqual(
        expect.arrayContaining(['ts_code', 'update_flag', 'asset_disp_income', 'revenue']),
      )
      return { fields: FIELDS, items: [cells()], has_more: false }
    },
    async ({ source, context }) => {
      expect((await source.fetch(call(), context)).rows).toHaveLength(1)
    },
  ))
