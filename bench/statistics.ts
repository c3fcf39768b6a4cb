/**
 * How long the statistics of the bars take to read and to count anew, over some millions of bars of three sources. Rows go in
 * by plain SQL and are counted once; what is timed is the endpoint's query, over counters that many writers have spread.
 *
 *   npm run bench:statistics [-- --millions 6] [--record]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { openDatabase } from '../db/client.ts'
import { migrateDatabase } from '../db/migrate.ts'
import { barCounts, recountBars } from '../db/queries/statistics.ts'
import { startPostgres } from '../local/postgres.ts'
import { startWatchdog } from '../local/watchdog.ts'
import { grouped, machine, median, record, table } from './support/results.ts'

const { values } = parseArgs({
  options: { millions: { type: 'string', default: '6' }, record: { type: 'boolean', default: false } },
})
const MILLIONS = Number(values.millions)
const ROUNDS = 500
const SOURCES = ['tushare', 'akshare', 'baostock']
// Sessions between the dates below, nearly.
const DAYS = 2_600

const dataDir = mkdtempSync(join(tmpdir(), 'ashare-bench-'))
const guard = startWatchdog(() => undefined)
const server = await startPostgres({ dataDir, port: 0, guard })
const admin = postgres(server.adminUrl, { max: 1, onnotice: () => undefined })
await admin.unsafe('create database statistics')
await admin.end()
const url = new URL(server.adminUrl)
url.pathname = '/statistics'
await migrateDatabase(url.toString())
const db = openDatabase({ url: url.toString(), max: 4 })

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

const stocks = Math.round((MILLIONS * 1e6) / DAYS / SOURCES.length)
for (const source of SOURCES)
  await db.sql`
    insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, volume, amount)
    select i, d::date, 'daily', ${source}, 600000 + i || '.SH', 10, 11, 9, 10.5, 100000, 1050000
    from generate_series(1, ${stocks}::int) i, generate_series(date '2016-11-21', date '2026-11-20', interval '1 day') d
    where extract(isodow from d) < 6`
const counting = await timed(
  () => db.sql`select period, source, count(*), max(trade_date) from bars group by 1, 2`,
)
const recount = await timed(() => recountBars(db.sql))
// As after many writers at once: every counter has all of its rows.
await db.sql`
  insert into bar_statistics (period, source, shard, bars, latest_date)
  select p, s, n, 0, '2026-11-20' from unnest(array['daily', 'weekly', 'monthly']) p, unnest(${SOURCES}::text[]) s, generate_series(0, 15) n
  on conflict do nothing`
const reads: number[] = []
for (let i = 0; i < ROUNDS; i++) reads.push(await timed(() => barCounts(db.sql)))
const [{ bars } = { bars: 0 }] = await db.sql<{ bars: number }[]>`select count(*)::int as bars from bars`
const lines = [
  `${machine('embedded PostgreSQL')}, \`npm run bench:statistics -- --millions ${values.millions}\`. ${grouped(bars)} daily bars of ${SOURCES.length} sources.`,
  '',
  ...table(
    ['', 'ms'],
    [
      [`the statistics, median of ${ROUNDS}`, median(reads).toFixed(2)],
      ['the slowest of them', Math.max(...reads).toFixed(1)],
      ['the same by counting the rows', counting.toFixed(0)],
      ['a recount', recount.toFixed(0)],
    ],
  ),
]
if (values.record) record('Statistics of the bars', lines)
else console.log(lines.join('\n'))

await db.close()
await server.stop()
await guard.close()
rmSync(dataDir, { recursive: true, force: true })
