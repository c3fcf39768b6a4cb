import { gunzipSync } from 'node:zlib'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { call, post, rows, TOKEN, withReplay } from './client.ts'

const DAILY = 'ts_code trade_date open high low close pre_close change pct_chg vol amount'.split(' ')

test('daily answers a whole session with the documented fields, in upstream units', () =>
  withReplay({}, async ({ url }, market) => {
    const reply = await call(url, 'daily', { trade_date: '20261120' })
    expect(reply).toMatchObject({ code: 0, msg: '', data: { fields: DAILY, has_more: false, count: -1 } })
    const truth = [...market.truthBars()].filter((bar) => bar.trade_date === '2026-11-20')
    expect(rows(reply)).toEqual(
      truth.map((bar) => ({
        ts_code: bar.symbol,
        trade_date: '20261120',
        open: Number(bar.open),
        high: Number(bar.high),
        low: Number(bar.low),
        close: Number(bar.close),
        pre_close: Number(bar.pre_close),
        change: Number(bar.change),
        pct_chg: Number(bar.pct_chg),
        vol: bar.volume / 100,
        amount: Number(bar.amount) / 1000,
      })),
    )
  }))

test('a list of codes over a range comes newest first, on any path, with fields in the order of the server', () =>
  withReplay({}, async ({ url }) => {
    const reply = await call(
      `${url}/dataapi/daily`,
      'daily',
      { ts_code: '600001.SH,000001.SZ,999999.SH', start_date: '20261101', end_date: '20261110', limit: '' },
      'close,trade_date,ts_code,nonsense',
    )
    expect(reply.data?.fields).toEqual(['ts_code', 'trade_date', 'close'])
    const dates = rows(reply).map((row) => String(row.trade_date))
    expect(dates).toEqual([...dates].sort().reverse())
    expect(new Set(rows(reply).map((row) => row.ts_code))).toEqual(new Set(['600001.SH', '000001.SZ']))
    expect(dates.every((date) => date >= '20261101' && date <= '20261110')).toBe(true)
  }))

test('an answer is cut at the cap without a word but has_more; offset goes on', () =>
  withReplay({ market: createSandboxMarket({ stocks: 60, years: 2 }) }, async ({ url }, market) => {
    const first = await call(url, 'daily')
    expect(rows(first).length).toBe(6000)
    expect(first.data?.has_more).toBe(true)
    const all = rows(first)
    for (let more = first; more.data?.has_more === true;) {
      more = await call(url, 'daily', { offset: all.length, limit: 99_999 })
      all.push(...rows(more))
    }
    expect(all.length).toBe([...market.truthBars()].length)
    expect(new Set(all.map((row) => `${String(row.ts_code)}${String(row.trade_date)}`)).size).toBe(all.length)
  }))

test('the older server cuts without saying so', () =>
  withReplay({ generation: 'classic' }, async ({ url }) => {
    const { data } = await call(url, 'daily')
    expect(data?.items.length).toBe(6000)
    expect(data).not.toHaveProperty('has_more')
  }))

test.each([
  ['a Saturday', { trade_date: '20261121' }],
  ['tomorrow', { trade_date: '20261123' }],
  ['an unknown code', { ts_code: '999999.SH' }],
  ['a date with dashes', { trade_date: '2026-11-20' }],
])('%s is an empty success', (_, params) =>
  withReplay({}, async ({ url }) => {
    expect(await call(url, 'daily', params)).toMatchObject({ code: 0, data: { items: [], has_more: false } })
  }),
)

