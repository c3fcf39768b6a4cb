/**
 * Daily bars a second from BaoStock's protocol: this project's source against BaoStock's own Python client, on the same
 * replay server, by symbol and by date, in turns.
 *
 *   npm run bench:baostock -- [--stocks 5400] [--years 8] [--symbols 150] [--dates 30] [--rounds 5] [--render] [--record]
 *
 * Measured is all from the first request to the last row: asking, waiting, reading, inflating, decoding. The results are alike:
 * this project's rows, bars and valuations, each one checked, against a DataFrame with all columns as numbers.
 *
 * The server is a process of its own, and requests go one after the other, so that its work would be a part of everybody's
 * time. It makes each answer in the rounds that warm up, and remembers its bytes from then on (`--render`: it makes every
 * answer anew). What is left of it is measured by a client that only reads the bytes.
 *
 * `--python FILE` (or BAOSTOCK_PYTHON) is an interpreter that has the package; without it one is made in a temporary
 * folder from the package index.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs, promisify } from 'node:util'
import { startBaostockReplay } from '../local/replay/baostock-server.ts'
import { createSandboxMarket } from '../local/replay/sandbox/market.ts'
import { toCode } from '../sources/baostock/values.ts'
import {
  type Address,
  bytesOnly,
  type Call,
  type Load,
  withSdk,
  withSource,
} from './support/baostock-clients.ts'
import { grouped, machine, median, record, table } from './support/results.ts'

const { values } = parseArgs({
  options: {
    stocks: { type: 'string', default: '5400' },
    years: { type: 'string', default: '8' },
    symbols: { type: 'string', default: '150' },
    dates: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '5' },
    python: { type: 'string' },
    render: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    // How this file starts the server.
    serve: { type: 'boolean', default: false },
  },
})
// In the first one the server makes its answers; a worker runs for days, so that what counts is its code when it is compiled.
const WARM_UP_ROUNDS = 2
const print = (line: string) => void process.stdout.write(`${line}\n`)
const run = promisify(execFile)

interface Ready extends Address {
  first: string
  sessions: string[]
  codes: string[]
}

async function serve(): Promise<void> {
  const market = createSandboxMarket({ stocks: Number(values.stocks), years: Number(values.years) })
  market.warm()
  const { host, port } = await startBaostockReplay({ market, rememberReplies: !values.render })
  const { sessions } = market.calendar
  const iso = (date = '') => `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
  const ready: Ready = {
    host,
    port,
    first: iso(sessions[market.firstSession]),
    sessions: sessions.slice(market.lastSession + 1 - Number(values.dates), market.lastSession + 1).map(iso),
    codes: market.instruments
      .filter(({ code, exchange, status }) => exchange !== 'BSE' && status === 'L' && /^\d/.test(code))
      .map(({ code }) => toCode(code)),
  }
  print(JSON.stringify(ready))
}

async function bench(): Promise<void> {
  const server = spawn(
    process.execPath,
    ['--import', 'tsx', new URL(import.meta.url).pathname, '--serve', '--stocks', values.stocks].concat([
      '--years',
      values.years,
      '--dates',
      values.dates,
      ...(values.render ? ['--render'] : []),
    ]),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const folder = mkdtempSync(join(tmpdir(), 'ashare-bench-baostock-'))
  try {
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
    const ready = JSON.parse(line) as Ready
    await compare(ready, await findPython(folder))
  } finally {
    server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Python {
  file: string
  /** Of Python and of the packages. */
  version: string
  baostock: string
  pandas: string
  /** Where files may lie that are not needed afterwards. */
  folder: string
}

/** A Python with BaoStock's package: the given one, or one that is made in a folder of its own. */
async function findPython(folder: string): Promise<Python> {
  const file = values.python ?? process.env.BAOSTOCK_PYTHON ?? (await makePython(folder))
  const versions =
    'import importlib.metadata as m, platform as p; print(p.python_version(), m.version("baostock"), m.version("pandas"))'
  const { stdout } = await run(file, ['-c', versions])
  const [version = '', baostock = '', pandas = ''] = stdout.trim().split(' ')
  return { file, version, baostock, pandas, folder }
}

async function makePython(folder: string): Promise<string> {
  await run('python3', ['-m', 'venv', join(folder, 'venv')])
  const python = join(folder, 'venv/bin/python')
  await run(python, ['-m', 'pip', 'install', '-q', 'baostock', 'pandas'], { timeout: 600_000 })
  return python
}

