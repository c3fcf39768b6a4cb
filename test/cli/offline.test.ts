import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { COMMANDS } from '../../cli/commands.ts'
import { EXIT } from '../../cli/exit-codes.ts'
import { nodeVersion } from '../../cli/doctor/machine.ts'
import { clockFindings } from '../../cli/doctor/clock.ts'
import { fields, jsonText, printable, table } from '../../cli/text.ts'
import { startTushareReplay, type TushareReplay } from '../../local/replay/tushare-server.ts'
import { asTushare, bars, type Bench, openBench } from '../import/support.ts'
import { textOf } from '../project/files.ts'
import { TEST_TOKEN } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { type Ended, ownFolder, runHere, startCli } from './support.ts'

/* The commands without a service: what they say of themselves, what needs a database only, what they do when nothing is there. */

const folder = ownFolder()
let bench: Bench
let upstream: TushareReplay

beforeAll(async () => {
  const replay = startTushareReplay({ market: yearMarket(60), token: TEST_TOKEN })
  bench = await openBench()
  upstream = await replay
})
afterAll(async () => {
  await upstream.close()
  await bench.close()
})

// Nothing of the real world is asked.
const NOWHERE = { BAOSTOCK_PRIORITY: '', TUSHARE_PRIORITY: '', ASHARE_URL: 'http://127.0.0.1:1' }
const cli = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  startCli(args, { cwd: folder, env: { ...NOWHERE, ...env } }).ended
/** The same within this process. */
const inside = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  runHere(args, { ...NOWHERE, DATA_DIR: join(folder, 'data'), ...env })
const here = () => ({ DATABASE_URL: bench.db.url })

test('the help and docs/cli.md name every command and every exit status', async () => {
  const [help, ofCommand] = await Promise.all([cli(['--help']), inside(['sync', '--help'])])
  expect(help).toMatchObject({ code: 0, err: '' })
  const guide = textOf('docs/cli.md')
  for (const { name } of COMMANDS) {
    expect(help.out).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect(guide).toMatch(new RegExp(`^\\| \`${name}\\b`, 'm'))
  }
  for (const code of Object.values(EXIT)) {
    expect(help.out).toMatch(new RegExp(`^  ${code} `, 'm'))
    expect(guide).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'))
  }
  expect(ofCommand.out).toMatch(/--watch .*\n(.|\n)*full_history +All that is missing or changed/)
})

test('what is wrong is named, with the nearest name and where help is; 2', async () => {
  const [command, option, optionJson, job, date, address, configuration] = await Promise.all([
    inside(['statsu']),
    cli(['sync', 'weekly', '--wacth']),
    inside(['sync', 'weekly', '--wacth', '--json']),
    inside(['sync', 'dayly', '--json']),
    inside(['plan', 'daily_history', '--start', '2024-02-30', '--symbols', '600000,abc']),
    inside(['status', '--url', 'nowhere']),
    inside(['status'], { ASHARE_URL: '', PORT: 'x' }),
  ])
  expect(command.err).toMatch(/unknown command 'statsu'\n\(Did you mean status\?\)\n\(ashare-sync --help/)
  expect(option.err).toMatch(
    /unknown option '--wacth'\n\(Did you mean --watch\?\)\n\(ashare-sync sync --help/,
  )
  expect(JSON.parse(optionJson.err)).toMatchObject({
    error: { code: 'usage', message: expect.stringMatching(/^unknown option '--wacth'/) as string },
  })
  expect(JSON.parse(job.err)).toMatchObject({
    error: { code: 'usage', message: expect.stringMatching(/JOB: must be one of/) as string },
  })
  expect(date.err).toMatch(/^--symbols, number 2: .*\n--start: /)
  expect(address.err).toContain('--url and ASHARE_URL must be')
  expect(configuration.err).toContain('PORT: must be')
  for (const { code, out } of [command, option, optionJson, job, date, address, configuration])
    expect([code, out]).toEqual([2, ''])
})

test('nobody answers: 3, with what to do', async () => {
  const [status, database, none] = await Promise.all([
    cli(['status', '--json']),
    inside(['plan', 'stock_list', '--direct'], {
      DATABASE_URL: 'postgres://someone:secret-word@127.0.0.1:1/none',
    }),
    inside(['key', 'list']),
  ])
  expect(status).toMatchObject({ code: 3, out: '' })
  expect(JSON.parse(status.err)).toMatchObject({ error: { code: 'service_unreachable' } })
  expect(database).toMatchObject({ code: 3, out: '' })
  expect(database.err).not.toContain('secret-word')
  expect(none).toMatchObject({ code: 3, err: expect.stringContaining('set DATABASE_URL') as string })
})

test('a database is enough to import, to plan and to export', async () => {
  const file = bench.file('daily.csv', asTushare(bars()))
  const csv = join(folder, 'bars.csv')
  const [imported, planned] = await Promise.all([
    cli(['import', file, '--dataset', 'bars'], here()),
    inside(['plan', 'daily_history', '--from', '2024-01-02', '--direct', '--json'], {
      ...here(),
      TUSHARE_TOKEN: 'unused',
      TUSHARE_PRIORITY: '1',
    }),
  ])
  expect(imported).toMatchObject({ code: 0, err: '' })
  expect(imported.out).toMatch(
    /160 rows read as bars, columns of Tushare; volume in lots and amount in thousand-yuan/,
  )
  expect(imported.out).toMatch(
    /run [0-9a-f-]{36}: success\n {2}160 inserted, 0 updated, 0 unchanged, 0 refused/,
  )
  expect(planned.json()).toMatchObject({
    job: 'daily_history',
    params: { start_date: '2024-01-02' },
    stages: [
      [{ dataset: 'trade_calendar' }, { dataset: 'stock_list' }],
      [{}],
      [{ dataset: 'bars' }, { dataset: 'adj_factor' }],
    ],
  })

  const [again, refused, exported] = await Promise.all([
    inside(['import', file, '--dataset', 'bars', '--dry-run', '--json'], here()),
    inside(['import', file, '--dataset', 'barz'], here()),
    inside(['export', 'bars', '--start', '2024-01-02', '-o', csv, '--direct'], here()),
  ])
  expect(again.json()).toMatchObject({ read: 160, would: { missing: 0, equal: 160 }, run: null })
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--dataset is one of') as string })
  expect(exported.code).toBe(0)
  expect(readFileSync(csv, 'utf8').trim().split('\n')).toHaveLength(161)
})

test('keys are made, listed and revoked in the database', async () => {
  const made = (await cli(['key', 'create', 'grafana', '--role', 'viewer', '--json'], here())).json()
  expect(made).toMatchObject({
    name: 'grafana',
    role: 'viewer',
    key: expect.stringMatching(/^ask_[\w-]{43}$/) as string,
    expires_at: null,
  })
  const [twice, wrong, list] = await Promise.all([
    inside(['key', 'create', 'grafana', '--role', 'admin'], here()),
    inside(['key', 'create', 'x', '--role', 'root'], here()),
    inside(['key', 'list'], here()),
  ])
  expect(twice).toMatchObject({ code: 2, err: expect.stringContaining('named grafana already') as string })
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('viewer, operator, admin') as string })
  expect(list.out).toMatch(/grafana {2}viewer {2}active {2}never/)
  expect(await inside(['key', 'revoke', 'grafana'], here())).toMatchObject({ code: 0 })
})