test('factors, suspensions and lists tell the same story as the market', () =>
  withReplay({}, async ({ url }, market) => {
    const factors = rows(await call(url, 'adj_factor', { ts_code: '600001.SH' }))
    expect(factors.map((row) => row.adj_factor).reverse()).toEqual(
      [...market.truthFactors('600001.SH')].map((row) => Number(row.factor)),
    )
    const suspended = rows(await call(url, 'suspend_d'))
    const key = (row: Record<string, unknown>): string => Object.values(row).join()
    expect(suspended.map(key).sort()).toEqual(
      [...market.truthSuspensions()]
        .map(({ symbol, trade_date, timing, type }) =>
          [symbol, trade_date.replaceAll('-', ''), timing, type].join(),
        )
        .sort(),
    )
    const fields = 'ts_code,list_status,list_date,delist_date'
    const listed = rows(await call(url, 'stock_basic', {}, fields))
    const gone = rows(await call(url, 'stock_basic', { list_status: 'D' }, fields))
    const held = rows(await call(url, 'stock_basic', { list_status: 'P' }, fields))
    expect(listed.length + gone.length + held.length).toBe(market.instruments.length)
    expect(gone.every((row) => row.delist_date !== null && row.list_status === 'D')).toBe(true)
    expect(listed.every((row) => row.delist_date === null)).toBe(true)
  }))

test('trade_cal is newest first with whole numbers, knows closed days, and nothing of Beijing', () =>
  withReplay({}, async ({ url }) => {
    const params = { exchange: '', start_date: '20260930', end_date: '20261009' }
    const reply = await call(url, 'trade_cal', params, 'exchange,cal_date,is_open,pretrade_date')
    expect(rows(reply)[0]).toEqual({
      exchange: 'SSE',
      cal_date: '20261009',
      is_open: 1,
      pretrade_date: '20261008',
    })
    expect(rows(reply).filter((row) => row.is_open === 1).length).toBe(3)
    expect(rows(await call(url, 'trade_cal', { exchange: 'BSE' }))).toEqual([])
    expect((await call(url, 'trade_cal')).data?.has_more).toBe(true)
  }))

test.each([
  ['a wrong token', { token: 'other' }, 40101, '您的token不对，请确认。'],
  ['no token', { token: undefined }, 40101, '您上传Token！'],
  ['a call without what the API needs', { api_name: 'income' }, 50101, '必填参数, ts_code'],
  ['an unknown API', { api_name: 'pro_bar' }, 40101, '请指定正确的接口名'],
  [
    'an offset past 100,000',
    { params: { offset: 100_001 } },
    50101,
    '查询数据失败，请确认参数！可以反馈管理员协助您排查问题',
  ],
])('%s is refused with status 200', (_, change, code, msg) =>
  withReplay({}, async ({ url }) => {
    const response = await post(url, { api_name: 'daily', token: TOKEN, params: {}, fields: '', ...change })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ code, msg, data: null })
  }),
)

test('a body that is no JSON is refused as upstream does it', () =>
  withReplay({}, async ({ url }) => {
    expect(await (await post(url, '{')).json()).toMatchObject({ code: 40101, msg: '不是合格的json格式，EOF' })
  }))

test('120 points are enough for daily and nothing else', () =>
  withReplay({ points: 120 }, async ({ url }) => {
    expect((await call(url, 'daily', { trade_date: '20261120' })).code).toBe(0)
    for (const api of ['stock_basic', 'trade_cal', 'adj_factor', 'suspend_d']) {
      expect(await call(url, api)).toMatchObject({
        code: 40203,
        msg: `抱歉，您没有接口(${api})访问权限，权限的具体详情访问：https://tushare.pro/document/1?doc_id=108。`,
      })
    }
  }))

test('answers are compressed for those who ask', () =>
  withReplay({}, async ({ url }) => {
    const body = JSON.stringify({ api_name: 'daily', token: TOKEN, params: { trade_date: '20261120' } })
    const plain = await request(url, { method: 'POST', body })
    const packed = await request(url, { method: 'POST', body, headers: { 'accept-encoding': 'gzip' } })
    expect([plain.headers['content-encoding'], packed.headers['content-encoding']]).toEqual([
      undefined,
      'gzip',
    ])
    const items = (text: string): unknown => (JSON.parse(text) as { data: { items: unknown } }).data.items
    const unpacked = gunzipSync(Buffer.from(await packed.body.arrayBuffer())).toString()
    expect(items(unpacked)).toEqual(items(await plain.body.text()))
  }))
