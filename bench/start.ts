/**
 * `npm start`, with Tushare as its only source: seconds until it says "ready", on an empty folder and on one that was used
 * before, and from a trigger to the first row in `bars` that another connection can read.
 *
 *   npm run bench:start -- [--rounds 5] [--record]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { answerOf, createClient } from '../client/index.ts'
import { openDatabase } from '../db/client.ts'
import { createSandboxMarket } from '../local/replay/sandbox/market.ts'
import { startTushareReplay } from '../local/replay/tushare-server.ts'
import { readRunning } from '../local/running.ts'
import { circumstances, median, record, table } from './support/results.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, record: { type: 'boolean', default: false } },
})
const ROOT = new URL('..', import.meta.url).pathname
const TOKEN = 'token-of-the-replay-upstream'
const dataDir = mkdtempSync(join(tmpdir(), 'ashare-bench-start-'))
const market = createSandboxMarket({ stocks: 300, years: 3 })
market.warm()
const upstream = await startTushareReplay({ market, token: TOKEN })

interface Round {
  readySeconds: number
  rowSeconds: number
}
const rounds: Round[] = []
let where = ''
try {
  // The first one makes the folder: initdb, the workflow bundle.
  const cold = await round()
  for (let i = 0; i < Number(values.rounds); i++) rounds.push(await round())
  const all = (pick: (r: Round) => number) => rounds.map((r) => pick(r).toFixed(2)).join(', ')
  const middle = (pick: (r: Round) => number) => median(rounds.map(pick)).toFixed(2)
  const lines = [
    `${where}; \`npm run bench:start -- --rounds ${values.rounds}\`. The one source is Tushare, with the sandbox market of 300 stocks over 3 years and no limit; the database is emptied of it between rounds. Ready: from the command to the line that says so. First row: until another connection can read it.`,
    '',
    ...table(
      ['measure', 'median, s', 'each, s', 'target'],
      [
        ['warm `npm start` to ready', middle((r) => r.readySeconds), all((r) => r.readySeconds), 'under 8'],
        [
          'trigger to the first row in `bars`',
          middle((r) => r.rowSeconds),
          all((r) => r.rowSeconds),
          'within 3',
        ],
        ['the very first start on an empty folder', cold.readySeconds.toFixed(2), '', ''],
      ],
    ),
  ]
  if (values.record) record('Start', lines)
  else process.stdout.write(`${lines.join('\n')}\n`)
} finally {
  await upstream.close()
  rmSync(dataDir, { recursive: true, force: true })
}

async function round(): Promise<Round> {
  const started = performance.now()
  const child = spawn('npm', ['start', '--silent'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      PORT: '0',
      TUSHARE_URL: upstream.url,
      TUSHARE_TOKEN: TOKEN,
      TUSHARE_CALLS_PER_MINUTE: '0',
      // Would be the real one.
      BAOSTOCK_PRIORITY: '',
    },
  })
  const ended = once(child, 'exit')
  try {
    await untilReady(child)
    const readySeconds = (performance.now() - started) / 1_000
    const rowSeconds = await firstRow()
    process.stdout.write(
      `ready after ${readySeconds.toFixed(2)} s, first row after ${rowSeconds.toFixed(2)} s\n`,
    )
    return { readySeconds, rowSeconds }
  } finally {
    // Not npm: its shell dies of a signal without handing it on.
    const running = readRunning(dataDir)
    if (running) process.kill(running.pid, 'SIGTERM')
    else child.kill('SIGKILL')
    await ended
    while (readRunning(dataDir)) await sleep(100)
  }
}

async function untilReady(child: ChildProcess): Promise<void> {
  if (!child.stdout) throw new Error('npm has no output')
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('ready after')) return
  throw new Error('npm start ended before it was ready')
}

/** Seconds from a trigger to the first row that can be read, of tables emptied before. */
async function firstRow(): Promise<number> {
  const running = readRunning(dataDir)
  if (!running) throw new Error('nothing is running')
  const db = openDatabase({ url: running.postgres, max: 2, name: 'ashare-sync bench' })
  try {
    where = await circumstances(db)
    await db.sql`truncate bars, adj_factor, suspension, coverage, coverage_hole, stock_basic_info, trade_calendar`
    const started = performance.now()
    const { sessions } = market.calendar
    const iso = (d = '') => `${d.slice(0, 4)}-${d.slice(4, 6)}-${d.slice(6)}`
    const json = {
      periods: ['daily' as const],
      start_date: iso(sessions[market.firstSession]),
      end_date: iso(sessions[market.lastSession]),
    }
    await answerOf(createClient({ url: running.api }).api.sync.trigger.$post({ json }))
    for (;;) {
      const [row] = await db.sql`select 1 from bars limit 1`
      if (row) break
      await sleep(10)
    }
    const seconds = (performance.now() - started) / 1_000
    for (;;) {
      const [open] = await db.sql`select 1 from sync_run where finished_at is null`
      if (!open) return seconds
      await sleep(100)
    }
  } finally {
    await db.close()
  }
}
