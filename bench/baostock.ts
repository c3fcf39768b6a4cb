/**
 * Daily bars a second from BaoStock's protocol: this project's source against BaoStock's own Python client, on the same
 * replay server, by symbol and by date, in turns.
 *
 *   npm run bench:baostock -- [--stocks 5400] [--years 8] [--symbols 150] [--dates 30] [--rounds 3] [--record]
 *
 * `--python FILE` (or BAOSTOCK_PYTHON) is an interpreter that has the package; without it one is made in a temporary
 * folder from the package index.
 *
 * The server is a process of its own. Requests go one after the other, so its time is a part of every client's time; how
 * large a part is measured by a client that only reads the bytes.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
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
import { grouped, median, record, table } from './support/results.ts'

const { values } = parseArgs({
  options: {
    stocks: { type: 'string', default: '5400' },
    years: { type: 'string', default: '8' },
    symbols: { type: 'string', default: '150' },
    dates: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
    record: { type: 'boolean', default: false },
    // How this file starts the server.
    serve: { type: 'boolean', default: false },
  },
})
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
  const { host, port } = await startBaostockReplay({ market })
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
    ]),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const folder = mkdtempSync(join(tmpdir(), 'ashare-bench-baostock-'))
  try {
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
    const ready = JSON.parse(line) as Ready
    const python = await sdkPython(folder)
    const { stdout } = await run(python, [
      '-c',
      'import importlib.metadata as m; print(m.version("baostock"))',
    ])
    await compare(ready, python, stdout.trim(), folder)
  } finally {
    server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** BaoStock's package in a folder of its own, unless there is one. */
async function sdkPython(folder: string): Promise<string> {
  const given = values.python ?? process.env.BAOSTOCK_PYTHON
  if (given !== undefined) return given
  await run('python3', ['-m', 'venv', join(folder, 'venv')])
  const python = join(folder, 'venv/bin/python')
  await run(python, ['-m', 'pip', 'install', '-q', 'baostock', 'pandas'], { timeout: 600_000 })
  return python
}

async function compare(ready: Ready, python: string, version: string, folder: string): Promise<void> {
  const to = ready.sessions.at(-1) ?? ''
  // Codes from the whole list, not those of one board.
  const step = Math.max(1, Math.floor(ready.codes.length / Number(values.symbols)))
  const codes = ready.codes.filter((_, i) => i % step === 0).slice(0, Number(values.symbols))
  const works: [string, Call[]][] = [
    ['by symbol', codes.map((code) => ['symbol', code, ready.first, to])],
    ['by date', ready.sessions.map((date) => ['date', date])],
  ]
  const clients: [string, (calls: readonly Call[]) => Promise<Load>][] = [
    [`this project: checked rows with numbers`, (calls) => withSource(ready, calls)],
    [
      `Python client ${version}, numbers in a DataFrame`,
      (calls) => withSdk(ready, python, calls, folder, 'numbers'),
    ],
    [`Python client ${version}, lists of texts`, (calls) => withSdk(ready, python, calls, folder, 'texts')],
    ['bytes only', (calls) => bytesOnly(ready, calls)],
  ]
  const rows: string[][] = []
  const summary: string[] = []
  for (const [title, calls] of works) {
    const loads: Load[][] = clients.map(() => [])
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const [i, [name, client]] of clients.entries()) {
        const load = await client(calls)
        print(`${title}, ${name}: ${grouped(load.rows)} rows, ${load.seconds.toFixed(2)} s`)
        // The first round warms everybody up.
        if (round > 0) loads[i]?.push(load)
      }
    }
    const seconds = loads.map((each) => median(each.map((load) => load.seconds)))
    const [ours = 0, numbers = 0, texts = 0, bytes = 0] = seconds
    const count = loads[0]?.[0]?.rows ?? 0
    if (loads[1]?.[0]?.rows !== count)
      throw new Error(`${title}: the clients brought different numbers of rows`)
    for (const [i, [name]] of clients.entries()) {
      const taken = seconds[i] ?? 0
      const cpu = median(loads[i]?.map((load) => load.cpu) ?? [])
      rows.push([title, name, grouped(count), taken.toFixed(2), grouped(count / taken), cpu.toFixed(2)])
    }
    const times = (theirs: number) =>
      `${(theirs / ours).toFixed(1)} x (${((theirs - bytes) / (ours - bytes)).toFixed(1)} x without the server's time)`
    summary.push(
      `${title[0]?.toUpperCase() ?? ''}${title.slice(1)}: ${times(numbers)} the Python client with numbers, target 5; ${times(texts)} the Python client with texts.`,
    )
  }
  const where = `${new Date().toISOString().slice(0, 10)}; ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}; ${Math.round(totalmem() / 2 ** 30)} GB; Node ${process.versions.node}; load of the machine at the end ${loadavg()
    .map((each) => each.toFixed(1))
    .join(', ')}`
  const lines = [
    `${where}; \`npm run bench:baostock -- --stocks ${values.stocks} --years ${values.years} --symbols ${values.symbols} --dates ${values.dates} --rounds ${values.rounds}\`.`,
    `Daily bars with all 18 fields of ${codes.length} symbols over ${values.years} years (one request each) and of ${values.stocks} stocks on ${ready.sessions.length} days (one request each), from the replay server of the sandbox market in a process of its own; medians of ${values.rounds} rounds, in turns, after one to warm up.`,
    '',
    ...table(['calls', 'client', 'rows', 'seconds', 'rows/s', 'CPU s'], rows),
    '',
    ...summary,
    'Requests go one after the other, so the server’s time is a part of all of them; "bytes only" asks and throws the answers away.',
  ]
  if (values.record) record('BaoStock: rows a second', lines)
  else print(`\n${lines.join('\n')}`)
}

if (values.serve) await serve()
else await bench()
