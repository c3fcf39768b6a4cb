import { expect, test } from 'vitest'
import { PERIOD_FIELDS } from '../../../sources/baostock/apis.ts'
import { collect } from '../../../sources/baostock/collect.ts'
import { mapPeriod } from '../../../sources/baostock/map.ts'
import { fetchReport, REPORTS, type ReportTable } from '../../../sources/baostock/reports.ts'
import type { RejectedRow } from '../../../sources/contract.ts'
import { EXCHANGES } from './recorded.ts'
import { sourceErrorOf, withServer } from './upstream.ts'

const ASKED = { symbol: '600000.SH', year: 2023, quarter: 2 }
const columnsOf = (table: ReportTable) => ['code', 'pubDate', 'statDate', ...Object.keys(REPORTS[table])]

/** Asks for a table of a server that answers with those rows. */
const reporting = (
  table: ReportTable,
  rows: string[][],
  run: (report: Awaited<ReturnType<typeof fetchReport>>) => void,
  columns = columnsOf(table),
) =>
  withServer(
    ({ type }) => (type === '00' || type === '02' ? undefined : { columns, rows }),
    async ({ client, context }) => run(await fetchReport(client, { table, ...ASKED }, context)),
  )

test('a profit report in percent, yuan and shares; what a bank does not have is null', () =>
  reporting(
    'profit',
    [
      [
        ...['sh.600000', '2023-08-31', '2023-06-30', '0.032797', '0.258851', '', '23615000000.000000'],
        ...['1.503636', '167814000000.000000', '29352175421.00', '29352175421.00'],
      ],
    ],
    ({ rows }) => {
      expect(rows).toEqual([
        {
          table: 'profit',
          symbol: '600000.SH',
          period_end: '2023-06-30',
          publish_date: '2023-08-31',
          values: {
            roe_avg: '3.2797',
            netprofit_margin: '25.8851',
            grossprofit_margin: null,
            n_income: '23615000000',
            eps_ttm: '1.503636',
            main_revenue: '167814000000',
            total_share: '29352175421',
            float_share: '29352175421',
          },
        },
      ])
    },
  ))

test.each([
  ['balance', 'liabilityToAsset', '0.919275', 'debt_to_assets', '91.9275'],
  ['balance', 'assetToEquity', '12.387695', 'assets_to_eqt', '12.387695'],
  ['growth', 'YOYNI', '-1.234567', 'net_income_yoy', '-123.4567'],
  ['operation', 'NRTurnDays', '33.120000', 'arturn_days', '33.12'],
  ['dupont', 'dupontTaxBurden', '0.871234', 'dupont_tax_burden', '0.871234'],
  ['cash_flow', 'CFOToOR', '0.531470', 'ocf_to_or', '53.147'],
  ['cash_flow', 'CFOToNP', '2.053187', 'ocf_to_profit', '2.053187'],
] as const)('%s: %s %s is %s %s', (table, column, cell, name, value) => {
  const row = [
    'sh.600000',
    '',
    '2023-06-30',
    ...Object.keys(REPORTS[table]).map((each) => (each === column ? cell : '')),
  ]
  return reporting(table, [row], ({ rows: [report] }) => {
    expect(report?.publish_date).toBeNull()
    expect(report?.values[name]).toBe(value)
    expect(Object.values(report?.values ?? {}).filter((each) => each !== null)).toHaveLength(1)
  })
})

test('a quarter without a report is no row', () =>
  reporting('growth', [], ({ rows, rejected }) => expect([rows, rejected]).toEqual([[], []])))

test.each([
  ['another quarter', ['sh.600000', '', '2023-03-31', '1', '1', '1', '1', '1'], 'not part of what was asked'],
  ['another stock', ['sh.600001', '', '2023-06-30', '1', '1', '1', '1', '1'], 'not part of what was asked'],
  [
    'a value that is no number',
    ['sh.600000', '', '2023-06-30', 'inf', '1', '1', '1', '1'],
    'YOYEquity is no number',
  ],
])('a report with %s is rejected', (_, row, reason) =>
  reporting('growth', [row], ({ rows, rejected }) => {
    expect(rows).toEqual([])
    expect(rejected.map((each) => each.reason)).toEqual([reason])
  }),
)

test('a report that lost a column is a changed form', async () => {
  const error = await sourceErrorOf(
    reporting('growth', [], () => undefined, columnsOf('growth').slice(0, -1)),
  )
  expect([error.errorClass, error.details.upstreamMessage]).toEqual([
    'SchemaDrift',
    'the answer lacks YOYPNI',
  ])
})

const recorded = EXCHANGES.filter(({ name }) => /^query_(profit|balance|cash_flow)_data$/.test(name))

test.skipIf(recorded.length === 0).each(recorded.map((each) => [each.name, each] as const))(
  'the recorded answer to %s is a report',
  (name, { response }) => {
    const table = name.replace(/^query_|_data$/g, '') as ReportTable
    // What was recorded was asked with pages of 10,000 rows.
    return withServer(
      ({ type }) => (type === '00' || type === '02' ? undefined : response),
      async ({ client, context }) => {
        const { rows, rejected } = await fetchReport(client, { table, ...ASKED }, context)
        expect([rows.length, rejected]).toEqual([1, []])
        expect(rows[0]).toMatchObject({ symbol: '600000.SH', publish_date: '2023-08-31' })
      },
    )
  },
)

test('weeks and months are asked with their own columns and dated by their last session', () =>
  withServer(
    ({ type }) =>
      type === '95'
        ? {
            columns: [],
            rows: [
              [
                ...[
                  '2024-01-05',
                  'sh.600000',
                  '6.6300000000',
                  '6.7000000000',
                  '6.5800000000',
                  '6.6700000000',
                ],
                ...['120000000', '796800000.0000', '3', '0.408800', '0.755300'],
              ],
            ],
          }
        : undefined,
    async ({ client, context, server }) => {
      const query = { code: 'sh.600000', from: '2024-01-01', to: '2024-01-31' }
      const weeks = await client.lines({ ...query, frequency: 'w' }, context)
      await client.lines({ ...query, frequency: 'm' }, context)
      const rejected: RejectedRow[] = []
      expect(collect(weeks, mapPeriod, rejected)).toEqual([
        {
          symbol: '600000.SH',
          trade_date: '2024-01-05',
          open: 6.63,
          high: 6.7,
          low: 6.58,
          close: 6.67,
          pre_close: null,
          change: null,
          pct_chg: 0.7553,
          volume: '120000000',
          amount: '796800000',
        },
      ])
      expect(server.queries.map(({ params }) => params)).toEqual([
        ['sh.600000', PERIOD_FIELDS, '2024-01-01', '2024-01-31', 'w', '3'],
        ['sh.600000', PERIOD_FIELDS, '2024-01-01', '2024-01-31', 'm', '3'],
      ])
    },
  ))
