import { EVENT_FUNCTIONS } from './event-functions.ts'
import { HIST_FUNCTION } from './hist-function.ts'
import { INDEX_FUNCTION } from './index-function.ts'
import { LIST_FUNCTIONS } from './list-functions.ts'
import { PythonError } from './python-error.ts'
import { REPORT_FUNCTIONS } from './report-functions.ts'
import { SINA_FUNCTIONS } from './sina-functions.ts'
import { SNAPSHOT_FUNCTIONS } from './snapshot-functions.ts'
import { createFunction } from './tool-function.ts'
import type { Site, ToolFunction } from './tool-function.ts'

/** Functions that AKShare has and no market here can answer. */
const UNPLAYED: readonly (readonly [name: string, site: Site])[] = [
  ['stock_zh_a_st_em', 'eastmoney'],
  ['stock_individual_info_em', 'eastmoney'],
  ['stock_lhb_detail_em', 'eastmoney'],
  ['stock_financial_analysis_indicator_em', 'eastmoney'],
  ['stock_zh_index_daily', 'sina'],
  ['stock_financial_abstract', 'sina'],
  ['stock_financial_analysis_indicator', 'sina'],
  ['stock_financial_report_sina', 'sina'],
]

const unplayed = ([name, site]: readonly [string, Site]): ToolFunction =>
  createFunction({
    name,
    site,
    frame: () => {
      throw new PythonError('not played')
    },
  })

/** Every function by its name; any other name is one that AKShare does not have. */
export const FUNCTIONS: ReadonlyMap<string, ToolFunction> = new Map(
  [
    ...LIST_FUNCTIONS,
    HIST_FUNCTION,
    INDEX_FUNCTION,
    ...SNAPSHOT_FUNCTIONS,
    ...SINA_FUNCTIONS,
    ...EVENT_FUNCTIONS,
    ...REPORT_FUNCTIONS,
    ...UNPLAYED.map(unplayed),
  ].map((one) => [one.name, one]),
)
