import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { programOf } from '../support/programs.ts'
import { call, post, rows, TOKEN, withReplay } from './client.ts'

const DAY = { trade_date: '20261120' }

test('the control endpoints need the key', () =>
  withReplay({}, async ({ url, controlKey }) => {
    expect((await fetch(`${url}/__replay/stats`)).status).toBe(403)
    const headers = { 'x-replay-key': controlKey }
    expect((await fetch(`${url}/__replay/stats`, { headers })).status).toBe(200)
    expect((await fetch(`${url}/__replay/other`, { headers })).status).toBe(404)
    expect((await post(`${url}/__replay/faults`, { faults: [{ kind: 'nonsense' }] }, headers)).status).toBe(
      400,
    )
  }))

test('the journal tells what was asked, never with which token', () =>
  withReplay({}, async ({ url, controlKey }) => {
    await call(url, 'daily', DAY)
    await call(url, 'daily', DAY, '', 'wrong')
    const text = await (
      await fetch(`${url}/__replay/stats`, { headers: { 'x-replay-key': controlKey } })
    ).text()
    const stats = JSON.parse(text) as {
      calls: { api: string; outcome: string; params: object; rows: number }[]
    }
    expect(stats.calls).toMatchObject([
      { seq: 1, api: 'daily', outcome: 'ok', params: DAY },
      { seq: 2, api: 'daily', outcome: 'bad_token', rows: 0 },
    ])
    expect(text).not.toContain(TOKEN)
  }))

test('faults, corrections and a day that is only half there can be set from outside', () =>
  withReplay({}, async ({ url, controlKey }, market) => {
    const control = (path: string, body: unknown) =>
      post(`${url}/__replay/${path}`, body, { 'x-replay-key': controlKey })
    await control('faults', { faults: [{ kind: 'empty', count: 1 }] })
    expect(rows(await call(url, 'daily', DAY))).toEqual([])
    const whole = rows(await call(url, 'daily', DAY))
    await control('market', { hold: { date: '20261120', percent: 50 } })
    const part = rows(await call(url, 'daily', DAY))
    expect(part.length).toBeGreaterThan(whole.length / 4)
    expect(part.length).toBeLessThan(whole.length)
    const hidden = whole.find((row) => !part.some((shown) => shown.ts_code === row.ts_code))
    expect(rows(await call(url, 'daily', { ts_code: hidden?.ts_code, ...DAY }))).toEqual([])
    await control('market', { hold: { date: '20261120', percent: 100 } })
    expect(rows(await call(url, 'daily', DAY))).toEqual(whole)
    await control('market', {
      correct: [{ code: '600001.SH', date: '20261120', close: 1234 }],
      today: '20261123',
    })
    expect(rows(await call(url, 'daily', { ts_code: '600001.SH', ...DAY }))[0]?.close).toBe(12.34)
    expect(rows(await call(url, 'daily', { trade_date: '20261123' })).length).toBeGreaterThan(0)
    expect(market.calendar.sessions[market.lastSession]).toBe('20261123')
  }))

test('the process says READY and ends with its stdin', async () => {
  const args = [
    ...(await programOf('local/replay/main.ts')),
    '--stocks',
    '12',
    '--years',
    '1',
    '--token',
    TOKEN,
    '--limits',
    'daily=1',
  ]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const ready = JSON.parse(line.toString().replace('READY ', '')) as { url: string; label: string }
  expect(ready.label).toContain('sandbox')
  expect((await call(ready.url, 'daily', DAY)).code).toBe(0)
  expect((await call(ready.url, 'daily', DAY)).code).toBe(40203)
  child.stdin.end()
  expect(await once(child, 'exit')).toEqual([0, null])
})
