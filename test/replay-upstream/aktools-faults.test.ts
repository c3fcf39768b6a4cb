import { describe, expect, test } from 'vitest'
import type { AktoolsFault } from '../../local/replay/aktools/faults.ts'
import { callUrl, rowsOf, statusOf, withAktools } from './aktools-client.ts'
import type { Row } from './aktools-client.ts'

const SPOT = 'stock_zh_a_spot_em'

/** The snapshot without and with a fault of it. */
const withFault = (fault: AktoolsFault, claim: (calm: Row[], served: Row[]) => void) =>
  withAktools({}, async ({ url, control }) => {
    const calm = await rowsOf(url, SPOT)
    control.setFaults([{ api: SPOT, ...fault }])
    claim(calm, await rowsOf(url, SPOT))
    expect((await rowsOf(url, 'stock_zh_a_spot')).length).toBe(calm.length)
  })

describe('damaged frames', () => {
  test('nothing for symbols that are known', () =>
    withAktools({ faults: [{ kind: 'empty', codes: ['600001.SH'] }] }, async ({ url }) => {
      const bars = (symbol: string) => rowsOf(url, 'stock_zh_a_hist', { symbol })
      expect(await bars('600001')).toEqual([])
      expect(await bars('000001')).not.toEqual([])
      expect(await rowsOf(url, 'stock_zh_a_daily', { symbol: 'sh600001' })).toEqual([])
    }))

  test('a snapshot of one page', () =>
    withFault({ kind: 'half_day', rows: 20 }, (calm, served) => expect(served).toEqual(calm.slice(0, 20))))

  test('a page is 100 rows where there are more, else it is the half', () =>
    withAktools({ faults: [{ kind: 'half_day' }] }, async ({ url }) => {
      expect((await rowsOf(url, SPOT)).length).toBeLessThan(50)
      expect((await rowsOf(url, 'tool_trade_date_hist_sina')).length).toBe(100)
    }))

  test('stocks that come twice', () =>
    withFault({ kind: 'duplicates' }, (calm, served) => {
      expect(served.length).toBeGreaterThan(calm.length)
      expect(served.slice(calm.length)).toEqual(calm.slice(0, served.length - calm.length))
    }))

  test('a column that is missing', () =>
    withFault({ kind: 'missing_column' }, (calm, served) => {
      const names = Object.keys(calm[0] ?? {})
      expect(Object.keys(served[0] ?? {})).toEqual(names.filter((name) => name !== '成交额'))
    }))

  test('a column with another name', () =>
    withFault({ kind: 'renamed_column', column: '最新价', to: '现价' }, (calm, served) => {
      const names = Object.keys(calm[0] ?? {})
      expect(Object.keys(served[0] ?? {})).toEqual(names.map((name) => (name === '最新价' ? '现价' : name)))
      expect(served.map((row) => row.现价)).toEqual(calm.map((row) => row.最新价))
    }))

  test('shares where lots belong', () =>
    withFault({ kind: 'wrong_unit' }, (calm, served) => {
      const lots = calm.map((row) => row.成交量)
      expect(served.map((row) => row.成交量)).toEqual(lots.map((n) => (n === null ? null : Number(n) * 100)))
      expect(served.map((row) => row.成交额)).toEqual(calm.map((row) => row.成交额))
    }))

  test('negative prices', () =>
    withFault({ kind: 'negative_prices' }, (calm, served) => {
      expect(served[0]?.最新价).toBe(-Number(calm[0]?.最新价))
      const traded = served.filter((row) => row.最新价 !== null)
      expect(traded.every((row) => Number(row.最高) < 0 && Number(row.最高) >= Number(row.最低))).toBe(true)
    }))

  test('rows that cannot be', () =>
    withAktools({}, async ({ url, control }) => {
      const bars = () => rowsOf(url, 'stock_zh_a_hist', { symbol: '600001' })
      const bad = async (damage: AktoolsFault['damage']): Promise<Row | undefined> => {
        control.setFaults([{ kind: 'bad_row', row: 2, ...(damage !== undefined && { damage }) }])
        return (await bars())[2]
      }
      const upsideDown = await bad('high_below_low')
      expect(Number(upsideDown?.最高)).toBeLessThan(Number(upsideDown?.最低))
      expect((await bad('null_close'))?.收盘).toBeNull()
      expect((await bad('bad_date'))?.日期).toMatch(/^\d{4}-13-45T/)
    }))

  test('the session before', () =>
    withAktools({}, async ({ url, control }) => {
      const bars = () => rowsOf(url, 'stock_zh_a_hist', { symbol: '600001' })
      const price = (rows: Row[]) => rows.find((row) => row.代码 === '600001')?.最新价
      const [today, all] = [await rowsOf(url, SPOT), await bars()]
      control.setFaults([{ kind: 'stale', site: 'eastmoney' }])
      const stale = await rowsOf(url, SPOT)
      expect(price(today)).toBe(all.at(-1)?.收盘)
      expect(price(stale)).toBe(all.at(-2)?.收盘)
      expect(stale).not.toEqual(today)
      expect(await bars()).toEqual(all.slice(0, -1))
    }))
})

