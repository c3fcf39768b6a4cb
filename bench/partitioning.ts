/**
 * Layouts of `bars` compared: one table, one partition a year (what the migration makes), 16 by hash of the instrument.
 * Each is filled with a share of the whole market in the calls that the planner makes of it, then asked.
 *
 *   npx tsx bench/partitioning.ts [share of the market, 0.15] [layouts in order, one,year,hash]
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import postgres from 'postgres'
import { type Database, openDatabase } from '../db/client.ts'
import { copyChunks, mergeRows } from '../db/merge.ts'
import { migrateDatabase } from '../db/migrate.ts'
import { startPostgres } from '../local/postgres.ts'
import { startWatchdog } from '../local/watchdog.ts'
import { SessionCalendar } from '../market/calendar.ts'
import type { SourceCall } from '../market/capability.ts'
import { addDays } from '../market/date.ts'
import type { TradeDate } from '../market/date.ts'
import { TUSHARE_CAPABILITIES } from '../market/tushare.ts'
import { callsOfRegion } from '../planning/calls.ts'
import { expectedRows } from '../planning/expected.ts'
import { resolveCapability } from '../planning/market-facts.ts'
import { planRegions } from '../planning/plan.ts'
import type { PlanInstrument } from '../planning/types.ts'

const SHARE = Number(process.argv[2] ?? 0.15)
const ORDER = (process.argv[3] ?? 'one,year,hash').split(',')
const LAST_SESSION = '2026-11-20'
const EVENING = new Date(`${LAST_SESSION}T20:00:00+08:00`)
// As many batches of one dataset as a run keeps in flight.
const CONNECTIONS = 4

/** What turns the table of the migration, which is partitioned by year, into another layout. */
const LAYOUTS: Record<string, string> = {
  one: `create table other (like bars including all); drop table bars cascade; alter table other rename to bars`,
  year: `select 1`,
  hash: `create table other (like bars including all) partition by hash (instrument_id); drop table bars cascade;
    alter table other rename to bars;
    do $$ begin for i in 0..15 loop
      execute format('create table %I partition of bars for values with (modulus 16, remainder %s)', 'bars_' || i, i);
    end loop; end $$`,
}

// Listed companies at the end of a year.
const GROWTH = [
  [1990, 8],
  [1994, 291],
  [1998, 851],
  [2004, 1377],
  [2010, 2063],
  [2016, 3052],
  [2020, 4154],
  [2026, 5700],
] as const

function weekdays(from: TradeDate, to: TradeDate): TradeDate[] {
  const days: TradeDate[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) {
    if (![0, 6].includes(new Date(day).getUTCDay())) days.push(day)
  }
  return days
}

const calendar = new SessionCalendar(weekdays('1990-12-19', LAST_SESSION).filter((_, i) => i % 16 !== 0))

/** Every n-th company in the order of listing, with ids that say nothing about it. */
function listInstruments(): PlanInstrument[] {
  const listed = GROWTH.slice(1).flatMap(([year, count], i) => {
    const [fromYear, from] = GROWTH[i] ?? [1990, 0]
    return Array.from({ length: count - from }, (_, n) => {
      const day = Math.floor(((n + 0.5) / (count - from)) * (year - fromYear) * 365)
      return addDays(`${fromYear}-12-31`, day)
    })
  })
  const every = listed.filter((_, i) => Math.floor((i + 1) * SHARE) > Math.floor(i * SHARE))
  return every.map((date, i) => ({
    id: ((i * 7919) % 1_000_003) + 1,
    symbol: `${String(i).padStart(6, '0')}.SZ`,
    listDate: date > LAST_SESSION ? LAST_SESSION : date,
    delistDate: null,
  }))
}

const instruments = listInstruments()
const bySymbol = new Map(instruments.map((instrument) => [instrument.symbol, instrument]))

