import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { answerOf } from '../../client/index.ts'
import { createApiClient } from '../../local/demo/api-client.ts'
import { createPerformer } from '../../local/demo/progress.ts'
import type { DemoRun } from '../../local/demo/runs.ts'
import { createJsonScreen } from '../../local/demo/screen.ts'
import { freePort } from '../../local/ports.ts'
import { jsonVoice } from '../../local/voice.ts'
import { Secret } from '../../market/secret.ts'
import { type ApiLab, openApiLab } from '../api/support.ts'
import { type Ended, ownFolder, runHere, serve, startCli } from './support.ts'

/*
 * The commands that talk to a service, on a whole system. The worker starts in the middle: runs stay where they can be found.
 */

const folder = ownFolder()
let lab: ApiLab
let service: { url: string; close: () => void }
let guarded: { url: string; close: () => void }
const KEY = 'a-key-of-an-operator-1234567890'

beforeAll(async () => {
  lab = await openApiLab({ batchSize: 20 })
  service = await serve(lab.app)
  const keys = [{ name: 'ops', role: 'viewer' as const, key: new Secret(KEY) }]
  guarded = await serve(createApp({ ...lab.api, access: { ...lab.api.access, keys } }))
})
afterAll(async () => {
  service.close()
  guarded.close()
  await lab.close()
})

const start = (args: string, env: Record<string, string> = {}) =>
  startCli(args.split(' '), { cwd: folder, env: { ASHARE_URL: service.url, ...env } })
const cli = (args: string, env: Record<string, string> = {}): Promise<Ended> => start(args, env).ended

/** The same within this process. */
const inside = (args: string, env: Record<string, string> = {}): Promise<Ended> =>
  runHere(args.split(' '), { ASHARE_URL: service.url, DATA_DIR: join(folder, 'data'), ...env })

interface RunShown {
  id: string
  status: string
  message: string | null
}
const runIn = (ended: Ended): RunShown => {
  expect(ended).toMatchObject({ code: 0, err: '' })
  return ended.json() as RunShown
}

const LONG = { timeout: 60_000, interval: 25 }
const SYNC = 'sync daily_history --symbols 600000,600001,000001'
let symbols: string

/** The first three stocks of the market. */
const stocksOf = (): string =>
  lab.market.instruments
    .filter(({ status, exchange }) => status === 'L' && exchange === 'SSE')
    .slice(0, 3)
    .map(({ code }) => code)
    .join(',')

test('a run is started, paused, resumed and followed to its end; another start is refused meanwhile', async () => {
  symbols = stocksOf()
  const [dry, before] = await Promise.all([
    inside(`sync daily_history --symbols ${symbols} --dry-run --json`),
    inside('status --json'),
  ])
  expect(dry.json()).toMatchObject({ job: 'daily_history', params: { symbols: symbols.split(',') } })
  expect(runIn(before)).toBeNull()

  const run = runIn(await inside(`sync daily_history --symbols ${symbols} --json`))
  expect(run.status).toBe('pending')
  const [busy, triggered, watched, paused] = await Promise.all([
    cli('sync weekly --json'),
    inside('schedule trigger weekly'),
    interruptedWatch(),
    inside('pause'),
  ])
  expect(busy).toMatchObject({ code: 5, out: '' })
  expect(JSON.parse(busy.err)).toMatchObject({ error: { code: 'run_active', run_id: run.id } })
  expect(triggered).toMatchObject({ code: 5, err: expect.stringContaining(run.id) as string })
  expect(watched.code).toBe(130)
  expect(watched.err).toContain(`the run goes on: ashare-sync status ${run.id} --watch`)
  expect(paused).toMatchObject({ code: 0, err: '' })
  expect(paused.out).toContain(run.id)

  await lab.startWorker()
  await lab.until(run.id, ['paused'])
  expect(runIn(await inside('status --json'))).toMatchObject({ id: run.id, status: 'paused' })
  const resumed = await inside('resume --json')
  expect(runIn(resumed).id).toBe(run.id)
  const followed = await inside(`status ${run.id} --watch --json`)
  expect(followed.code).toBe(0)
  expect(followed.jsonLines().at(-1)).toMatchObject({
    event: 'end',
    run: { id: run.id, status: 'success', percent: 100 },
  })
  expect(followed.jsonLines().map(({ event }) => event)).toContain('log')
})

/** Follows the run that waits for a worker, until Ctrl-C. */
async function interruptedWatch(): Promise<Ended> {
  const watch = start('status --watch')
  await expect.poll(watch.out, LONG).toContain('pending')
  watch.child.kill('SIGINT')
  return await watch.ended
}