async function compare(ready: Ready, python: Python): Promise<void> {
  const to = ready.sessions.at(-1) ?? ''
  // Codes from the whole list, not those of one board.
  const step = Math.max(1, Math.floor(ready.codes.length / Number(values.symbols)))
  const codes = ready.codes.filter((_, i) => i % step === 0).slice(0, Number(values.symbols))
  const works: [string, Call[]][] = [
    ['By symbol', codes.map((code) => ['symbol', code, ready.first, to])],
    ['By date', ready.sessions.map((date) => ['date', date])],
  ]
  const rows: string[][] = []
  const summary: string[] = []
  for (const [title, calls] of works) {
    const measured = await inTurns(title, calls, clientsOf(ready, python))
    rows.push(...measured.map((each) => rowOf(title, each)))
    summary.push(verdict(title, measured))
  }
  const lines = [
    `${machine(`Python ${python.version}`, `pandas ${python.pandas}`)}; \`npm run bench:baostock -- --stocks ${values.stocks} --years ${values.years} --symbols ${values.symbols} --dates ${values.dates} --rounds ${values.rounds}${values.render ? ' --render' : ''}\`.`,
    `Daily bars of ${codes.length} symbols over ${values.years} years (one request each) and of ${values.stocks} stocks on ${ready.sessions.length} days (one request each) with all 18 fields, from the replay server of the sandbox market in a process of its own, from the first request to the last row; medians of ${values.rounds} rounds, in turns, after ${WARM_UP_ROUNDS} to warm up.`,
    values.render
      ? 'Requests go one after the other and the server makes each answer anew, so that its work is a part of all times; "bytes only" asks for the same and throws it away.'
      : 'The server made its answers while everybody warmed up and sends the same bytes again, so that its work is in nobody’s time; "bytes only" asks for the same and throws it away.',
    '',
    ...table(['calls', 'client', 'rows', 'seconds', 'rows/s', 'CPU s'], rows),
    '',
    ...summary,
  ]
  if (values.record) record('BaoStock: rows a second', lines)
  else print(`\n${lines.join('\n')}`)
}

interface Client {
  name: string
  load(calls: readonly Call[]): Promise<Load>
}

/** In the order in which `verdict` takes them. */
function clientsOf(ready: Ready, { file, folder, baostock }: Python): Client[] {
  const sdk = (form: 'numbers' | 'texts') => (calls: readonly Call[]) =>
    withSdk(ready, file, calls, folder, form)
  return [
    { name: 'this project, checked rows with numbers', load: (calls) => withSource(ready, calls) },
    { name: `Python client ${baostock}, numbers in a DataFrame`, load: sdk('numbers') },
    { name: `Python client ${baostock}, lists of texts`, load: sdk('texts') },
    { name: 'bytes only', load: (calls) => bytesOnly(ready, calls) },
  ]
}

/** A client with the medians of its rounds. */
type Measured = Load & { name: string }

async function inTurns(
  title: string,
  calls: readonly Call[],
  clients: readonly Client[],
): Promise<Measured[]> {
  const loads: Load[][] = clients.map(() => [])
  for (let round = 1 - WARM_UP_ROUNDS; round <= Number(values.rounds); round++) {
    for (const [i, client] of clients.entries()) {
      const load = await client.load(calls)
      print(`${title}, ${client.name}: ${grouped(load.rows)} rows, ${load.seconds.toFixed(2)} s`)
      if (round > 0) loads[i]?.push(load)
    }
  }
  const count = loads[0]?.[0]?.rows ?? 0
  if (loads[1]?.[0]?.rows !== count)
    throw new Error(`${title}: the clients brought different numbers of rows`)
  return clients.map(({ name }, i) => ({
    name,
    rows: count,
    seconds: median(loads[i]?.map(({ seconds }) => seconds) ?? []),
    cpu: median(loads[i]?.map(({ cpu }) => cpu) ?? []),
  }))
}

const rowOf = (title: string, { name, rows, seconds, cpu }: Measured): string[] => [
  title.toLowerCase(),
  name,
  grouped(rows),
  seconds.toFixed(2),
  grouped(rows / seconds),
  cpu.toFixed(2),
]

function verdict(title: string, measured: readonly Measured[]): string {
  const [ours = 0, numbers = 0, texts = 0] = measured.map(({ seconds }) => seconds)
  return `${title} this project is ${(numbers / ours).toFixed(1)} x as fast as the Python client with numbers, target 5, and ${(texts / ours).toFixed(1)} x as fast as the Python client with texts.`
}

if (values.serve) await serve()
else await bench()