function planCalls(): SourceCall[] {
  const range = { from: calendar.at(0), to: LAST_SESSION }
  const items = instruments.map((instrument) => ({
    instrument,
    ranges: [{ from: instrument.listDate ?? range.from, to: range.to }],
  }))
  const marketRows = (position: number) => {
    const date = calendar.at(position)
    return instruments.reduce((sum, i) => sum + expectedRows(i, date, date, calendar), 0)
  }
  const context = {
    calendar,
    capability: resolveCapability(TUSHARE_CAPABILITIES.bars, { now: EVENING, calendar, depth: null }),
    marketRows,
    dataset: 'bars' as const,
    instrumentsById: new Map(instruments.map((instrument) => [instrument.id, instrument])),
  }
  return planRegions({ items, ...context }).flatMap(({ region }) => callsOfRegion({ region, ...context }))
}

/** The staged lines of a call: prices differ between passes only by `pass`, so that a pass can be repeated. */
function linesOf(call: SourceCall): string[] {
  const { from, to } = call
  if (from === null || to === null) return []
  const asked = (call.symbols ?? [...bySymbol.keys()]).flatMap((symbol) => bySymbol.get(symbol) ?? [])
  return asked
    .sort((a, b) => a.id - b.id)
    .flatMap(({ id, symbol, listDate }) => {
      const start = calendar.firstAtOrAfter(listDate !== null && listDate > from ? listDate : from)
      const end = calendar.firstAtOrAfter(addDays(to, 1))
      return Array.from({ length: Math.max(0, end - start) }, (_, i) => barLine(id, symbol, start + i))
    })
}

function barLine(id: number, symbol: string, position: number): string {
  const price = (500 + ((id * 31 + position * 7) % 4000)) / 100
  const close = (price + 0.11).toFixed(2)
  const volume = 100_000 + ((id * position) % 9_000_000)
  return [
    id,
    symbol,
    calendar.at(position),
    price.toFixed(2),
    (price + 0.25).toFixed(2),
    (price - 0.2).toFixed(2),
  ]
    .concat([close, price.toFixed(2), '0.11', '1.2345', volume, (volume * price).toFixed(2)].map(String))
    .join('\t')
}

/** Seconds that all calls take over the connections of a run, in the order of the plan. */
async function merge(db: Database, calls: readonly SourceCall[]): Promise<{ seconds: number; rows: number }> {
  const context = { source: 'tushare', runId: randomUUID(), job: 'daily_history' }
  const queue = [...calls]
  let rows = 0
  const lane = async () => {
    for (let call = queue.shift(); call; call = queue.shift()) {
      const lines = linesOf(call)
      const range = { from: call.from ?? '', to: call.to ?? '' }
      rows += lines.length
      await db.sql.begin((tx) => mergeRows(tx, 'bars', copyChunks(lines), { ...context, ...range }))
    }
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: CONNECTIONS }, lane))
  return { seconds: (performance.now() - start) / 1000, rows }
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? NaN

/** Median milliseconds of a question over many arguments, after one round that fills the caches. */
async function ask<T>(args: readonly T[], question: (arg: T) => Promise<unknown>): Promise<number> {
  for (const arg of args) await question(arg)
  const times: number[] = []
  for (const arg of args) {
    const start = performance.now()
    await question(arg)
    times.push(performance.now() - start)
  }
  return median(times)
}

const sample = <T>(all: readonly T[], count: number): T[] =>
  Array.from({ length: count }, (_, i) => all[Math.floor(((i + 0.5) / count) * all.length)] as T)

const DAILY = `period = 'daily' and source = 'tushare'`

