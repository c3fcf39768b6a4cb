import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { parseOptions } from '../../local/replay/options.ts'
import { programOf } from '../support/programs.ts'
import { openConnection, records } from './baostock-client.ts'
import { call, post, rows, TOKEN } from './client.ts'

interface Ready {
  readonly url: string
  readonly controlKey: string
  readonly aktools: { readonly url: string }
  readonly baostock: { readonly host: string; readonly port: number; readonly controlUrl: string }
}

test('one process plays all three upstreams from one market, and one key steers them', async () => {
  const program = await programOf('local/replay/main.ts')
  const args = ['--stocks', '12', '--years', '1', '--token', TOKEN, '--baostock-depth', 'newest']
  const child = spawn(process.execPath, [...program, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const ready = JSON.parse(line.toString().replace('READY ', '')) as Ready
  const headers = { 'x-replay-key': ready.controlKey }
  const control = [ready.url, ready.aktools.url, ready.baostock.controlUrl]
  // Today moves in one place and everywhere.
  const changed = await post(`${ready.baostock.controlUrl}/__replay/market`, { today: '20261123' }, headers)
  expect(changed.status).toBe(200)
  const states = await Promise.all(
    control.map(
      async (url) =>
        (await fetch(`${url}/__replay/market`, { headers })).json() as Promise<{ today: string }>,
    ),
  )
  expect(states.map(({ today }) => today)).toEqual(['20261123', '20261123', '20261123'])
  const connection = await openConnection(ready.baostock)
  await connection.login()
  const table = records(await connection.ask('98', 'query_daily_history_k_AStock', '2026-11-23'))
  const daily = rows(await call(ready.url, 'daily', { trade_date: '20261123' }))
  const closes = new Map(daily.map((row) => [row.ts_code, row.close]))
  expect(table.length).toBeGreaterThan(5)
  for (const { code = '', close, tradestatus } of table.filter((row) => row.tradestatus === '1')) {
    expect([tradestatus, Number(close)]).toEqual([
      '1',
      closes.get(`${code.slice(3)}.${code.slice(0, 2).toUpperCase()}`),
    ])
  }
  expect((await connection.ask('98', 'query_daily_history_k_AStock', '2026-11-20')).parts[4]).toBe('')
  await connection.close()
  child.stdin.end()
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('options of the other upstreams are read from the command line', () => {
  const options = parseOptions([
    ...['--baostock-port', '10030', '--baostock-quota', '40', '--baostock-depth', '2015-01-05'],
    ...['--baostock-faults', '[{"kind":"black_list"}]', '--aktools-port', '8080', '--latency', 'live'],
  ])
  expect(options.baostock).toEqual({
    port: 10_030,
    latency: 'live',
    faults: [{ kind: 'black_list' }],
    depth: '2015-01-05',
    dailyQuota: 40,
  })
  expect(options.aktools).toEqual({ port: 8080, latency: 'live', faults: [] })
  expect(() => parseOptions(['--baostock-depth', 'deep'])).toThrow('--baostock-depth')
})
