import type { Instrument } from '../market.ts'
import { type Disclosure, publishedReports, type ReportVersion, type Statement, todayOf } from '../reports.ts'
import {
  BALANCE_SHEET_FIGURES,
  CASH_FLOW_FIGURES,
  INCOME_FIGURES,
  INDICATOR_FIGURES,
} from '../../../sources/tushare/report-fields.ts'
import { type Api, type ApiContext, type Column, createApi, type Emit } from './api.ts'

interface Row {
  readonly instrument: Instrument
  readonly version: ReportVersion
}

const word = (name: string, value: (row: Row) => string | null, hidden = false): Column<Row> => ({
  name,
  hidden,
  write: (out, row) => out.text(value(row) === '' ? null : value(row)),
})

const figure = (name: string): Column<Row> => ({
  name,
  // Any number of digits: the JSON of the number is the number.
  write: (out, { version }) => out.raw(JSON.stringify(version.figures[name] ?? null)),
})

const CODE = word('ts_code', ({ instrument }) => instrument.code)
const END = word('end_date', ({ version }) => version.period)
const KEYS: readonly Column<Row>[] = [
  CODE,
  word('ann_date', ({ version }) => version.announced),
  word('f_ann_date', ({ version }) => version.published),
  END,
  word('report_type', ({ version }) => version.reportType),
  word('comp_type', ({ version }) => version.compType),
  word('end_type', ({ version }) => version.endType),
]
const FLAG = (hidden: boolean): Column<Row> => word('update_flag', ({ version }) => version.flag, hidden)

/** Indicators have one date: that of the version. */
const INDICATOR_KEYS: readonly Column<Row>[] = [
  CODE,
  word('ann_date', ({ version }) => version.published),
  END,
]

const statementColumns = (figures: readonly string[]): readonly Column<Row>[] => [
  ...KEYS,
  ...figures.map(figure),
  FLAG(false),
]

const COLUMNS: Record<Statement, readonly Column<Row>[]> = {
  income: statementColumns(INCOME_FIGURES),
  balance_sheet: statementColumns(BALANCE_SHEET_FIGURES),
  cash_flow: statementColumns(CASH_FLOW_FIGURES),
  fin_indicator: [...INDICATOR_KEYS, ...INDICATOR_FIGURES.map(figure), FLAG(true)],
}

/** Dates of statements filter announcements, those of indicators report periods. */
const isChosen = (
  { params }: ApiContext,
  statement: Statement,
  { period, announced, published, reportType }: ReportVersion,
): boolean => {
  const isIndicator = statement === 'fin_indicator'
  const first = isIndicator ? published : announced
  const ranged = isIndicator ? period : announced
  return (
    (params.period ?? period) === period &&
    (params.ann_date ?? first) === first &&
    (isIndicator || (params.f_ann_date ?? published) === published) &&
    ranged >= (params.start_date ?? '0') &&
    ranged <= (params.end_date ?? '9') &&
    (isIndicator || (params.report_type ?? '1') === reportType)
  )
}

const select =
  (statement: Statement) =>
  (context: ApiContext, emit: Emit<Row>): void => {
    const { market, params } = context
    // One company a call, as far as anybody knows.
    const chosen = params.ts_code === undefined ? market.instruments : [market.find(params.ts_code)]
    for (const instrument of chosen) {
      if (!instrument) continue
      for (const version of publishedReports(market, instrument, statement).toReversed())
        if (isChosen(context, statement, version) && !emit({ instrument, version })) return
    }
  }

const apisOf = (statement: Statement, name: string, caps: { one: number; all: number }): Api[] => {
  const common = {
    isOffered: ({ reports }: ApiContext['market']) => reports !== undefined,
    columns: COLUMNS[statement],
    select: select(statement),
  }
  return [
    createApi<Row>({ name, points: 2000, cap: caps.one, required: ['ts_code'], ...common }),
    createApi<Row>({ name: `${name}_vip`, points: 5000, cap: caps.all, ...common }),
  ]
}

interface DisclosureRow {
  readonly instrument: Instrument
  readonly disclosure: Disclosure
}

const day = (name: string, value: (row: DisclosureRow) => string | null): Column<DisclosureRow> => ({
  name,
  write: (out, row) => out.text(value(row)),
})

const selectDisclosures = ({ market, params }: ApiContext, emit: Emit<DisclosureRow>): void => {
  const today = todayOf(market)
  for (const instrument of market.instruments) {
    if ((params.ts_code ?? instrument.code) !== instrument.code) continue
    for (const disclosure of market.reports?.disclosures(instrument) ?? []) {
      const { period, announced, planned, actual } = disclosure
      const come = actual !== null && actual <= today ? actual : null
      const isAsked =
        announced <= today &&
        (params.end_date ?? period) === period &&
        (params.pre_date ?? planned) === planned &&
        (params.actual_date === undefined || params.actual_date === come)
      if (isAsked && !emit({ instrument, disclosure: { ...disclosure, actual: come } })) return
    }
  }
}

// The caps of statements are documented nowhere; these are what the sources do not know of.
const STATEMENT_CAPS = { one: 2_000, all: 7_000 }

/** Reports of companies, with the variants of the whole market for accounts of 5,000 points. */
export const REPORT_APIS: readonly Api[] = [
  ...apisOf('income', 'income', STATEMENT_CAPS),
  ...apisOf('balance_sheet', 'balancesheet', STATEMENT_CAPS),
  ...apisOf('cash_flow', 'cashflow', STATEMENT_CAPS),
  ...apisOf('fin_indicator', 'fina_indicator', { one: 100, all: 7_000 }),
  createApi<DisclosureRow>({
    name: 'disclosure_date',
    points: 500,
    cap: 3_000,
    isOffered: ({ reports }) => reports !== undefined,
    columns: [
      day('ts_code', ({ instrument }) => instrument.code),
      day('ann_date', ({ disclosure }) => disclosure.announced),
      day('end_date', ({ disclosure }) => disclosure.period),
      day('pre_date', ({ disclosure }) => disclosure.planned),
      day('actual_date', ({ disclosure }) => disclosure.actual),
    ],
    select: selectDisclosures,
  }),
]
