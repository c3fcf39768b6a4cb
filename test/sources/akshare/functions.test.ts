import { expect, test } from 'vitest'
import { FUNCTIONS, refusalOf } from '../../../sources/akshare/functions.ts'
import { sourceErrorOf, withBridge } from './upstream.ts'

const HISTORY = {
  symbol: '600519',
  period: 'daily',
  start_date: '20240102',
  end_date: '20240108',
  adjust: '',
}

test.each<[string, string, Record<string, unknown>]>([
  ['a function that is not on the list', 'stock_zh_a_hist_tx', HISTORY],
  ['Python instead of a name', "__import__('os').system", {}],
  ['a name with an answer of its own', 'stock_zh_a_spot_em()or ak.stock_zh_a_spot_em', {}],
  ['a path', '../private/stock_zh_a_spot_em', {}],
  ['a name that every object has', 'constructor', {}],
  ['a name that every object inherits', '__proto__', {}],
  ['a quote', 'stock_zh_a_hist', { ...HISTORY, symbol: '600519"' }],
  ['a single quote', 'stock_zh_a_hist', { ...HISTORY, symbol: "600519'" }],
  [
    'a way out of the text',
    'stock_zh_a_hist',
    { ...HISTORY, symbol: '", x=__import__("os").system("id"))#' },
  ],
  ['a backslash', 'stock_zh_a_hist', { ...HISTORY, symbol: '60051\\' }],
  ['a line feed at the end', 'stock_zh_a_hist', { ...HISTORY, symbol: '600519\n' }],
  ['a plus', 'stock_zh_a_hist', { ...HISTORY, symbol: '+60051' }],
  ['an encoded quote', 'stock_zh_a_hist', { ...HISTORY, symbol: '%22%22%22' }],
  ['another parameter inside', 'stock_zh_a_hist', { ...HISTORY, symbol: '600519&adjust=hfq' }],
  ['the word that takes another path', 'stock_zh_a_hist', { ...HISTORY, symbol: 'cookie' }],
  ['digits of another script', 'stock_zh_a_hist', { ...HISTORY, symbol: '６００５１９' }],
  ['a suffix', 'stock_zh_a_hist', { ...HISTORY, symbol: '600519.SH' }],
  ['a bare code where a prefix is due', 'stock_zh_a_daily', { ...factorParams(), symbol: '600519' }],
  ['a date with dashes', 'stock_zh_a_hist', { ...HISTORY, start_date: '2024-01-02' }],
  ['a day that does not exist', 'stock_zh_a_hist', { ...HISTORY, end_date: '20240230' }],
  ['a number', 'stock_zh_a_hist', { ...HISTORY, symbol: 600519 }],
  ['a list of values', 'stock_zh_a_hist', { ...HISTORY, symbol: ['600519'] }],
  ['another period', 'stock_zh_a_hist', { ...HISTORY, period: 'weekly' }],
  ['an adjustment', 'stock_zh_a_hist', { ...HISTORY, adjust: 'qfq' }],
  ['a parameter that is not there', 'stock_zh_a_hist', { ...HISTORY, timeout: '10' }],
  ['a list that is none', 'stock_info_sh_delist', { symbol: '全部 ' }],
  ['a day within a quarter', 'stock_lrb_em', { date: '20240330' }],
  ...Object.keys(HISTORY).map(
    (name) =>
      [
        `${name} left to AKShare's default`,
        'stock_zh_a_hist',
        Object.fromEntries(Object.entries(HISTORY).filter(([key]) => key !== name)),
      ] satisfies [string, string, object],
  ),
  ['a parameter inherited from elsewhere', 'stock_zh_a_hist', Object.create(HISTORY) as typeof HISTORY],
])('%s is refused before anything is sent', (_, name, params) =>
  withBridge(
    () => [],
    async ({ client, asked }) => {
      const error = await sourceErrorOf(
        client.call(name as 'stock_zh_a_hist', params as never, new AbortController().signal),
      )
      expect(error.errorClass).toBe('BadRequest')
      expect(error.message).toMatch(/not sent/)
      expect(asked).toEqual([])
    },
  ),
)

function factorParams() {
  return { symbol: 'sh600519', start_date: '19900101', end_date: '21000118', adjust: 'hfq-factor' }
}

test('what may be sent arrives as it was given, Chinese percent-encoded', () =>
  withBridge(
    () => [{ any: 'row' }],
    async ({ client, asked, context }) => {
      await client.call('stock_zh_a_hist', HISTORY, context.signal)
      await client.call('stock_info_sz_delist', { symbol: '终止上市公司' }, context.signal)
      await client.call('stock_zh_a_daily', factorParams(), context.signal)
      expect(asked.map(({ path, params }) => [path, params])).toEqual([
        ['/api/public/stock_zh_a_hist', HISTORY],
        ['/api/public/stock_info_sz_delist', { symbol: '终止上市公司' }],
        ['/api/public/stock_zh_a_daily', factorParams()],
      ])
      // An empty value keeps its `=`: without it AKTools would not see the parameter.
      expect(asked[0]?.query).toMatch(/&adjust=$/)
      expect(asked[1]?.query).toBe('symbol=%E7%BB%88%E6%AD%A2%E4%B8%8A%E5%B8%82%E5%85%AC%E5%8F%B8')
    },
  ))

test('every function says all its parameters, so an empty list of them is refused where there are any', () => {
  for (const [name, { params }] of Object.entries(FUNCTIONS))
    expect(refusalOf(name, {}) === null).toBe(Object.keys(params).length === 0)
})