test('a run that is followed from its start ends with 0, and with 1 when something could not be fetched', async () => {
  const [symbol = ''] = symbols.split(',')
  const fine = await cli(`sync daily_history --symbols ${symbol} --refresh --watch`)
  expect(fine).toMatchObject({ code: 0, err: '' })
  expect(fine.out).toMatch(/^█{32} 100\.0 % {2}success {2}/m)
  // Nothing that moves a cursor, where nobody sees it move.
  expect(fine.out).not.toContain('\r')

  lab.upstream.setFaults([{ kind: 'bad_token', api: 'daily' }])
  const failed = await inside(`sync daily_history --symbols ${symbol} --refresh --watch --json`)
  lab.upstream.setFaults([])
  expect(failed.code).toBe(1)
  const { run } = failed.jsonLines().at(-1) as { run: RunShown }
  expect(run.status).not.toBe('success')
})

test('a forced start takes the place of the run under way, and a run is cancelled', async () => {
  // No answer comes, so that a run lasts until it is cancelled, however slow this machine is.
  lab.upstream.setFaults([{ kind: 'hang', api: 'daily' }])
  const first = runIn(await inside('sync daily_history --refresh --json'))
  const forced = await inside('sync full_history --refresh --force --json')
  expect(forced).toMatchObject({ code: 0, err: expect.stringContaining(first.id) as string })
  const second = forced.json() as RunShown
  expect(await inside('cancel')).toMatchObject({ code: 0, out: expect.stringContaining(second.id) as string })
  await Promise.all([lab.until(first.id, ['cancelled']), lab.until(second.id, ['cancelled'])])
  lab.upstream.setFaults([])

  const [none, list] = await Promise.all([inside('cancel'), inside('status --list --state cancelled --json')])
  expect(none).toMatchObject({ code: 1, err: expect.stringContaining('no run is') as string })
  expect((list.json() as { items: RunShown[] }).items.map(({ id }) => id)).toEqual([second.id, first.id])
})

test('a service that goes away while a run is watched is waited for, which is said once', async () => {
  const [symbol = ''] = symbols.split(',')
  lab.upstream.setFaults([{ kind: 'latency', api: 'daily', ms: 600_000 }])
  const port = await freePort()
  const first = await serve(lab.app, port)
  const sync = `sync daily_history --symbols ${symbol} --refresh --watch`
  const watch = start(sync, { ASHARE_URL: first.url })
  await expect.poll(watch.out, LONG).toContain('planned for tushare')
  first.close()
  await expect.poll(watch.out, LONG).toContain('the service does not answer')
  const second = await serve(lab.app, port)
  await expect.poll(watch.out, LONG).toContain('the service is back')
  lab.upstream.setFaults([])
  const ended = await watch.ended
  second.close()
  expect(ended).toMatchObject({ code: 0, err: '' })
  expect(ended.out.match(/the service does not answer/g)).toHaveLength(1)
})

test('a demo that is started again shows the run that it has left under way, and starts no other', async () => {
  const [symbol = ''] = symbols.split(',')
  const span = { start_date: '2026-01-05', end_date: '2026-03-31' }
  const body: DemoRun['body'] = { symbols: [symbol], periods: ['daily'], ...span, refresh: true }
  lab.upstream.setFaults([{ kind: 'latency', api: 'daily', ms: 600_000 }])
  const left = await answerOf(lab.http.api.runs.$post({ json: { job: 'daily_history', params: body } }))

  const told: Record<string, unknown>[] = []
  const screen = createJsonScreen(jsonVoice((value) => told.push(value as Record<string, unknown>)))
  const performer = await createPerformer(createApiClient(service.url), screen)
  const performed = performer.perform({ title: 'one stock', body }, { showLog: true })
  const starts = () => told.filter(({ event }) => event === 'start')
  await expect.poll(starts, LONG).toMatchObject([{ run_id: left.id, title: 'one stock', is_new: false }])
  lab.upstream.setFaults([])
  expect(await performed).toBe(left.id)
  expect(told.at(-1)).toMatchObject({ event: 'progress', run_id: left.id, status: 'success', percent: 100 })
  expect(await performer.perform({ title: 'one stock', body }, { showLog: true })).toBe(left.id)
  expect(starts()).toHaveLength(1)
})

test('what a message holds cannot steer the terminal', async () => {
  const [row] = await lab.db.sql<{ id: string }[]>`
    update sync_run set message = ${'\u001b[2Jall gone\u202e'} where status = 'cancelled' returning id`
  const { out } = await inside(`status ${row?.id ?? ''}`)
  expect(out).toContain('\\u{1b}[2Jall gone\\u{202e}')
  expect(out).not.toContain('\u001b')
})

