import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { CONFIG_VARIABLES, loadConfig, sourceSettings } from '../../config.ts'
import { createOutage } from '../../local/demo/outage.ts'
import { createJsonScreen, createScreen } from '../../local/demo/screen.ts'
import { setTushareFaults, sourceEnvironment } from '../../local/demo/upstreams.ts'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { startTushareReplay } from '../../local/replay/tushare-server.ts'
import { jsonVoice } from '../../local/voice.ts'
import { seededFolder } from './support.ts'

const SANDBOX = { data: undefined, stocks: '20', years: '1', limit: undefined }
const UPSTREAM = {
  url: 'http://127.0.0.1:1001',
  controlKey: 'key',
  aktools: { url: 'http://127.0.0.1:1002' },
  baostock: { host: '127.0.0.1', port: 1003 },
}

const running = (percent: number) => ({ status: 'running', percent })

test('Tushare hangs once enough cells are there, and answers again some seconds after another source took over', async () => {
  const replay = await startTushareReplay({
    market: createSandboxMarket({ stocks: 5, years: 1 }),
    token: 'token',
  })
  onTestFinished(() => replay.close())
  const told: string[] = []
  let now = 0
  const outage = createOutage(
    (faults) => setTushareFaults({ url: replay.url, controlKey: replay.controlKey }, faults),
    (line) => told.push(line),
    () => now,
  )
  const kinds = () => replay.faults().map(({ fault }) => fault.kind)

  await outage.look(running(34.9), [])
  expect([kinds(), outage.happened]).toEqual([[], false])
  await outage.look(running(35), [])
  expect([kinds(), outage.happened]).toEqual([['hang'], true])
  now = 10_000
  await outage.look(running(40), ['bars goes on with baostock: tushare rests until then'])
  now = 12_900
  await outage.look(running(45), [])
  expect(kinds()).toEqual(['hang'])
  now = 13_100
  await outage.look(running(50), [])
  expect(kinds()).toEqual([])
  await outage.look(running(60), [])
  expect(told).toHaveLength(2)
})

test('a run that ends without Tushare, or in which nobody takes over, gets it back all the same', async () => {
  const set: string[][] = []
  let now = 0
  const start = () =>
    createOutage(
      (faults) => Promise.resolve(void set.push(faults.map(({ kind }) => kind))),
      () => undefined,
      () => now,
    )
  const ended = start()
  await ended.look(running(50), [])
  await ended.end()
  await ended.end()
  const alone = start()
  await alone.look(running(50), [])
  now = 60_000
  await alone.look(running(50), [])
  expect(set).toEqual([['hang'], [], ['hang'], []])
})

test('nothing that a user has set for the real upstreams reaches the worker of a demo', () => {
  const given = Object.keys(sourceEnvironment(SANDBOX, UPSTREAM))
  // Time limits are the user's to set: they are about the machine, and lead nowhere.
  const ofSources = CONFIG_VARIABLES.filter(
    (name) => /^(TUSHARE|AKSHARE|AKTOOLS|BAOSTOCK)_/.test(name) && !name.endsWith('_TIMEOUT_MS'),
  )
  expect(ofSources.filter((name) => !given.includes(name))).toEqual([])
})

test('a sandbox is served by three sources, a recording by Tushare alone', () => {
  const settingsOf = (data: string | undefined) =>
    sourceSettings(loadConfig(sourceEnvironment({ ...SANDBOX, data }, UPSTREAM)))
  const sandbox = settingsOf(undefined)
  expect([sandbox.tushare, sandbox.baostock, sandbox.akshare].map((source) => source.priority)).toEqual([
    1, 2, 3,
  ])
  expect(sandbox.akshare.url).toBe(UPSTREAM.aktools.url)
  const recorded = settingsOf('/recording')
  expect([recorded.baostock.priority, recorded.akshare.priority, recorded.akshare.url]).toEqual([
    null,
    null,
    undefined,
  ])
})

const HALF = {
  status: 'running',
  phase: null,
  percent: 50,
  eta_seconds: null,
  batches_done: 1,
  batches_total: 2,
  calls_used: 3,
  inserted: 10,
  updated: 0,
}

test('in a terminal lines appear above the bar, which is drawn anew below them', () => {
  let written = ''
  const screen = createScreen({ isTTY: true, columns: 60, write: (text) => (written += String(text)) !== '' })
  const about = { runId: 'one', status: { ...HALF, cells_total: 9 }, rowsBefore: 0 }
  screen.bar({ ...about, seconds: 1, isLast: false })
  const bar = written.replace('\r\x1b[2K', '')
  expect(bar).toHaveLength(59)
  screen.line('news')
  expect(written).toBe(`\r\x1b[2K${bar}\r\x1b[2Knews\n${bar}`)
  screen.bar({ ...about, seconds: 1, isLast: true })
  screen.line('end')
  expect(written.endsWith(`${bar}\nend\n`)).toBe(true)
})

test('programs are told the same in objects: no blank lines, and progress only when there is some', () => {
  const told: object[] = []
  const screen = createJsonScreen(jsonVoice((value) => told.push(value)))
  screen.line('\nupstream: sandbox\n')
  screen.line('')
  screen.log({ runId: 'one', at: '', level: 'warn', message: 'slow', seconds: 1 })
  const status = { ...HALF, cells_total: 9 }
  for (const seconds of [1, 2]) screen.bar({ runId: 'one', status, rowsBefore: 0, seconds, isLast: false })
  screen.tell('report', { verified: true }, ['a table'])
  expect(told).toEqual([
    { event: 'log', message: 'upstream: sandbox' },
    { event: 'log', run_id: 'one', level: 'warn', message: 'slow' },
    { event: 'progress', run_id: 'one', ...HALF },
    { event: 'report', verified: true },
  ])
})

test('the demo brings a whole market and ends with 0 because all of it is verified', async () => {
  const demo = join(import.meta.dirname, '../../cli/bin.js')
  // Too small for an outage and a comparison, which test/runs/three-sources.test.ts is about.
  const size = ['--stocks', '60', '--years', '1', '--exit', '--json']
  const child = spawn(process.execPath, [demo, 'demo', ...size], {
    env: {
      ...process.env,
      DATA_DIR: await seededFolder(),
      PORT: '0',
      TEMPORAL_CLI: inject('temporalBinary'),
      DATABASE_URL: '',
      TEMPORAL_ADDRESS: '',
    },
  })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()))
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const [code] = (await ended) as [number | null]
  expect({ code, err: output.err }).toEqual({ code: 0, err: '' })
  const told = output.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const ofKind = (kind: string) => told.filter(({ event }) => event === kind)
  expect(ofKind('ready')).toMatchObject([{ api: expect.stringMatching(/^http:/) as string }])
  expect(ofKind('progress').at(-1)).toMatchObject({ status: 'success', percent: 100 })
  expect(ofKind('report')).toMatchObject([
    {
      verified: true,
      stocks: { all: 60 },
      verification: [
        {
          title: expect.stringMatching(/^full history of 60 stocks/) as string,
          passed: true,
          outcome: { incomplete: 0, unverified: 0, missing: 0 },
        },
      ],
    },
  ])
  expect(told.at(-1)).toEqual({ event: 'end', verified: true })
}, 180_000)
