import type { ReportDataset } from '../../market/datasets.ts'
import { TUSHARE_INDICATOR_ROWS } from '../../market/tushare-reports.ts'
import type { TushareApi } from './apis.ts'
import {
  BALANCE_SHEET_FIGURES,
  CASH_FLOW_FIGURES,
  INCOME_FIGURES,
  INDICATOR_FIGURES,
} from './report-fields.ts'

const STATEMENT_KEY = [
  'ts_code',
  'ann_date',
  'f_ann_date',
  'end_date',
  'report_type',
  'comp_type',
  'update_flag',
]
const INDICATOR_KEY = ['ts_code', 'ann_date', 'end_date', 'update_flag']

/** Columns that say which version of which report it is. */
export const isKeyColumn = (name: string): boolean => STATEMENT_KEY.includes(name)

const FIGURES: Record<ReportDataset, readonly string[]> = {
  income: INCOME_FIGURES,
  balance_sheet: BALANCE_SHEET_FIGURES,
  cash_flow: CASH_FLOW_FIGURES,
  fin_indicator: INDICATOR_FIGURES,
}

// More than an answer of any interface holds: the server takes its own cap then.
const ALL_ROWS = 10_000

/** An interface of reports, of one company or of the whole market, with every field by name. */
export function reportApi(dataset: ReportDataset, api: string): TushareApi {
  if (dataset === 'fin_indicator')
    return {
      api,
      fields: [...INDICATOR_KEY, ...FIGURES[dataset]].join(','),
      ...(api === 'fina_indicator' ? { cap: TUSHARE_INDICATOR_ROWS } : { cap: ALL_ROWS, capUnknown: true }),
      required: ['ts_code', 'ann_date', 'end_date', 'eps'],
    }
  return {
    api,
    fields: [...STATEMENT_KEY, 'end_type', ...FIGURES[dataset]].join(','),
    cap: ALL_ROWS,
    capUnknown: true,
    required: ['ts_code', 'ann_date', 'f_ann_date', 'end_date', 'report_type', 'update_flag'],
  }
}
