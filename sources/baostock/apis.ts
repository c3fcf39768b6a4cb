/** An interface of BaoStock as we use it. */
export interface BaostockApi {
  /** The method's name, which the answer repeats. */
  api: string
  /** Type of the request's message. Types of answers are not looked at: the server mixes some of them up. */
  type: string
  /** False for tables of a whole day, which come in one piece and take the date alone. */
  paged: boolean
  /** Which parameter names the columns; they come behind the parameters where none does. */
  columnsParam?: number
  /** What a row is about, so that a row that slips from one page into the next counts once. */
  key: readonly string[]
  /** The columns that must be there, else the answer has changed its form. */
  required: readonly string[]
}

/** All that a day's line has, in the order in which we ask for it. */
export const DAY_FIELDS =
  'date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,peTTM,pbMRQ,psTTM,pcfNcfTTM,isST'
/** A line of a week or a month, dated by its last session. */
export const PERIOD_FIELDS = 'date,code,open,high,low,close,volume,amount,adjustflag,turn,pctChg'

const BAR_COLUMNS = ['date', 'code', 'open', 'high', 'low', 'close', 'volume', 'amount'] as const
const DAY_BAR_COLUMNS = [...BAR_COLUMNS, 'preclose', 'tradestatus'] as const
const FACTOR_COLUMNS = ['code', 'dividOperateDate', 'backAdjustFactor'] as const
const REPORT_COLUMNS = ['code', 'pubDate', 'statDate'] as const

const report = (api: string, type: string): BaostockApi => ({
  api,
  type,
  paged: true,
  key: REPORT_COLUMNS,
  required: REPORT_COLUMNS,
})

const members = (api: string, type: string): BaostockApi => ({
  api,
  type,
  paged: true,
  key: ['code'],
  required: ['updateDate', 'code'],
})

export const APIS = {
  trade_dates: {
    api: 'query_trade_dates',
    type: '33',
    paged: true,
    key: ['calendar_date'],
    required: ['calendar_date', 'is_trading_day'],
  },
  stock_basic: {
    api: 'query_stock_basic',
    type: '45',
    paged: true,
    key: ['code'],
    required: ['code', 'code_name', 'ipoDate', 'outDate', 'type', 'status'],
  },
  k_data: {
    api: 'query_history_k_data_plus',
    type: '95',
    paged: true,
    columnsParam: 1,
    key: ['code', 'date'],
    required: BAR_COLUMNS,
  },
  k_data_of_day: {
    api: 'query_daily_history_k_AStock',
    type: '98',
    paged: false,
    key: ['code', 'date'],
    required: DAY_BAR_COLUMNS,
  },
  adjust_factor: {
    api: 'query_adjust_factor',
    type: '15',
    paged: true,
    key: ['code', 'dividOperateDate'],
    required: FACTOR_COLUMNS,
  },
  adjust_factor_of_day: {
    api: 'query_daily_adjust_factor',
    type: '9C',
    paged: false,
    key: ['code', 'dividOperateDate'],
    required: FACTOR_COLUMNS,
  },
  sz50: members('query_sz50_stocks', '63'),
  hs300: members('query_hs300_stocks', '61'),
  zz500: members('query_zz500_stocks', '65'),
  profit: report('query_profit_data', '17'),
  operation: report('query_operation_data', '19'),
  growth: report('query_growth_data', '21'),
  dupont: report('query_dupont_data', '23'),
  balance: report('query_balance_data', '25'),
  cash_flow: report('query_cash_flow_data', '27'),
} as const satisfies Record<string, BaostockApi>
