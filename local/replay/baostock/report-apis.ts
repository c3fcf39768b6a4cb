import { isoDate } from '../decimal.ts'
import { newestVersion } from '../reports.ts'
import type { Api, ApiContext, Column, Emit } from './api.ts'
import { createApi, textColumn } from './api.ts'
import { checkCode } from './dates.ts'

interface Row {
  readonly code: string
  readonly published: string
  readonly period: string
  /** Of the income statement, the balance sheet and the indicators together. */
  readonly figures: Readonly<Record<string, number>>
}

type Read = (row: Row) => number | undefined

const of =
  (name: string): Read =>
  ({ figures }) =>
    figures[name]
/** BaoStock gives shares of one. */
const fraction =
  (name: string): Read =>
  ({ figures }) =>
    figures[name] === undefined ? undefined : figures[name] / 100

const none: Read = () => undefined
const halfYearly: Read = ({ figures, period }) => (/06-30|12-31/.test(period) ? figures.revenue : undefined)

/** Method, type, type of the answer and columns of the tables. What no market here has is empty, as for banks. */
const TABLES: readonly (readonly [string, string, string, Readonly<Record<string, Read>>])[] = [
  [
    'query_profit_data',
    '17',
    '18',
    {
      roeAvg: fraction('roe'),
      npMargin: fraction('netprofit_margin'),
      gpMargin: fraction('grossprofit_margin'),
      netProfit: of('n_income'),
      epsTTM: of('eps'),
      MBRevenue: halfYearly,
      totalShare: of('total_share'),
      liqaShare: of('total_share'),
    },
  ],
  [
    'query_operation_data',
    '19',
    '20',
    {
      NRTurnRatio: none,
      NRTurnDays: none,
      INVTurnRatio: none,
      INVTurnDays: none,
      CATurnRatio: none,
      AssetTurnRatio: none,
    },
  ],
  [
    'query_growth_data',
    '21',
    '22',
    {
      YOYEquity: none,
      YOYAsset: none,
      YOYNI: fraction('netprofit_yoy'),
      YOYEPSBasic: none,
      YOYPNI: fraction('netprofit_yoy'),
    },
  ],
  [
    'query_dupont_data',
    '23',
    '24',
    {
      dupontROE: fraction('roe'),
      dupontAssetStoEquity: of('assets_to_eqt'),
      dupontAssetTurn: none,
      dupontPnitoni: none,
      dupontNitogr: fraction('netprofit_margin'),
      dupontTaxBurden: none,
      dupontIntburden: none,
      dupontEbittogr: none,
    },
  ],
  [
    'query_balance_data',
    '25',
    '26',
    {
      currentRatio: of('current_ratio'),
      quickRatio: none,
      cashRatio: none,
      YOYLiability: none,
      liabilityToAsset: fraction('debt_to_assets'),
      assetToEquity: of('assets_to_eqt'),
    },
  ],
  [
    'query_cash_flow_data',
    '27',
    '28',
    {
      CAToAsset: none,
      NCAToAsset: none,
      tangibleAssetToAsset: none,
      ebitToInterest: none,
      CFOToOR: none,
      CFOToNP: none,
      CFOToGr: none,
    },
  ],
]

const ENDS = ['0331', '0630', '0930', '1231']

/** The quarter's row of a stock, from what was published last; none where nothing was. */
const select = ({ market, universe, params }: ApiContext, emit: Emit<Row>): void => {
  const { code = '', year = '', quarter = '' } = params
  const stock = universe.find(code)
  const period = `${year}${ENDS[Number(quarter) - 1] ?? ''}`
  if (!stock) return
  const parts = (['income', 'balance_sheet', 'fin_indicator'] as const).map((statement) =>
    newestVersion(market, stock.instrument, statement, period),
  )
  const indicators = parts[2]
  if (!indicators) return
  const figures = Object.assign({}, ...parts.map((part) => part?.figures)) as Row['figures']
  emit({ code, published: isoDate(indicators.published), period: isoDate(period), figures })
}

const number = (name: string, read: Read): Column<Row> =>
  textColumn<Row>(name, (row) => read(row)?.toFixed(name.endsWith('Share') ? 2 : 6) ?? null)

/** The six tables of indicators: one row for a stock and a quarter. */
export const REPORT_APIS: readonly Api[] = TABLES.map(([method, type, answerType, fields]) => {
  const columns: readonly Column<Row>[] = [
    textColumn<Row>('code', (row) => row.code),
    textColumn<Row>('pubDate', (row) => row.published),
    textColumn<Row>('statDate', (row) => row.period),
    ...Object.entries(fields).map(([name, read]) => number(name, read)),
  ]
  return createApi<Row>({
    method,
    type,
    answerType,
    params: ['code', 'year', 'quarter'],
    fields: columns.map(({ name }) => name).join(','),
    check: ({ params }) => checkCode(params),
    columns: () => columns,
    select,
  })
})
