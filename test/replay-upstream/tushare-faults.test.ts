import { expect, test } from 'vitest'
import type { Fault } from '../../local/replay/faults.ts'
import { createFaultPlan } from '../../local/replay/faults.ts'
import { call, post, rows, TOKEN, withReplay } from './client.ts'

const DAY = { trade_date: '20261120' }

const withFaults = (
  faults: readonly Fault[],
  test: (url: string, calm: Record<string, unknown>[]) => Promise<void>,
) =>
  withReplay({}, async ({ url, setFaults }) => {
    const calm = rows(await call(url, 'daily', DAY))
    setFaults(faults)
    await test(url, calm)
  })

test('row faults damage the rows as they say', async () => {
  await withFaults([{ kind: 'empty' }], async (url) =>
    expect(rows(await call(url, 'daily', DAY))).toEqual([]),
  )
  await withFaults([{ kind: 'half_day', percent: 25 }], async (url, calm) =>
    expect(rows(await call(url, 'daily', DAY))).toEqual(calm.slice(0, Math.floor(calm.length / 4))),
  )
  await withFaults([{ kind: 'duplicates' }], async (url, calm) => {
    const served = rows(await call(url, 'daily', DAY))
    expect(served.length).toBeGreaterThan(calm.length)
    expect(served.slice(calm.length)).toEqual(calm.slice(0, served.length - calm.length))
  })
  await withFaults([{ kind: 'wrong_unit' }], async (url, calm) => {
    const [first] = rows(await call(url, 'daily', DAY))
    expect(first?.vol).toBeCloseTo(Number(calm[0]?.vol) * 100, 3)
    expect(first?.amount).toBe(calm[0]?.amount)
  })
})

test('a column goes missing or gets another name', async () => {
  await withFaults([{ kind: 'missing_column', column: 'close' }], async (url) =>
    expect((await call(url, 'daily', DAY)).data?.fields).not.toContain('close'),
  )
  await withFaults([{ kind: 'renamed_column', column: 'vol', to: 'volume' }], async (url) =>
    expect((await call(url, 'daily', DAY)).data?.fields).toContain('volume'),
  )
})

test.each([
  ['high_below_low', (row: Record<string, unknown>) => Number(row.high) < Number(row.low)],
  ['null_close', (row: Record<string, unknown>) => row.close === null],
  ['bad_date', (row: Record<string, unknown>) => !/^\d{8}$/.test(String(row.trade_date))],
] as const)('a bad row can be %s', (damage, isBad) =>
  withFaults([{ kind: 'bad_row', damage, row: 2 }], async (url) => {
    expect(
      rows(await call(url, 'daily', DAY))
        .map(isBad)
        .indexOf(true),
    ).toBe(2)
  }),
)

test.each([
  [{ kind: 'rate_limited', limit: 200 }, 40203, '频率超限(200次/分钟)'],
  [{ kind: 'rate_limited', limit: 2, span: 'day' }, 40203, '您每天最多访问该接口2次'],
  [{ kind: 'no_permission' }, 40203, '没有接口(daily)访问权限'],
  [{ kind: 'bad_token' }, 40101, '您的token不对'],
  [{ kind: 'too_many_addresses' }, 40204, '您的IP数量超限，最大数量为2个！'],
] as const)('%j answers with code %i', (fault, code, text) =>
  withFaults([fault], async (url) => {
    const reply = await call(url, 'daily', DAY)
    expect(reply.code).toBe(code)
    expect(reply.msg).toContain(text)
  }),
)

test('the wire itself can fail', async () => {
  const body = { api_name: 'daily', token: TOKEN, params: DAY }
  await withFaults([{ kind: 'reset' }], async (url) => expect(post(url, body)).rejects.toThrow())
  await withFaults([{ kind: 'http_status', status: 503 }], async (url) =>
    expect((await post(url, body)).status).toBe(503),
  )
  await withFaults([{ kind: 'html' }], async (url) => {
    const response = await post(url, body)
    expect([response.status, (await response.text()).startsWith('<!DOCTYPE')]).toEqual([200, true])
  })
  await withFaults([{ kind: 'truncated' }], async (url) =>
    expect((await post(url, body)).json()).rejects.toThrow(),
  )
  await withFaults([{ kind: 'hang' }], async (url) => {
    const options = { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(200) }
    await expect(fetch(url, options)).rejects.toThrow()
  })
  await withFaults([{ kind: 'latency', ms: 120 }], async (url) => {
    const started = performance.now()
    await call(url, 'daily', DAY)
    expect(performance.now() - started).toBeGreaterThan(110)
  })
})

test('a fault happens to the calls it names, as often as it says', () =>
  withFaults(
    [
      { kind: 'empty', api: 'daily', nth: 2 },
      { kind: 'bad_token', codes: ['600001.SH'], count: 1 },
    ],
    async (url) => {
      const served = async (params: Record<string, string>) =>
        (await call(url, 'daily', params)).data?.items.length
      expect(await served({ ts_code: '600001.SH', ...DAY })).toBeUndefined()
      expect(await served({ ts_code: '600001.SH', ...DAY })).toBe(0)
      expect(await served({ ts_code: '600001.SH', ...DAY })).toBe(1)
      expect((await call(url, 'trade_cal')).code).toBe(0)
    },
  ))

test('probabilities draw the same in every run, and time windows open and close', () => {
  const draws = () => {
    const plan = createFaultPlan([{ kind: 'reset', probability: 0.3, seed: 7 }], 0)
    return Array.from({ length: 200 }, () => plan.match({ api: 'daily', params: {}, now: 0 }).length)
  }
  expect(draws()).toEqual(draws())
  expect(draws().reduce((sum, hit) => sum + hit)).toBeGreaterThan(30)
  const plan = createFaultPlan([{ kind: 'reset', afterMs: 10, untilMs: 20 }], 1000)
  const hits = [1005, 1010, 1019, 1020].map((now) => plan.match({ api: 'daily', params: {}, now }).length)
  expect(hits).toEqual([0, 1, 1, 0])
})
