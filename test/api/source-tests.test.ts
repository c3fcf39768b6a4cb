import { Writable } from 'node:stream'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from '../../api/app.ts'
import { TemporalGateway } from '../../api/temporal/gateway.ts'
import { healthOf, noteTrouble } from '../../db/health.ts'
import { sealKey } from '../../db/sealed.ts'
import { Secret } from '../../market/secret.ts'
import type { SourceName } from '../../market/sources.ts'
import { TEST_TOKEN, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { awayClient } from '../support/temporal.ts'
import { type ApiLab, clientOf, openApiLab } from './support.ts'

/* Live tests of the sources: the API, Temporal, a worker, and upstreams that speak the real protocols. */

const TEST = '/api/sync/multi-source/sources/test'

let lab: ApiLab
const lines: string[] = []

beforeAll(async () => {
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString())
      done()
    },
  })
  const log = pino({ level: 'debug' }, sink)
  lab = await openApiLab({
    market: yearMarket(20),
    worker: true,
    log,
    api: { log },
    tushare: { token: undefined },
    // As in production: longer than a person waits for a test.
    akshare: { timeoutMs: 60_000 },
    baostock: {},
    sealKey: sealKey(new Secret('a secret of this test, long enough')),
  })
  await vi.waitUntil(async () => (await lab.get('/readyz')).status === 200, { timeout: 60_000 })
})
beforeEach(async () => {
  lab.aktools.control.setFaults([])
  lab.baostock.setFaults([])
  lab.upstream.setFaults([])
  await lab.db.sql`truncate source_health`
})
afterAll(() => lab.close())

interface Tried {
  name: string
  site: string
  ok: boolean
  latency_ms: number | null
  error_class: string | null
  message: string
  resting_until: string | null
}
interface Tests {
  success: boolean
  message: string
  data: Tried[]
}

const tryAll = async (source?: SourceName) => (await lab.post<Tests>(TEST, source && { source })).body
const healthAt = async (source: SourceName, site: string) =>
  (await healthOf(lab.db.sql)).find((row) => row.source === source && row.site === site)

test('every site of every source that is switched on is asked, and says how long it took', async () => {
  const { success, message, data } = await tryAll()
  expect({ success, message }).toEqual({ success: true, message: '4 of 4 sites answer' })
  expect(data.map(({ name, site, ok, error_class }) => [name, site, ok, error_class])).toEqual([
    ['akshare', 'eastmoney', true, null],
    ['akshare', 'sina', true, null],
    ['akshare', 'exchanges', true, null],
    ['baostock', 'server', true, null],
  ])
  for (const one of data) {
    expect(one.latency_ms).toBeGreaterThanOrEqual(0)
    expect(one.message).toMatch(/^answered in \d+ ms$/)
  }
})

test('a site that hangs costs 15 s and nothing of what the others say; its rest goes on as it was', async () => {
  const place = { source: 'akshare', site: 'sina' } as const
  const trouble = { errorClass: 'Transient', message: 'HTTP 500', restSeconds: 3_600 } as const
  const { untilMs } = await noteTrouble(lab.db.sql, place, trouble)
  lab.aktools.control.setFaults([
    { kind: 'hang', site: 'sina' },
    { kind: 'error500', site: 'exchanges' },
  ])
  const { message, data } = await tryAll()
  expect(message).toBe('2 of 4 sites answer')
  expect(data.map(({ site, ok, error_class }) => [site, ok, error_class])).toEqual([
    ['eastmoney', true, null],
    ['sina', false, 'Transient'],
    ['exchanges', false, 'SourceDown'],
    ['server', true, null],
  ])
  expect(data[1]?.message).toMatch(/^no answer within 15 s/)
  expect(data[2]?.resting_until).not.toBeNull()
  expect(await healthAt('akshare', 'sina')).toMatchObject({ restingUntilMs: untilMs, failures: 1 })
})

test('a rest is ended for a test, and over when the site answers', async () => {
  const place = { source: 'baostock', site: 'server' } as const
  await noteTrouble(lab.db.sql, place, { errorClass: 'Transient', message: 'reset', restSeconds: 3_600 })
  const { data } = await tryAll('baostock')
  expect(data).toMatchObject([{ name: 'baostock', ok: true, resting_until: null }])
  expect(await healthAt('baostock', 'server')).toMatchObject({ restingUntilMs: null, failures: 0 })
})

test('a ban is reported, and nothing is sent', async () => {
  const place = { source: 'baostock', site: 'server' } as const
  const { untilMs } = await noteTrouble(lab.db.sql, place, { errorClass: 'Banned', message: '10001011' })
  const before = lab.baostock.stats().total
  const { data } = await tryAll('baostock')
  const until = new Date(untilMs).toISOString()
  expect(data).toMatchObject([{ ok: false, error_class: 'Banned', resting_until: until }])
  expect(data[0]?.message).toContain('not asked')
  expect(lab.baostock.stats().total).toBe(before)
  expect((await healthAt('baostock', 'server'))?.restingUntilMs).toBe(untilMs)
})