test('schedules are made, listed, paused, resumed, triggered and removed', async () => {
  const key = 'weekly.saturday'
  const set = await inside(`schedule set ${key} --at 01:15 --days sat`)
  expect(set).toMatchObject({
    code: 0,
    out: expect.stringMatching(/weekly.saturday starts .*01:15/) as string,
  })
  expect(await inside(`schedule pause ${key}`)).toMatchObject({ code: 0 })
  const [list, shown] = await Promise.all([inside('schedule list --json'), inside('schedule list')])
  expect(list.json()).toMatchObject([{ id: key, job: 'weekly', paused: true }])
  expect(shown.out).toMatch(/weekly\.saturday .*paused/)
  expect(await inside(`schedule resume ${key}`)).toMatchObject({ code: 0 })
  const triggered = (await inside(`schedule trigger ${key} --json`)).json() as { run_id: string }
  await lab.until(triggered.run_id)
  const [stopped, unknown, wrong] = await Promise.all([
    inside(`schedule stop ${key}`),
    inside('schedule pause monthly.nothing'),
    inside('schedule set weekly --at 25:00'),
  ])
  expect(stopped.code).toBe(0)
  expect(unknown).toMatchObject({ code: 1, out: '' })
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('--at must be') as string })
})

test('bars are exported as they are in the table, and a file appears whole or not at all', async () => {
  const [row] = await lab.db.sql<{ n: number }[]>`
    select count(*)::int as n from bars where period = 'daily' and symbol = any(${symbols.split(',')})`
  const count = row?.n ?? 0
  expect(count).toBeGreaterThan(300)
  const csv = join(folder, 'bars.csv')
  const parquet = join(folder, 'bars.parquet')
  const [text, binary, piped] = await Promise.all([
    inside(`export bars --symbols ${symbols} -o ${csv} --json`),
    inside(`export bars --symbols ${symbols} -o ${parquet}`),
    cli(`export bars --symbols ${symbols} --adjust qfq --format json -o -`),
  ])
  expect(text.json()).toMatchObject({ table: 'bars', file: csv, bytes: readFileSync(csv).length })
  expect(readFileSync(csv, 'utf8').trim().split('\n')).toHaveLength(count + 1)
  expect(binary.code).toBe(0)
  const { num_rows: rows } = await parquetMetadataAsync(await asyncBufferFromFile(parquet))
  expect(Number(rows)).toBe(count)
  expect(piped.json()).toMatchObject({ adjust: 'qfq', count })

  const [again, wrong, foreign] = await Promise.all([
    inside(`export bars --symbols ${symbols} -o ${csv}`),
    inside(`export bars --symbols 999999 -o ${join(folder, 'none.csv')}`),
    inside(`export calendar --adjust qfq -o ${join(folder, 'days.csv')}`),
  ])
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('--force writes over it') as string })
  expect(wrong.code).toBe(1)
  expect(existsSync(join(folder, 'none.csv'))).toBe(false)
  expect(foreign).toMatchObject({ code: 2, err: 'calendar has no --adjust\n' })
})

test('gaps and sources are shown', async () => {
  await lab.db.sql`
    insert into coverage_hole (dataset, instrument_id, trade_date, source, reason)
    select 'bars', instrument_id, '2026-03-03', 'tushare', 'missing' from instrument_code limit 3`
  const [shown, json, sources, tested] = await Promise.all([
    inside('gaps --dataset bars --start 2026-03-01'),
    inside('gaps --dataset bars --limit 2 --json'),
    inside('sources'),
    inside('sources --test --json'),
  ])
  expect(shown.out.match(/2026-03-03 {2}bars .*missing/g)).toHaveLength(3)
  expect(json.json()).toMatchObject({ items: [{ reason: 'missing' }, {}], more: true })
  expect(sources.out).toMatch(/1 {2}tushare {3}up/)
  expect(tested.json()).toMatchObject([{ name: 'tushare', ok: true }])
})

test('the doctor finds a system that is well', async () => {
  const doctor = await cli('doctor --json', {
    DATABASE_URL: lab.db.url,
    TEMPORAL_ADDRESS: lab.temporal.address,
    TEMPORAL_NAMESPACE: lab.temporal.namespace,
  })
  const found = doctor.json() as { check: string; state: string; message: string }[]
  expect(found.filter(({ state }) => state === 'problem')).toEqual([])
  const states = Object.fromEntries(found.map(({ check, state }) => [check, state]))
  expect(states).toMatchObject({
    postgresql: 'ok',
    migrations: 'ok',
    temporal: 'ok',
    'search attributes': 'ok',
    worker: 'ok',
    service: 'ok',
    'source tushare': 'ok',
    clock: 'ok',
  })
  expect(doctor.code).toBe(0)
})

test('a key is asked for, taken from a file or the environment, and may be for less', async () => {
  const file = join(folder, 'key')
  writeFileSync(file, `${KEY}\n`, { mode: 0o600 })
  const at = { ASHARE_URL: guarded.url }
  const [without, withKey, fromFile, tooSmall] = await Promise.all([
    cli('status --json', at),
    inside('status --json', { ...at, ASHARE_API_KEY: KEY }),
    inside(`status --key-file ${file}`, at),
    inside(SYNC, { ...at, ASHARE_API_KEY: KEY }),
  ])
  expect(without).toMatchObject({ code: 4, out: '', err: expect.stringContaining('key_missing') as string })
  expect([withKey.code, fromFile.code]).toEqual([0, 0])
  expect(tooSmall).toMatchObject({ code: 4, err: expect.stringContaining('--key-file') as string })
})
