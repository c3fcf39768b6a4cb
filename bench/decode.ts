/**
 * How fast answers of Tushare become rows: JSON over HTTP from a replay server in a process of its own, through the real
 * client and mapping, one call after the other. Rows a second of one core, since the CPU time of all of this process's
 * threads is counted: reading, parsing, mapping, checking, collecting garbage.
 *
 *   npm run bench:decode -- [--calls 100] [--rounds 3] [--record]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import type { SourceCall } from '../market/capability.ts'
import { Secret } from '../market/secret.ts'
import type { FetchContext } from '../sources/contract.ts'
import { TushareClient } from '../sources/tushare/client.ts'
import { TushareSource } from '../sources/tushare/source.ts'
import { grouped, machine, median, record, table } from './support/results.ts'

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    record: { type: 'boolean', default: false },
  },
})
const TOKEN = 'token-of-the-replay-upstream'
const print = (line: string) => void process.stdout.write(`${line}\n`)
// The fullest call that a plan has: 100 symbols of a market in which most trade on each of 60 days.
const SYMBOLS = 100
const SESSIONS = 60

interface Load {
  rows: number
  cpu: number
  seconds: number
}

const server = spawn(
  process.execPath,
  [
    ...['--import', 'tsx', new URL('../local/replay/main.ts', import.meta.url).pathname],
    ...['--token', TOKEN, '--stocks', '400', '--years', '1', '--warm'],
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
)
try {
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
  const { url, today } = JSON.parse(line.slice('READY '.length)) as { url: string; today: string }
  const client = new TushareClient({ url, token: new Secret(TOKEN), timeoutMs: 60_000 })
  const source = new TushareSource(client, { points: undefined, callsPerMinute: 0, minIntervalMs: 0 })
  await bench(source, iso(today))
  await source.close()
} finally {
  server.kill()
}

async function bench(source: TushareSource, today: string): Promise<void> {
  const symbols = await listedSymbols(source, today)
  const from = await sessionBefore(source, today, SESSIONS)
  const results: string[][] = []
  for (const dataset of ['bars', 'adj_factor'] as const) {
    const call: SourceCall = { dataset, symbols, from, to: today, part: null, rows: SYMBOLS * SESSIONS }
    const loads: Load[] = []
    for (let round = 0; round <= Number(values.rounds); round++) {
      const load = await measure(source, call)
      print(`${dataset}: ${grouped(load.rows)} rows, ${load.cpu.toFixed(2)} s of CPU`)
      // The first round warms the compiler up.
      if (round > 0) loads.push(load)
    }
    const rows = loads[0]?.rows ?? 0
    const rate = median(loads.map((load) => load.rows / load.cpu))
    const wall = median(loads.map((load) => load.rows / load.seconds))
    results.push([dataset, grouped(rows / Number(values.calls)), grouped(rate), grouped(wall)])
  }
  const lines = [
    `${machine()}; \`npm run bench:decode -- --calls ${values.calls} --rounds ${values.rounds}\`.`,
    `${values.calls} calls for ${SYMBOLS} symbols on ${SESSIONS} sessions, one after the other, from a replay server in a process of its own; medians of ${values.rounds} rounds after one to warm up.`,
    '',
    ...table(
      [
        'dataset',
        'rows of a call',
        'rows/s of one core (target 300,000 for bars)',
        'rows/s, waiting for the server included',
      ],
      results,
    ),
  ]
  if (values.record) record('Tushare: answers to rows', lines)
  else print(`\n${lines.join('\n')}`)
}

async function measure(source: TushareSource, call: SourceCall): Promise<Load> {
  const started = performance.now()
  const before = process.cpuUsage()
  let rows = 0
  for (let i = 0; i < Number(values.calls); i++) {
    const answer = await source.fetch(call, context())
    if (answer.rejected.length > 0) throw new Error(`rejected: ${answer.rejected[0]?.reason ?? ''}`)
    rows += answer.rows.length
  }
  const { user, system } = process.cpuUsage(before)
  return { rows, cpu: (user + system) / 1e6, seconds: (performance.now() - started) / 1_000 }
}

/** The oldest listings: they trade on all days but for suspensions. */
async function listedSymbols(source: TushareSource, today: string): Promise<string[]> {
  const call: SourceCall = { dataset: 'stock_list', symbols: null, from: null, to: today, part: 'L', rows: 0 }
  const { rows } = await source.fetch(call, context())
  const stocks = (rows as { symbol: string; list_date: string | null }[]).toSorted((a, b) =>
    (a.list_date ?? '') < (b.list_date ?? '') ? -1 : 1,
  )
  return stocks.slice(0, SYMBOLS).map(({ symbol }) => symbol)
}

async function sessionBefore(source: TushareSource, today: string, count: number): Promise<string> {
  const call: SourceCall = {
    dataset: 'trade_calendar',
    symbols: null,
    from: `${Number(today.slice(0, 4)) - 1}-01-01`,
    to: today,
    part: 'SSE',
    rows: 0,
  }
  const { rows } = await source.fetch(call, context())
  const open = (rows as { trade_date: string; is_open: boolean }[]).filter((day) => day.is_open)
  const first = open.at(-count)
  if (!first) throw new Error(`there are no ${count} sessions before ${today}`)
  return first.trade_date
}

function context(): FetchContext {
  return { signal: new AbortController().signal, reserve: () => Promise.resolve() }
}

function iso(date: string): string {
  return date.includes('-') ? date : `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
}