test('one that is off is not asked, and the answer says what it lacks', async () => {
  expect(await tryAll('tushare')).toEqual({
    success: true,
    message: '0 of 1 sites answer',
    data: [
      {
        name: 'tushare',
        site: 'server',
        ok: false,
        latency_ms: null,
        error_class: null,
        message: 'not asked, no token: set TUSHARE_TOKEN or store one',
        resting_until: null,
      },
    ],
  })
})

describe('a token that is stored', () => {
  test('works with the next test: no restart; a wrong one is found out', async () => {
    await lab.put('/api/sources/tushare', { token: TEST_TOKEN })
    expect((await tryAll('tushare')).data).toMatchObject([{ ok: true, error_class: null }])
    await lab.put('/api/sources/tushare', { token: 'another-token' })
    const [wrong] = (await tryAll('tushare')).data
    expect(wrong).toMatchObject({ ok: false, error_class: 'AuthFailed', resting_until: null })
    expect(wrong?.message).toContain('check the token')
    await lab.put('/api/sources/tushare', { token: TEST_TOKEN })
  })

  test('is in no answer, no table, no log line and no workflow history', async () => {
    await lab.put('/api/sources/tushare', { token: TEST_TOKEN })
    // Workers have it from here on.
    expect((await tryAll('tushare')).data).toMatchObject([{ ok: true }])
    const params = { ...wholeMarket(lab.market), preferred_sources: ['tushare'] }
    const before = lab.upstream.stats().byApi['daily']?.ok ?? 0
    for (const fault of ['bad_token', 'no_permission', null] as const) {
      lab.upstream.setFaults(fault === null ? [] : [{ kind: fault, api: 'adj_factor' }])
      const { id } = (await lab.post<{ id: string }>('/api/runs', { job: 'daily_history', params })).body
      await lab.until(id)
    }
    await tryAll()
    // A search that cannot find would be worse than none: the upstream did get the token.
    expect(lab.upstream.stats().byApi['daily']?.ok).toBeGreaterThan(before)

    const paths = (await lab.get<{ paths: Record<string, object> }>('/openapi.json')).body.paths
    const [run] = await lab.db.sql`select id from sync_run order by created_at desc limit 1`
    const answers = await Promise.all(
      Object.entries(paths)
        .filter(([path, methods]) => 'get' in methods && !path.endsWith('/events'))
        .map(([path]) => lab.get(path.replace('{id}', String(run?.['id'])).replace('{name}', 'tushare'))),
    )
    expect(answers.length).toBeGreaterThan(10)
    for (const { status, text } of answers) {
      // Some ask for a symbol or a date that is not given here.
      expect([200, 400, 404]).toContain(status)
      expect(text).not.toContain(TEST_TOKEN)
    }

    const tables = await lab.db.sql<
      { name: string }[]
    >`select relname as name from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['sync_log', 'source_setting']))
    for (const { name } of tables) {
      const found = await lab.db
        .sql`select 1 from ${lab.db.sql(name)} t where t::text like ${`%${TEST_TOKEN}%`} limit 1`
      expect({ name, found: found.length }).toEqual({ name, found: 0 })
    }

    const histories = await historiesOf(lab)
    expect(histories.filter((text) => text.includes('probeSources')).length).toBeGreaterThan(0)
    expect(histories.filter((text) => text.includes('daily_history'))).toHaveLength(3)
    for (const text of histories) expect(text).not.toContain(TEST_TOKEN)
    expect(lines.join('')).toContain('the settings of a source changed')
    expect(lines.join('')).not.toContain(TEST_TOKEN)
  })
})

/** Payloads are base64 in JSON: decoded, so that what they hold can be searched. */
async function historiesOf({ client }: ApiLab): Promise<string[]> {
  const texts: string[] = []
  for await (const { workflowId, runId } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory()
    texts.push(
      historyToJSON(history).replace(/"data": "([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
        Buffer.from(data, 'base64').toString(),
      ),
    )
  }
  return texts
}

describe('what a test needs', () => {
  test('Temporal: without it the answer says so within seconds', async () => {
    const temporal = new TemporalGateway(awayClient(), 'default')
    const answer = await clientOf(createApp({ ...lab.api, temporal })).post(TEST)
    expect(answer).toMatchObject({ status: 503, body: { success: false, data: null } })
    expect(answer.body['message']).toContain('Temporal does not answer')
  })

  test('a worker: without one the answer says so at once', async () => {
    const alone = await openApiLab({ baostock: {} })
    onTestFinished(() => alone.close())
    const answer = await alone.post(TEST)
    expect(answer).toMatchObject({ status: 503, body: { success: false, data: null } })
    expect(answer.body['message']).toContain('no worker asks for')
  })
})
