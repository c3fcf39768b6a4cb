import { createApi } from './api.ts'
import type { Api, ApiContext } from './api.ts'
import { checkCode, checkRange } from './dates.ts'
import type { Refusal } from './refusals.ts'

type Check = (context: ApiContext) => Refusal | undefined
type Entry = readonly [
  method: string,
  type: string,
  answerType: string,
  params: readonly string[],
  fields: string,
  check?: Check,
]

const RANGE = ['start', 'end']

const ofStock: Check = ({ params }) => checkCode(params) ?? checkRange(params)

/** Methods that no market here can answer yet, with their fields as the server spells them. */
const UNPLAYED: readonly Entry[] = [
  [
    'query_dividend_data',
    '13',
    '14',
    ['code', 'year', 'yearType'],
    'code, dividPreNoticeDate, dividAgmPumDate, dividPlanAnnounceDate, dividPlanDate, \tdividRegistDate, dividOperateDate, dividPayDate, dividStockMarketDate, dividCashPsBeforeTax, dividCashPsAfterTax, dividStocksPs, \tdividCashStock, dividReserveToStockPs',
    ofStock,
  ],
  [
    'query_performance_express_report',
    '29',
    '30',
    ['code', ...RANGE],
    'code,performanceExpPubDate,performanceExpStatDate,performanceExpUpdateDate,performanceExpressTotalAsset,performanceExpressNetAsset,performanceExpressEPSChgPct,performanceExpressROEWa,performanceExpressEPSDiluted,performanceExpressGRYOY,performanceExpressOPYOY',
    ofStock,
  ],
  [
    'query_forecast_report',
    '31',
    '32',
    ['code', ...RANGE],
    'code,profitForcastExpPubDate,profitForcastExpStatDate,profitForcastType,profitForcastAbstract,profitForcastChgPctUp,profitForcastChgPctDwn',
    ofStock,
  ],
  [
    'query_deposit_rate_data',
    '47',
    '48',
    RANGE,
    'pubDate, demandDepositRate, fixedDepositRate3Month, fixedDepositRate6Month, fixedDepositRate1Year, fixedDepositRate2Year, fixedDepositRate3Year, fixedDepositRate5Year, installmentFixedDepositRate1Year, installmentFixedDepositRate3Year, installmentFixedDepositRate5Year',
  ],
  [
    'query_loan_rate_data',
    '49',
    '50',
    RANGE,
    'pubDate, loanRate6Month, loanRate6MonthTo1Year, loanRate1YearTo3Year, loanRate3YearTo5Year, loanRateAbove5Year, mortgateRateBelow5Year, mortgateRateAbove5Year',
  ],
  [
    'query_required_reserve_ratio_data',
    '51',
    '52',
    [...RANGE, 'yearType'],
    'pubDate, effectiveDate, bigInstitutionsRatioPre, bigInstitutionsRatioAfter, mediumInstitutionsRatioPre, mediumInstitutionsRatioAfter',
  ],
  [
    'query_money_supply_data_month',
    '53',
    // Not 54: the server answers with the type of the next method.
    '56',
    RANGE,
    'statYear, statMonth, m0Month, m0YOY, m0ChainRelative, m1Month, m1YOY, m1ChainRelative, m2Month, m2YOY, m2ChainRelative',
  ],
  [
    'query_money_supply_data_year',
    '55',
    '56',
    RANGE,
    'statYear, m0Year, m0YearYOY, m1Year, m1YearYOY, m2Year, m2YearYOY',
  ],
]

/** Interfaces that are answered without rows, as upstream answers where it has none. */
export const UNPLAYED_APIS: readonly Api[] = UNPLAYED.map(
  ([method, type, answerType, params, fields, check = () => undefined]) =>
    createApi<never>({
      method,
      type,
      answerType,
      params,
      fields,
      check,
      columns: () => [],
      select: () => undefined,
    }),
)