async function questions({ sql }: Database): Promise<Record<string, number>> {
  const columns = 'instrument_id, trade_date, open, high, low, close, volume, amount'
  const old = instruments.filter(({ listDate }) => listDate !== null && listDate < '2000-01-01')
  const dates = calendar.sessions.slice(-4000)
  const years = ['1999', '2008', '2016', '2025']
  return {
    'history of a stock, ms': await ask(sample(old, 40), ({ id }) =>
      sql.unsafe(`select ${columns} from bars where instrument_id = $1 and ${DAILY} order by trade_date`, [
        id,
      ]),
    ),
    'one year of a stock, ms': await ask(sample(instruments, 40), ({ id }) =>
      sql.unsafe(
        `select ${columns} from bars where instrument_id = $1 and ${DAILY} and trade_date between $2 and $3 order by trade_date`,
        [id, '2025-01-01', '2025-12-31'],
      ),
    ),
    'whole-market day, ms': await ask(sample(dates, 40), (date) =>
      sql.unsafe(`select ${columns} from bars where trade_date = $1 and ${DAILY}`, [date]),
    ),
    'count by date, a year, ms': await ask(years, (year) =>
      sql.unsafe(
        `select trade_date, count(*) from bars where trade_date between $1 and $2 and ${DAILY} group by 1`,
        [`${year}-01-01`, `${year}-12-31`],
      ),
    ),
    'count by date, all, ms': await ask(['x', 'y', 'z'], () =>
      sql.unsafe(`select trade_date, count(*) from bars where ${DAILY} group by 1`),
    ),
  }
}

async function sizeOf({ sql }: Database): Promise<number> {
  // A table without partitions is no tree.
  const [row] = await sql<{ bytes: number }[]>`
    select coalesce((select sum(pg_total_relation_size(relid)) from pg_partition_tree('bars')),
      pg_total_relation_size('bars'))::bigint as bytes`
  return (row?.bytes ?? 0) / 1024 ** 2
}

async function measure(
  adminUrl: string,
  layout: string,
  calls: SourceCall[],
): Promise<Record<string, number>> {
  const admin = postgres(adminUrl, { max: 1, onnotice: () => undefined })
  const name = `bench_${layout}`
  await admin.unsafe(`create database ${name}`)
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  await migrateDatabase(url.toString())
  const db = openDatabase({ url: url.toString(), max: CONNECTIONS })
  await db.sql.unsafe(LAYOUTS[layout] ?? '').simple()
  await db.sql.unsafe('checkpoint')
  const first = await merge(db, calls)
  // An evening's recheck and every repeated call: nothing differs.
  const again = await merge(db, sample(calls, Math.ceil(calls.length / 5)))
  await db.sql.unsafe('vacuum analyze bars')
  const result = {
    rows: first.rows,
    'ingest, s': first.seconds,
    'ingest, rows/s': first.rows / first.seconds,
    'a fifth again, s': again.seconds,
    ...(await questions(db)),
    'tables and indexes, MB': await sizeOf(db),
  }
  await db.close()
  await admin.unsafe(`drop database ${name} with (force)`)
  await admin.end()
  return result
}

const calls = planCalls()
const dataDir = mkdtempSync(join(tmpdir(), 'ashare-bench-'))
const guard = startWatchdog(() => undefined)
const server = await startPostgres({ dataDir, port: 0, guard })
const results: Record<string, Record<string, number>> = {}
try {
  console.log(
    `${instruments.length} stocks, ${calendar.length} sessions, ${calls.length} calls, ${cpus().length} cores`,
  )
  for (const layout of ORDER) {
    results[layout] = await measure(server.adminUrl, layout, calls)
    console.log(`${layout}: filled in ${(results[layout]['ingest, s'] ?? 0).toFixed(0)} s`)
  }
} finally {
  await server.stop()
  await guard.close()
  rmSync(dataDir, { recursive: true, force: true })
}

const shown = Object.keys(LAYOUTS).filter((layout) => results[layout])
console.log(''.padEnd(28) + shown.map((layout) => layout.padStart(12)).join(''))
for (const question of Object.keys(Object.values(results)[0] ?? {})) {
  const values = shown.map((layout) => results[layout]?.[question] ?? NaN)
  const text = values.map((value) => (value >= 1000 ? value.toFixed(0) : value.toFixed(2)).padStart(12))
  console.log(question.padEnd(28) + text.join(''))
}