const finding = (ended: Ended, check: string) =>
  (ended.json() as { check: string; state: string; message: string }[]).find((each) => each.check === check)

test('the doctor says what is wrong without a service: no database, no token, a wrong one', async () => {
  const tushare = { TUSHARE_PRIORITY: '1', TUSHARE_URL: upstream.url }
  const [lost, refused, fine] = await Promise.all([
    inside(['doctor', '--json'], { DATABASE_URL: 'postgres://a:b@127.0.0.1:1/none' }),
    inside(['doctor', '--json'], { ...here(), ...tushare, TUSHARE_TOKEN: `wrong${TEST_TOKEN.slice(5)}` }),
    cli(['doctor'], { ...here(), ...tushare, ASHARE_URL: '', PORT: '1', TUSHARE_TOKEN: TEST_TOKEN }),
  ])
  expect(lost.code).toBe(1)
  expect(finding(lost, 'postgresql')).toMatchObject({
    state: 'problem',
    message: expect.stringMatching(/does not answer/) as string,
  })
  expect(finding(lost, 'service')).toMatchObject({ state: 'problem' })
  expect(refused.code).toBe(1)
  expect(finding(refused, 'migrations')).toMatchObject({ state: 'ok' })
  expect(finding(refused, 'source tushare')).toMatchObject({ state: 'problem' })
  expect(refused.out + refused.err).not.toContain(TEST_TOKEN.slice(5))
  expect(fine.out).toMatch(/^ok +source tushare +server answered in \d+ ms$/m)
  expect(fine.out).toMatch(/^warning +service +none runs at http:\/\/127.0.0.1:1\n +→ start one/m)
  expect(fine.out).toMatch(/^warning +data +the calendar ends at 2024-/m)
  expect(fine.code).toBe(0)
})

test('an old Node.js and clocks that differ are seen', () => {
  expect(nodeVersion('20.18.0').state).toBe('problem')
  expect(nodeVersion('20.18.1').state).toBe('ok')
  expect(nodeVersion('22.1.0').state).toBe('ok')
  const clock = (aheadMs: number) => clockFindings([{ name: 'x', aheadMs, exactMs: 500 }])
  expect(clock(2_400)).toMatchObject([{ state: 'ok' }])
  expect(clock(-2_600)).toMatchObject([{ state: 'warning', message: 'others differ from ours: x -2.6 s' }])
  expect(clockFindings([])).toEqual([])
})

test('texts from elsewhere are printed as text, and Chinese takes two columns', () => {
  expect(printable('a\u001b]0;x\u0007\r\n\u009b2J平安')).toBe('a\\u{1b}]0;x\\u{7}\\u{d}\\u{a}\\u{9b}2J平安')
  const name = 'a\u001b\u009b\u202e平安'
  expect(jsonText({ name })).toBe('{"name":"a\\u001b\\u009b\\u202e平安"}')
  expect(JSON.parse(jsonText({ name }, 2))).toEqual({ name })
  expect(
    table(
      ['name', 'n'],
      [
        ['平安银行', 1],
        ['x', 1_000],
      ],
    ),
  ).toEqual(['  name          n', '  平安银行      1', '  x         1,000'])
  expect(
    fields([
      ['a', null],
      ['bb', 'x'],
      ['c', true],
    ]),
  ).toEqual(['bb  x', 'c   yes'])
})

test('Ctrl-C while a service takes its time ends an export with 130, a word, and no file', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const started = startCli(['export', 'bars', '-o', 'interrupted.csv', '--url', url], {
    cwd: folder,
    env: NOWHERE,
  })
  await once(silent, 'request')
  started.child.kill('SIGINT')
  const { code, err } = await started.ended
  silent.closeAllConnections()
  silent.close()
  expect([code, err]).toEqual([130, 'interrupted\n'])
  expect(readdirSync(folder).filter((name) => name.startsWith('interrupted'))).toEqual([])
})
