import type { TradeDate } from '../../market/date.ts'
import { shiftDecimal } from '../../market/units.ts'
import type { FetchContext, RejectedRow, ReportRow } from '../contract.ts'
import { SourceError } from '../errors.ts'
import { rawOf } from '../raw.ts'
import { APIS } from './apis.ts'
import type { BaostockClient } from './client.ts'
import { collect, type Mapped } from './collect.ts'
import type { Columns, Row } from './table.ts'
import { dateOf, decimalText, symbolOf, toCode } from './values.ts'

/*
 * The six tables of quarterly indicators. BaoStock gives ratios as fractions (0.0328), whatever its old pages say. What
 * Tushare gives in percent becomes percent here (3.28), so that the two can be compared: margins, returns, growth and
 * shares of a whole. What both give as a multiple stays one: liquidity, turnover, leverage, coverage, and the two
 * "burdens" of the DuPont split. Amounts are yuan, shares are shares. Nothing is rounded.
 */

type Unit = 'percent' | 'times' | 'days' | 'yuan' | 'yuan per share' | 'shares'
type ReportColumns = Readonly<Record<string, { name: string; unit: Unit }>>

const as = (name: string, unit: Unit) => ({ name, unit })

/** BaoStock's column → ours. Names are Tushare's where it has the same number. */
export const REPORTS = {
  profit: {
    roeAvg: as('roe_avg', 'percent'),
    npMargin: as('netprofit_margin', 'percent'),
    gpMargin: as('grossprofit_margin', 'percent'),
    netProfit: as('n_income', 'yuan'),
    epsTTM: as('eps_ttm', 'yuan per share'),
    // Half-yearly: empty in the first and third quarter.
    MBRevenue: as('main_revenue', 'yuan'),
    totalShare: as('total_share', 'shares'),
    liqaShare: as('float_share', 'shares'),
  },
  operation: {
    NRTurnRatio: as('ar_turn', 'times'),
    NRTurnDays: as('arturn_days', 'days'),
    INVTurnRatio: as('inv_turn', 'times'),
    INVTurnDays: as('invturn_days', 'days'),
    CATurnRatio: as('ca_turn', 'times'),
    AssetTurnRatio: as('assets_turn', 'times'),
  },
  growth: {
    YOYEquity: as('eqt_yoy', 'percent'),
    YOYAsset: as('assets_yoy', 'percent'),
    YOYNI: as('net_income_yoy', 'percent'),
    YOYEPSBasic: as('basic_eps_yoy', 'percent'),
    // Of the parent's owners, which is what Tushare calls net profit here.
    YOYPNI: as('netprofit_yoy', 'percent'),
  },
  dupont: {
    dupontROE: as('dupont_roe', 'percent'),
    dupontAssetStoEquity: as('dupont_assets_to_equity', 'times'),
    dupontAssetTurn: as('dupont_assets_turn', 'times'),
    dupontPnitoni: as('dupont_parent_share_of_profit', 'percent'),
    dupontNitogr: as('dupont_profit_to_gr', 'percent'),
    dupontTaxBurden: as('dupont_tax_burden', 'times'),
    dupontIntburden: as('dupont_interest_burden', 'times'),
    dupontEbittogr: as('dupont_ebit_to_gr', 'percent'),
  },
  balance: {
    currentRatio: as('current_ratio', 'times'),
    quickRatio: as('quick_ratio', 'times'),
    cashRatio: as('cash_ratio', 'times'),
    YOYLiability: as('liability_yoy', 'percent'),
    liabilityToAsset: as('debt_to_assets', 'percent'),
    assetToEquity: as('assets_to_eqt', 'times'),
  },
  cash_flow: {
    CAToAsset: as('ca_to_assets', 'percent'),
    NCAToAsset: as('nca_to_assets', 'percent'),
    tangibleAssetToAsset: as('tbassets_to_totalassets', 'percent'),
    ebitToInterest: as('ebit_to_interest', 'times'),
    CFOToOR: as('ocf_to_or', 'percent'),
    CFOToNP: as('ocf_to_profit', 'times'),
    CFOToGr: as('ocf_to_gr', 'percent'),
  },
} as const satisfies Record<string, ReportColumns>

export type ReportTable = keyof typeof REPORTS

