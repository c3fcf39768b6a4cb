import { expect, test } from 'vitest'
import { parseLimits, parseOptions } from '../../local/replay/options.ts'
import { createRateLimiter } from '../../local/replay/tushare/rate-limits.ts'
import { call, withReplay } from './client.ts'

test('a minute is a window that slides', () => {
  const limiter = createRateLimiter({ daily: 2 })
  const at = (ms: number) => limiter.take('t', 'daily', ms)
  expect([at(0), at(30_000)]).toEqual([undefined, undefined])
  expect(at(59_999)).toEqual({ span: 'minute', limit: 2 })
  expect(at(60_000)).toBeUndefined()
  expect(at(60_001)).toBeDefined()
  expect(at(90_000)).toBeUndefined()
})

test('tokens and APIs do not share a limit', () => {
  const limiter = createRateLimiter({ '*': 1, daily: { day: 1 } })
  expect(limiter.take('a', 'stock_basic', 0)).toBeUndefined()
  expect(limiter.take('b', 'stock_basic', 0)).toBeUndefined()
  expect(limiter.take('a', 'adj_factor', 0)).toBeUndefined()
  expect(limiter.take('a', 'stock_basic', 1)).toEqual({ span: 'minute', limit: 1 })
})

test('a day ends at midnight in Shanghai', () => {
  const limiter = createRateLimiter({ daily: { day: 1 } })
  const evening = Date.parse('2026-11-20T23:59:00+08:00')
  expect(limiter.take('t', 'daily', evening)).toBeUndefined()
  expect(limiter.take('t', 'daily', evening + 59_000)).toEqual({ span: 'day', limit: 1 })
  expect(limiter.take('t', 'daily', evening + 60_000)).toBeUndefined()
})

test.each([
  [
    '2026',
    3,
    '抱歉，您访问接口(daily)频率超限(3次/分钟)，具体频次详情：https://tushare.pro/document/1?doc_id=108。',
  ],
  [
    'classic',
    3,
    '抱歉，您每分钟最多访问该接口3次，权限的具体详情访问：https://tushare.pro/document/1?doc_id=108。',
  ],
  [
    '2026',
    { hour: 3 },
    '抱歉，您每小时最多访问该接口3次，权限的具体详情访问：https://tushare.pro/document/1?doc_id=108。',
  ],
  [
    '2026',
    { day: 3 },
    '抱歉，您每天最多访问该接口3次，权限的具体详情访问：https://tushare.pro/document/1?doc_id=108。',
  ],
] as const)('the %s server words a limit of %j exactly', (generation, limit, msg) =>
  withReplay({ generation, limits: { daily: limit } }, async ({ url, stats }) => {
    for (let i = 0; i < 3; i++) expect((await call(url, 'daily', { trade_date: '20261120' })).code).toBe(0)
    expect(await call(url, 'daily')).toMatchObject({ code: 40203, msg, data: null })
    expect(stats().byApi.daily).toMatchObject({ calls: 4, ok: 3, other: { rate_limited: 1 } })
  }),
)

test('limits are read from the command line', () => {
  expect(parseLimits('daily=500,daily=8000/d,stock_basic=1/h,*=200')).toEqual({
    daily: { minute: 500, day: 8000 },
    stock_basic: { hour: 1 },
    '*': { minute: 200 },
  })
  expect(() => parseLimits('daily:5')).toThrow('--limits')
  expect(() => parseOptions(['--stocks', 'many'])).toThrow('--stocks')
  expect(() => parseOptions(['--nonsense'])).toThrow()
})
