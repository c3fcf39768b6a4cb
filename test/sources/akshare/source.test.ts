import { expect, test } from 'vitest'
import {
  AKSHARE_CAPABILITIES,
  AKSHARE_LIST_PARTS,
  AKSHARE_SITES,
  akshareLimits,
} from '../../../market/akshare.ts'
import { FUNCTIONS } from '../../../sources/akshare/functions.ts'
import { AkshareSource } from '../../../sources/akshare/source.ts'
import { factorRows, history } from './rows.ts'
import { callFor, FRIDAY, type Reply, sourceErrorOf, withBridge } from './upstream.ts'

const UNSET = { callsPerMinute: undefined, minIntervalMs: undefined }

test('East Money is asked every 3 s and 200 times a day, the others twice a second', () => {
  const none = { perMinute: null, perHour: null, perDay: null }
  expect(akshareLimits('eastmoney', UNSET)).toEqual({ ...none, perDay: 200, minIntervalMs: 3_000 })
  for (const site of ['sina', 'exchanges'])
    expect(akshareLimits(site, UNSET)).toEqual({ ...none, minIntervalMs: 500 })
})

test.each([
  ['an interval', { ...UNSET, minIntervalMs: 9_000 }, { perMinute: null, perDay: 200, minIntervalMs: 9_000 }],
  ['no interval', { ...UNSET, minIntervalMs: 0 }, { perMinute: null, perDay: 200, minIntervalMs: 0 }],
  ['calls a minute', { ...UNSET, callsPerMinute: 30 }, { perMinute: 30, perDay: null, minIntervalMs: 0 }],
  ['no limit', { ...UNSET, callsPerMinute: 0 }, { perMinute: null, perDay: null, minIntervalMs: 0 }],
  ['both', { callsPerMinute: 30, minIntervalMs: 700 }, { perMinute: 30, perDay: null, minIntervalMs: 700 }],
])('%s can be set instead', (_, settings, limits) => {
  expect(akshareLimits('eastmoney', settings)).toMatchObject(limits)
})

test('budgets and rests belong to the web site behind a function', () =>
  withBridge(
    () => [],
    async ({ source }) => {
      for (const [name, { site }] of Object.entries(FUNCTIONS)) {
        expect([source.siteOf(name), source.budgetOf(name)]).toEqual([site, site])
        expect(AKSHARE_SITES).toContain(site)
      }
      for (const site of AKSHARE_SITES)
        expect([source.siteOf(site), source.budgetOf(site)]).toEqual([site, site])
      for (const { api, budget, site } of Object.values(AKSHARE_CAPABILITIES))
        expect([source.budgetOf(api), source.siteOf(api)]).toEqual([budget, site])
    },
  ))

test('it names what it can and what it is', () =>
  withBridge(
    () => [],
    async ({ source }) => {
      expect([source.name, source.account, source.retriesInPlace]).toEqual(['akshare', 'address', false])
      expect(source.capabilities).toBe(AKSHARE_CAPABILITIES)
      expect(source.partsOf('stock_list')).toBe(AKSHARE_LIST_PARTS.stock_list)
      expect(source.partsOf('bars')).toEqual([])
      expect(source.limitsOf('eastmoney')).toMatchObject({ minIntervalMs: 0 })
    },
  ))

test('a dataset that it does not have is not asked for', () =>
  withBridge(
    () => [],
    async ({ source, context, asked }) => {
      const error = await sourceErrorOf(source.fetch(callFor({ dataset: 'suspension' }), context))
      expect([error.errorClass, asked.length]).toEqual(['NotServed', 0])
    },
  ))

test.each([
  ['bars of a list of stocks', callFor({ symbols: ['600519.SH', '000001.SZ'] })],
  ['bars of no stock', callFor({ symbols: [] })],
  ['bars without dates', callFor({ from: null })],
  ['factors of the whole market', callFor({ dataset: 'adj_factor', symbols: null })],
])('%s are a call that it never gets', (_, call) =>
  withBridge(
    () => [],
    async ({ source, context, asked }) => {
      await expect(source.fetch(call, context)).rejects.toThrow(TypeError)
      expect(asked).toEqual([])
    },
  ),
)

