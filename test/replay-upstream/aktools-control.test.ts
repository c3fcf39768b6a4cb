import { expect, test } from 'vitest'
import { rowsOf, statusOf, withAktools } from './aktools-client.ts'

const LISTS = [
  'stock_info_sh_name_code',
  'stock_info_sz_name_code',
  'stock_info_bj_name_code',
  'stock_info_a_code_name',
] as const

test('four lists keep their first answer until the process starts again', () =>
  withAktools({}, async ({ url, control }, market) => {
    const lists = () => Promise.all(LISTS.map((name) => rowsOf(url, name)))
    control.changeMarket({ today: '20260105' })
    const before = await lists()
    control.changeMarket({ today: '20261120' })
    expect(await lists()).toEqual(before)
    control.restart()
    const after = await lists()
    after.forEach((list, at) => expect(list).not.toEqual(before[at]))
    const listed = [...market.truthStocks()].filter(({ status }) => status !== 'D')
    expect(after[3]?.map(({ code }) => code).sort()).toEqual(
      listed.map(({ symbol }) => symbol.slice(0, 6)).sort(),
    )
  }))

test('the list of all is made of what the parts keep, and each spelling of a call is kept apart', () =>
  withAktools({}, async ({ url, control }) => {
    control.changeMarket({ today: '20260105' })
    const spelled = { symbol: 'A股列表' }
    const old = await rowsOf(url, 'stock_info_sz_name_code', spelled)
    control.changeMarket({ today: '20261120' })
    const codes = async () =>
      (await rowsOf(url, 'stock_info_a_code_name'))
        .map((row) => String(row.code))
        .filter((code) => /^[03]/.test(code))
    expect(await codes()).toEqual(old.map((row) => row.A股代码))
    expect(await rowsOf(url, 'stock_info_sz_name_code')).not.toEqual(old)
  }))

test('an answer that failed is not kept', () =>
  withAktools({ faults: [{ kind: 'error500', site: 'exchanges', count: 1 }] }, async ({ url }) => {
    expect(await statusOf(url, 'stock_info_a_code_name')).toBe(500)
    expect(await statusOf(url, 'stock_info_a_code_name')).toBe(200)
  }))

test('the control endpoints need the key and do what the handle does', () =>
  withAktools({}, async ({ url, controlKey }, market) => {
    expect((await fetch(`${url}/__replay/stats`)).status).toBe(403)
    const headers = { 'x-replay-key': controlKey }
    const post = async (path: string, body: unknown): Promise<[number, unknown]> => {
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const response = await fetch(`${url}/__replay/${path}`, init)
      return [response.status, await response.json()]
    }
    expect((await post('faults', { faults: [{ kind: 'nonsense' }] }))[0]).toBe(400)
    expect((await post('other', {}))[0]).toBe(404)
    expect((await post('faults', { faults: [{ kind: 'empty', count: 1 }] }))[0]).toBe(200)
    const bars = () => rowsOf(url, 'stock_zh_a_hist', { symbol: '600001' })
    expect(await bars()).toEqual([])
    const whole = await bars()
    await post('market', { correct: [{ code: '600001.SH', date: '20261120', close: 1234 }] })
    expect((await bars()).at(-1)?.收盘).toBe(12.34)
    await post('market', { hold: { date: '20261120', percent: 0 } })
    expect(await bars()).toEqual(whole.slice(0, -1))
    expect((await rowsOf(url, 'stock_zh_a_spot_em')).every((row) => row.最新价 === null)).toBe(true)
    expect((await post('market', { today: '20261123' }))[1]).toMatchObject({ today: '20261123' })
    expect(market.calendar.sessions[market.lastSession]).toBe('20261123')
    expect((await post('restart', {}))[0]).toBe(200)
  }))

test('the journal tells what was asked and what became of it', () =>
  withAktools({}, async ({ url, requests, controlKey }) => {
    await rowsOf(url, 'stock_zh_a_hist', { symbol: '600001', start_date: '20261119' })
    await rowsOf(url, 'stock_zh_a_hist', { symbol: '999999' })
    await statusOf(url, 'stock_zh_a_daily', { symbol: 'sh999999' })
    await statusOf(url, 'stock_nothing')
    expect(requests().calls).toMatchObject([
      {
        api: 'stock_zh_a_hist',
        params: { symbol: '600001', start_date: '20261119' },
        rows: 2,
        outcome: 'ok',
      },
      { api: 'stock_zh_a_hist', params: { symbol: '999999' }, rows: 0, outcome: 'ok' },
      { api: 'stock_zh_a_daily', rows: 0, outcome: 'site_error' },
      { api: 'stock_nothing', rows: 0, outcome: 'unknown_function' },
    ])
    const headers = { 'x-replay-key': controlKey }
    const stats = await (await fetch(`${url}/__replay/stats?since=3`, { headers })).json()
    expect(stats).toMatchObject({ total: 4, calls: [{ seq: 4 }], faults: [] })
  }))

test('live latency waits as the sites do', () =>
  withAktools({ latency: 'live' }, async ({ url }) => {
    const timed = async (name: string): Promise<number> => {
      const started = performance.now()
      await rowsOf(url, name)
      return performance.now() - started
    }
    expect(await timed('stock_info_sh_name_code')).toBeGreaterThan(190)
    // One page of a snapshot, with the pause after it.
    expect(await timed('stock_zh_a_spot_em')).toBeGreaterThan(1190)
  }))
