import type { AkshareSite } from '../../market/akshare.ts'
import { fromCompact } from '../../market/date.ts'

/*
 * The functions of AKShare that may be called, and what each of their parameters may hold. AKTools pastes both into a
 * line of Python and evaluates it: nothing that is not listed here is ever sent.
 */

/** What a value must look like, in words for the error message. */
interface Rule {
  must: string
  allows: (value: string) => boolean
}

interface FunctionSpec {
  site: AkshareSite
  /** `pages`: AKShare fetches dozens of pages behind it, with pauses. */
  duration: 'call' | 'pages'
  /**
   * Every parameter, and every one is always sent: AKShare replaces a missing one by its default (`000001`, all dates)
   * and answers plausible rows of something else.
   */
  params: Readonly<Record<string, Rule>>
}

const CODE: Rule = { must: 'six digits', allows: (value) => /^\d{6}$/.test(value) }
const PREFIXED_CODE: Rule = {
  must: 'sh, sz or bj and six digits',
  allows: (value) => /^(?:sh|sz|bj)\d{6}$/.test(value),
}
const DATE: Rule = { must: 'a day as YYYYMMDD', allows: (value) => fromCompact(value) !== null }
const QUARTER_END: Rule = {
  must: 'the last day of a quarter as YYYYMMDD',
  allows: (value) => /^\d{4}(?:0331|0630|0930|1231)$/.test(value),
}
const oneOf = (...values: readonly string[]): Rule => ({
  must: `one of ${values.map((value) => `'${value}'`).join(', ')}`,
  allows: (value) => values.includes(value),
})

export const FUNCTIONS = {
  tool_trade_date_hist_sina: { site: 'sina', duration: 'call', params: {} },
  stock_info_sh_name_code: {
    site: 'exchanges',
    duration: 'call',
    params: { symbol: oneOf('主板A股', '科创板') },
  },
  stock_info_sz_name_code: { site: 'exchanges', duration: 'call', params: { symbol: oneOf('A股列表') } },
  stock_info_bj_name_code: { site: 'exchanges', duration: 'call', params: {} },
  stock_info_sh_delist: { site: 'exchanges', duration: 'call', params: { symbol: oneOf('全部') } },
  stock_info_sz_delist: {
    site: 'exchanges',
    duration: 'call',
    params: { symbol: oneOf('终止上市公司', '暂停上市公司') },
  },
  // It also takes `timeout`, which ends in a 500: AKTools can send text only.
  stock_zh_a_hist: {
    site: 'eastmoney',
    duration: 'call',
    params: {
      symbol: CODE,
      period: oneOf('daily'),
      start_date: DATE,
      end_date: DATE,
      // Adjusted series change at every ex-day and may be negative: they are never asked for.
      adjust: oneOf(''),
    },
  },
  stock_zh_index_daily_em: {
    site: 'eastmoney',
    duration: 'call',
    params: { symbol: PREFIXED_CODE, start_date: DATE, end_date: DATE },
  },
  stock_zh_a_spot_em: { site: 'eastmoney', duration: 'pages', params: {} },
  stock_zh_a_daily: {
    site: 'sina',
    duration: 'call',
    params: { symbol: PREFIXED_CODE, start_date: DATE, end_date: DATE, adjust: oneOf('hfq-factor') },
  },
  stock_lrb_em: { site: 'eastmoney', duration: 'pages', params: { date: QUARTER_END } },
  stock_zcfz_em: { site: 'eastmoney', duration: 'pages', params: { date: QUARTER_END } },
  stock_xjll_em: { site: 'eastmoney', duration: 'pages', params: { date: QUARTER_END } },
  stock_yjbb_em: { site: 'eastmoney', duration: 'pages', params: { date: QUARTER_END } },
} as const satisfies Record<string, FunctionSpec>

export type AkshareFunction = keyof typeof FUNCTIONS
export type ParamsOf<F extends AkshareFunction> = Readonly<
  Record<Extract<keyof (typeof FUNCTIONS)[F]['params'], string>, string>
>

export const isAkshareFunction = (name: string): name is AkshareFunction => Object.hasOwn(FUNCTIONS, name)

/** The table again, with what all its rows have in common. */
export const specOf = (name: AkshareFunction): FunctionSpec => FUNCTIONS[name]

/** Why a function may not be called like this, or null when it may. Values are named, not repeated. */
export function refusalOf(name: string, params: Readonly<Record<string, unknown>>): string | null {
  if (!isAkshareFunction(name)) return 'this function is not on the list of those that may be called'
  const rules = specOf(name).params
  const unknown = Object.keys(params).find((key) => !Object.hasOwn(rules, key))
  if (unknown !== undefined) return `a parameter that ${name} is never given`
  for (const [key, rule] of Object.entries(rules)) {
    const value = Object.hasOwn(params, key) ? params[key] : undefined
    if (typeof value !== 'string') return `${key} is missing: AKShare would take its own default`
    if (!rule.allows(value)) return `${key} must be ${rule.must}`
  }
  return null
}

/** The query of a call, in the order of the table. Chinese values are percent-encoded UTF-8. */
export function queryOf(name: AkshareFunction, params: Readonly<Record<string, string>>): string {
  return Object.keys(specOf(name).params)
    .map((key) => `${key}=${encodeURIComponent(params[key] ?? '')}`)
    .join('&')
}

/**
 * True where an empty answer is one. Everywhere else AKTools also says `[]` for an unknown code and for some blocks.
 */
export const emptyIsAnAnswer = (name: AkshareFunction, params: Readonly<Record<string, string>>): boolean =>
  name === 'stock_info_sz_delist' && params.symbol === '暂停上市公司'
