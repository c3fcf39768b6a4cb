import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { deflateSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { forgetBars } from '../support/database.ts'
import { type Lab, openLab, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences } from '../support/truth.ts'
import { answerOf, END, readRequest, type Request } from '../sources/baostock/wire.ts'

/*
 * A BaoStock that is honest about everything but bars, and lies about those as no real server does: the run ends soon, with what
 * the next source has, says why, and never holds two connections.
 */

const LIMIT_MS = 600
const BARS = 'query_history_k_data_plus'
/** What it does in the place of an answer about bars. */
type Lie = (socket: Socket, request: Request) => void

let lie: Lie | 'closes after the login' | 'byte by byte'
/** The last request about bars, of whatever connection. */
let before: Request | undefined
let open = 0
let most = 0
let lab: Lab
let liar: Server

beforeAll(async () => {
  liar = createServer((socket) => relay(socket))
  await new Promise<void>((listening) => liar.listen(0, '127.0.0.1', listening))
  const { port } = liar.address() as AddressInfo
  lab = await openLab({
    market: yearMarket(12, { years: 0.5 }),
    baostock: { port, timeoutMs: LIMIT_MS },
    // One is enough to see that it is tried again.
    settings: { retryDelays: [20] },
  })
  await lab.run('stock_list')
})
afterAll(async () => {
  await lab.close()
  liar.close()
})
beforeEach(async () => {
  most = open
  before = undefined
  await forgetBars(lab.db.sql, 'suspension', 'source_health', 'source_budget')
})

function relay(socket: Socket): void {
  most = Math.max(most, ++open)
  const upstream = connect(lab.baostock.port, lab.baostock.host)
  let held = ''
  socket.on('data', (chunk) => {
    held += chunk.toString()
    for (let end = held.indexOf('\n'); end >= 0; end = held.indexOf('\n')) {
      const line = held.slice(0, end)
      held = held.slice(end + 1)
      const request = readRequest(line)
      if (request.method === BARS && typeof lie === 'function') lie(socket, request)
      else upstream.write(`${line}\n`)
      if (request.method === BARS) before = request
    }
  })
  upstream.on('data', (chunk) => {
    if (lie === 'byte by byte') for (const byte of chunk) socket.write(Buffer.of(byte))
    else socket.write(chunk)
    if (lie === 'closes after the login') socket.end()
  })
  for (const end of [socket, upstream]) end.on('error', () => undefined)
  upstream.on('close', () => socket.end())
  socket.on('close', () => {
    open--
    upstream.destroy()
  })
}

const symbols = () =>
  lab.market.instruments
    .map(({ code }) => code)
    .filter((code) => /^[06].*\.S[HZ]$/.test(code))
    .slice(0, 6)

/** The bars of a few stocks, BaoStock asked first; what is stored at the end, and what was logged. */
async function sync() {
  const params = { ...wholeMarket(lab.market), symbols: symbols() }
  const run = await lab.run('daily_history', { ...params, preferred_sources: ['baostock', 'tushare'] })
  const log = await lab.db.sql<{ message: string }[]>`
    select message from sync_log where run_id = ${run.id} and level <> 'info'`
  const bars = await lab.db.sql<{ source: string; symbols: number }[]>`
    select source, count(distinct instrument_id)::int as symbols from bars where period = 'daily' group by 1 order by 1`
  return { run, log: log.map(({ message }) => message), bars: bars.map((each) => ({ ...each })) }
}

const frameWith = (length: number | string, stream: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`00.9.00\x0196\x01${String(length).padStart(10, '0')}`),
    stream,
    Buffer.from(`\x01123456789\n${END}`),
  ])
const BOMB = deflateSync(Buffer.alloc(256 * 1024 * 1024), { level: 1 })

const columnsOf = ({ params }: Request): string[] => (params[1] ?? '').split(',')
const KNOWN: Readonly<Record<string, string>> = {
  volume: '100',
  amount: '100',
  adjustflag: '3',
  pctChg: '0',
  isST: '0',
}
/** A row that could be true, of the stock that is asked for. */
const rowOf = (request: Request, date: string): string[] =>
  columnsOf(request).map((name) => KNOWN[name] ?? { date, code: request.params[0] ?? '' }[name] ?? '1')
const dateAt = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10)
const answer = (socket: Socket, request: Request, rows: string[][]): void =>
  void socket.write(answerOf(request, columnsOf(request), rows))
const fullPage = (request: Request): string[][] =>
  Array.from({ length: request.pageRows }, (_, i) => rowOf(request, dateAt(i)))

const LIES: [string, typeof lie, RegExp][] = [
  [
    'a small message that inflates to 256 MiB',
    (s) => s.write(frameWith(BOMB.length, BOMB)),
    /cannot be inflated/,
  ],
  [
    'a length of 2^31',
    (s) => s.write(frameWith(2 ** 31, Buffer.alloc(64))),
    /a message of 2147483648 is announced/,
  ],
  ['the same page for ever', (s, r) => answer(s, r, fullPage(r)), /no end of them/],
  [
    'rows with a field too few',
    (s, r) => answer(s, r, [rowOf(r, '2026-06-01').slice(1)]),
    /field|column|row/,
  ],
  [
    'rows with fields too many',
    (s, r) => answer(s, r, [[...rowOf(r, '2026-06-01'), '9']]),
    /field|column|row/,
  ],
  [
    'the answer to the request before',
    (s, r) =>
      before?.params[0] === r.params[0] || before === undefined
        ? undefined
        : answer(s, { ...before, page: r.page }, [rowOf(before, '2026-06-01')]),
    /was asked|no (whole )?answer within/,
  ],
  [
    'a byte each 100 ms',
    (socket, request) => {
      const bytes = answerOf(request, columnsOf(request), [rowOf(request, '2026-06-01')])
      let at = 0
      const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 100)
      socket.on('close', () => clearInterval(timer))
    },
    /no whole answer within/,
  ],
  ['nothing, ever', () => undefined, /no (whole )?answer within/],
  ['an end after each login', 'closes after the login', /closed the connection|was closed/],
]

test.each(LIES)('%s: the next source brings all of it, and the log says why', async (_, told, reason) => {
  lie = told
  const { run, log, bars } = await sync()
  expect(run.status).toBe('success')
  expect(bars).toEqual([{ source: 'tushare', symbols: symbols().length }])
  expect(await barDifferences(lab.db.sql, lab.market, (symbol) => symbols().includes(symbol))).toEqual([])
  expect(log.filter((line) => line.includes('baostock'))).toContainEqual(expect.stringMatching(reason))
  expect(most).toBe(1)
})

test('answers that come byte by byte are answers', async () => {
  lie = 'byte by byte'
  const { run, log, bars } = await sync()
  expect([run.status, log]).toEqual(['success', []])
  expect(bars).toEqual([{ source: 'baostock', symbols: symbols().length }])
  expect(most).toBe(1)
})