const OPENAPI: Reply = { status: 200, body: '{"openapi":"3.1.0","paths":{"/api/public/{item_id}":{}}}' }
const GONE = [
  { 公司代码: '600001', 公司简称: '邯郸钢铁', 上市日期: '1998-01-22', 暂停上市日期: '2009-12-29' },
]
const ANSWERS: Readonly<Record<string, Reply>> = {
  'openapi.json': OPENAPI,
  stock_zh_a_hist: history(20, FRIDAY, '000001'),
  stock_zh_a_daily: factorRows([]),
  stock_info_sh_delist: GONE,
}

test.each([
  ['eastmoney', 'stock_zh_a_hist'],
  ['sina', 'stock_zh_a_daily'],
  ['exchanges', 'stock_info_sh_delist'],
])('a probe of %s asks the bridge first, then the site once', (site, name) =>
  withBridge(
    (request) => ANSWERS[request.name] ?? [],
    async ({ source, context, asked, reserved }) => {
      const { latencyMs } = await source.probe(context, site)
      expect(latencyMs).toBeGreaterThan(0)
      expect(latencyMs).toBeLessThan(5_000)
      expect(asked.map((request) => request.path)).toEqual(['/openapi.json', `/api/public/${name}`])
      // The bridge's own page costs nothing.
      expect(reserved).toEqual([[site, 1]])
    },
  ),
)

test.each<[string, Reply, string, RegExp]>([
  [
    'another service',
    { status: 404, body: '{"detail":"Not Found"}' },
    'BadRequest',
    /does not seem to be AKTools/,
  ],
  ['a page', { status: 200, body: '<html>' }, 'BadRequest', /does not seem to be AKTools/],
  ['a gateway', { status: 502, body: '' }, 'Transient', /HTTP 502/],
])('a probe that meets %s stops there', (_, reply, errorClass, words) =>
  withBridge(
    () => reply,
    async ({ source, context, asked, reserved }) => {
      const error = await sourceErrorOf(source.probe(context, 'sina'))
      expect([error.errorClass, error.message]).toEqual([errorClass, expect.stringMatching(words)])
      expect([source.siteOf(error.details.api), asked.length, reserved]).toEqual(['sina', 1, []])
    },
  ),
)

test.each<[string, Reply, string]>([
  ['is blocked', { status: 500, body: 'Internal Server Error', type: 'text/plain' }, 'SourceDown'],
  ['says nothing', [], 'Transient'],
  ['has changed', [{ 日期: '2024-01-02' }], 'SchemaDrift'],
])('a probe of a site that %s says so', (_, reply, errorClass) =>
  withBridge(
    ({ name }) => (name === 'openapi.json' ? OPENAPI : reply),
    async ({ source, context }) => {
      expect((await sourceErrorOf(source.probe(context, 'eastmoney'))).errorClass).toBe(errorClass)
    },
  ),
)

test('one site may be blocked while another one works', () =>
  withBridge(
    ({ name }) =>
      name === 'stock_zh_a_hist' ? { status: 500, body: 'Internal Server Error' } : (ANSWERS[name] ?? []),
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.probe(context, 'eastmoney'))
      expect(source.siteOf(error.details.api)).toBe('eastmoney')
      await source.probe(context, 'sina')
    },
  ))

test('requests to East Money are not quite regular: up to the interval, at most a second, comes on top', () =>
  withBridge(
    () => history(1, FRIDAY),
    async ({ client, context }) => {
      const source = new AkshareSource(
        client,
        { callsPerMinute: undefined, minIntervalMs: 300 },
        () => new Date(),
      )
      const waits: number[] = []
      for (let i = 0; i < 10; i++) {
        let granted = 0
        const reserve = async () => void (granted = performance.now())
        await source.fetch(callFor(), { ...context, reserve })
        waits.push(performance.now() - granted)
      }
      // Ten draws from 0 to 300 ms all lie within 40 ms of each other once in ten million times.
      expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(40)
    },
  ))
