/**
 * How fast a file comes in and what memory it takes: daily bars of many stocks as CSV in the order of their dates, which is the
 * worst one since it has to be sorted, imported twice by `npm run import` in a process of its own. Two sizes show whether
 * memory grows with the file.
 *
 *   npm run bench:import -- [--stocks 500] [--sessions 2000] [--record]
 */
import { spawn } from 'node:child_process'
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { createGzip } from 'node:zlib'
import { type Database, openDatabase } from '../db/client.ts'
import { migrateDatabase } from '../db/migrate.ts'
import { startPostgres } from '../local/postgres.ts'
import { startWatchdog } from '../local/watchdog.ts'
import { grouped, machine, record, table } from './support/results.ts'
import { memoryOf } from './support/system.ts'

const { values } = parseArgs({
  options: {
    stocks: { type: 'string', default: '500' },
    sessions: { type: 'string', default: '2000' },
    record: { type: 'boolean', default: false },
  },
})
const PROGRAM = new URL('../cli/bin.js', import.meta.url).pathname
const symbolOf = (stock: number) => `${600_000 + stock}.SH`

async function openMarket(url: string): Promise<Database> {
  await migrateDatabase(url)
  const db = openDatabase({ url, max: 3 })
  await db.sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d::date, extract(isodow from d) < 6, 'tushare' from generate_series('1995-01-02'::date, '2024-12-31', '1 day') d`
  for (let stock = 1; stock <= Number(values.stocks); stock++)
    await db.sql`
      with opened as (insert into instrument (board, exchange, list_date) values ('main', 'SSE', '1995-01-02') returning id)
      insert into instrument_code (code, instrument_id, source) select ${symbolOf(stock)}, id, 'tushare' from opened`
  return db
}

/** Lots of lines as Tushare writes them, one date after the other. */
function* lines(sessions: readonly string[]): Generator<string> {
  yield 'ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount\n'
  for (const session of sessions) {
    const day = Number(session) % 10_007
    const lot: string[] = []
    for (let stock = 1; stock <= Number(values.stocks); stock++) {
      const low = 10 + ((stock * 31 + day * 7) % 4_000) / 100
      const vol = 100_000 + ((stock * 7_919 + day * 104_729) % 900_000)
      const [open, close, amount] = [low + 0.05, low + 0.11, vol * (low + 0.1) * 0.1]
      lot.push(
        `${symbolOf(stock)},${session},${open.toFixed(2)},${(low + 0.2).toFixed(2)},${low.toFixed(2)},${close.toFixed(2)},${open.toFixed(2)},0.06,0.4,${vol},${amount.toFixed(3)}`,
      )
    }
    yield `${lot.join('\n')}\n`
  }
}

interface Measured {
  seconds: number
  peakMiB: number
}

async function importOnce(url: string, file: string): Promise<Measured> {
  const started = performance.now()
  const child = spawn(process.execPath, [PROGRAM, 'import', file, '--dataset', 'bars'], {
    env: { PATH: process.env.PATH, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let peakMiB = 0
  const sampler = setInterval(() => {
    try {
      peakMiB = Math.max(peakMiB, memoryOf(child.pid ?? 0).peak)
    } catch {
      // It has just ended.
    }
  }, 200)
  for await (const text of child.stdout) process.stdout.write(String(text))
  clearInterval(sampler)
  return { seconds: (performance.now() - started) / 1_000, peakMiB }
}

const dataDir = mkdtempSync(join(tmpdir(), 'ashare-bench-'))
const guard = startWatchdog(() => undefined)
const server = await startPostgres({ dataDir, port: 0, guard })
try {
  const db = await openMarket(server.url)
  const all = await db.sql<{ d: string }[]>`
    select to_char(trade_date, 'YYYYMMDD') as d from trade_calendar where is_open order by 1 desc limit ${Number(values.sessions)}`
  const sessions = all.map(({ d }) => d).reverse()
  const rows: string[][] = []
  for (const [name, some] of [
    ['a tenth', sessions.slice(-Math.ceil(sessions.length / 10))],
    ['all', sessions],
    ['all once more', sessions],
  ] as const) {
    const file = join(dataDir, 'daily.csv.gz')
    await pipeline(Readable.from(lines(some)), createGzip(), createWriteStream(file))
    const count = some.length * Number(values.stocks)
    const { seconds, peakMiB } = await importOnce(server.url, file)
    const size = `${(statSync(file).size / 2 ** 20).toFixed(0)} MB`
    rows.push([name, grouped(count), size, seconds.toFixed(1), grouped(count / seconds), String(peakMiB)])
  }
  const head = ['file', 'rows', 'compressed', 'seconds', 'rows/s', 'peak RSS of the import, MiB']
  const lead = `${machine()}; \`npm run bench:import -- --stocks ${values.stocks} --sessions ${values.sessions}\`.`
  const result = [
    lead,
    'Reading, sorting, checking, merging, weeks and months, verification; start of the program included.',
    '',
    ...table(head, rows),
  ]
  if (values.record) record('Import of a file', result)
  else process.stdout.write(`\n${result.join('\n')}\n`)
  await db.close()
} finally {
  await server.stop()
  await guard.close()
  rmSync(dataDir, { recursive: true, force: true })
}