describe('answers that are none', () => {
  const textOf = async (url: string, fault: AktoolsFault, setFaults: (list: AktoolsFault[]) => unknown) => {
    setFaults([fault])
    const response = await fetch(callUrl(url, SPOT))
    return [response.status, response.headers.get('content-type'), await response.text()]
  }

  test('from inside of AKTools', () =>
    withAktools({}, async ({ url, control }) => {
      const answer = (fault: AktoolsFault) => textOf(url, fault, control.setFaults)
      expect(await answer({ kind: 'error500' })).toEqual([
        500,
        'text/plain; charset=utf-8',
        'Internal Server Error',
      ])
      expect(await answer({ kind: 'error404' })).toEqual([
        404,
        'application/json',
        `{"error":"请输入正确的参数错误 'data'，请升级 AKShare 到最新版本并在文档中确认该接口的使用方式：https://akshare.akfamily.xyz"}`,
      ])
      expect(await answer({ kind: 'no_frame' })).toEqual([
        404,
        'application/json',
        '{"error":"该接口返回数据为空，请确认参数是否正确：https://akshare.akfamily.xyz"}',
      ])
    }))

  test('from the wire', () =>
    withAktools({}, async ({ url, control }) => {
      const answer = (fault: AktoolsFault) => textOf(url, fault, control.setFaults)
      expect((await answer({ kind: 'http_status', status: 503 })).slice(0, 2)).toEqual([503, 'text/html'])
      const [status, type, page] = await answer({ kind: 'html' })
      expect([status, type]).toEqual([200, 'text/html; charset=utf-8'])
      expect(page).toMatch(/^<!DOCTYPE html>/)
      const [, , cut] = await answer({ kind: 'truncated' })
      expect(() => JSON.parse(String(cut)) as unknown).toThrow()
      await expect(answer({ kind: 'reset' })).rejects.toThrow()
      await expect(answer({ kind: 'hang', ms: 50 })).rejects.toThrow()
      control.setFaults([{ kind: 'hang' }])
      await expect(fetch(callUrl(url, SPOT), { signal: AbortSignal.timeout(200) })).rejects.toThrow()
      const started = performance.now()
      expect((await answer({ kind: 'latency', ms: 120 }))[0]).toBe(200)
      expect(performance.now() - started).toBeGreaterThan(110)
    }))
})

describe('bans', () => {
  const bars = (url: string, symbol: string) => statusOf(url, 'stock_zh_a_hist', { symbol })

  test('hold for one site, from a number of calls in a window on, for a while', async () => {
    let now = 1_000_000
    const ban: AktoolsFault = { kind: 'ban', site: 'eastmoney', calls: 2, windowMs: 1000, ms: 5000 }
    await withAktools({ faults: [ban], now: () => now }, async ({ url, control }) => {
      expect(await bars(url, '600001')).toBe(200)
      now += 1001
      // The first call is outside of the window by now.
      expect([await bars(url, '600001'), await bars(url, '000001')]).toEqual([200, 200])
      expect(await bars(url, '600001')).toBe(500)
      expect(control.faults()[0]?.bannedUntil).toBe(now + 5000)
      expect(await statusOf(url, SPOT)).toBe(500)
      expect(await statusOf(url, 'stock_zh_a_spot')).toBe(200)
      expect(await statusOf(url, 'stock_info_sh_name_code')).toBe(200)
      now += 4999
      expect(await bars(url, '600001')).toBe(500)
      now += 1
      expect(await bars(url, '600001')).toBe(200)
    })
  })

  test('refuse nothing that asks no site', () =>
    withAktools({ faults: [{ kind: 'ban', calls: 1 }] }, async ({ url, requests }) => {
      expect(await statusOf(url, 'stock_info_a_code_name')).toBe(200)
      // Wrong arguments never reach the site, and a list that is kept is not asked again.
      expect(await statusOf(url, 'stock_zh_a_hist', { adjust: 'zzz' })).toBe(404)
      expect(await statusOf(url, 'stock_zh_a_hist', { foo: '1' })).toBe(500)
      expect(await bars(url, '600001')).toBe(500)
      expect(await statusOf(url, 'stock_info_a_code_name')).toBe(200)
      expect(requests().calls.map(({ outcome }) => outcome)).toEqual([
        'ok',
        'key_error',
        'bad_argument',
        'fault:ban',
        'ok',
      ])
    }))
})

test('faults happen to the calls that they name, as often as they say', () =>
  withAktools({}, async ({ url, control }) => {
    control.setFaults([
      { kind: 'error500', site: 'sina', count: 2 },
      { kind: 'error500', api: 'stock_zh_a_hist', nth: 2 },
      { kind: 'empty', api: 'stock_zh_a_hist', date: '20261120' },
    ])
    const sina = async () => [await statusOf(url, 'stock_zh_a_spot'), await statusOf(url, 'stock_zh_a_daily')]
    expect(await sina()).toEqual([500, 500])
    expect(await statusOf(url, 'stock_zh_a_spot')).toBe(200)
    const day = { symbol: '600001', start_date: '20261120', end_date: '20261120' }
    expect(await rowsOf(url, 'stock_zh_a_hist', day)).toEqual([])
    expect(await statusOf(url, 'stock_zh_a_hist', { symbol: '600001' })).toBe(500)
    expect(await rowsOf(url, 'stock_zh_a_hist', { symbol: '600001' })).not.toEqual([])
    expect(control.faults().map(({ matched, fired }) => [matched, fired])).toEqual([
      [3, 2],
      [3, 1],
      [1, 1],
    ])
    expect(() => control.setFaults([{ kind: 'rate_limited' } as unknown as AktoolsFault])).toThrow(
      'no such fault: rate_limited',
    )
  }))