/** One table of one stock: a part of a quarter's indicators as they were published on a day. */
export interface TableRow {
  table: ReportTable
  symbol: string
  /** The quarter's last day. */
  period_end: TradeDate
  publish_date: TradeDate | null
  /** Exact decimals; null where the report has none, which is usual for banks. */
  values: Readonly<Record<string, string | null>>
}

/**
 * The indicators of a stock for one quarter, from all six tables; no row where none has one yet.
 *
 * @throws SourceError
 */
export async function quarterReport(
  client: BaostockClient,
  asked: { symbol: string | null; from: TradeDate; to: TradeDate },
  context: FetchContext,
): Promise<{ rows: ReportRow[]; rejected: RejectedRow[] }> {
  const { symbol, from: period_end, to } = asked
  if (symbol === null || period_end !== to)
    throw new TypeError('reports come one stock and quarter at a time')
  const quarter = QUARTER_ENDS.indexOf(period_end.slice(5)) + 1
  const rejected: RejectedRow[] = []
  const parts: TableRow[] = []
  for (const table of Object.keys(REPORTS) as ReportTable[]) {
    const wanted = { table, symbol, year: Number(period_end.slice(0, 4)), quarter }
    const answer = await fetchReport(client, wanted, context)
    parts.push(...answer.rows)
    rejected.push(...answer.rejected)
  }
  return { rows: parts.length > 0 ? [joined(symbol, period_end, parts)] : [], rejected }
}

function joined(symbol: string, period_end: TradeDate, parts: readonly TableRow[]): ReportRow {
  const values = parts.flatMap((part) => Object.entries(part.values))
  return {
    symbol,
    period_end,
    report_type: '1',
    comp_type: null,
    ann_date: parts.flatMap(({ publish_date }) => publish_date ?? []).sort()[0] ?? null,
    f_ann_date: null,
    update_flag: null,
    items: Object.fromEntries(
      values.flatMap(([name, value]) => (value === null ? [] : [[name, Number(value)] as const])),
    ),
  }
}

/**
 * The report of a quarter (1 to 4); no row where none was published yet.
 *
 * @throws SourceError
 */
export async function fetchReport(
  client: BaostockClient,
  asked: { table: ReportTable; symbol: string; year: number; quarter: number },
  context: FetchContext,
): Promise<{ rows: TableRow[]; rejected: RejectedRow[] }> {
  const { table, symbol, year, quarter } = asked
  const params = [toCode(symbol), String(year), String(quarter)]
  const answer = await client.table(APIS[table], params, context)
  const { at } = answer
  const absent = Object.keys(REPORTS[table]).filter((name) => at[name] === undefined)
  if (absent.length > 0) {
    throw new SourceError({
      source: 'baostock',
      api: APIS[table].api,
      errorClass: 'SchemaDrift',
      upstreamMessage: `the answer lacks ${absent.join(', ')}`,
      sample: rawOf({ columns: Object.keys(at), first: answer.rows.texts()[0] ?? null }),
    })
  }
  const rejected: RejectedRow[] = []
  const wanted = { table, symbol, period_end: `${year}-${QUARTER_ENDS[quarter - 1] ?? ''}` }
  return {
    rows: collect(answer, (row, columns) => mapReport(wanted, row, columns), rejected),
    rejected,
  }
}

// The last days of the four quarters.
const QUARTER_ENDS = ['03-31', '06-30', '09-30', '12-31']

function mapReport(
  wanted: Pick<TableRow, 'table' | 'symbol' | 'period_end'>,
  row: Row,
  at: Columns,
): Mapped<TableRow> {
  const { table, symbol, period_end } = wanted
  if (symbolOf(row.text(at.code)) !== symbol || dateOf(row.text(at.statDate)) !== period_end)
    return { reason: 'not part of what was asked' }
  const columns: ReportColumns = REPORTS[table]
  const values: Record<string, string | null> = {}
  for (const [column, { name, unit }] of Object.entries(columns)) {
    const cell = row.text(at[column])
    const value = decimalText(cell)
    if (value === null && cell !== '') return { reason: `${column} is no number` }
    values[name] = value !== null && unit === 'percent' ? shiftDecimal(Number(value), 2) : value
  }
  return { ...wanted, publish_date: dateOf(row.text(at.pubDate)), values }
}
