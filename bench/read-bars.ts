/**
 * How long it takes to read bars: 30 years of one stock, a day and a week of the whole market, raw and adjusted, with one source
 * and with three. Rows are decoded, adjusted and thrown away, as the first step of any answer. The server is one of its own,
 * filled with a market in which every stock has the last weeks and some have 30 years.
 *
 * The script gives this process the heap of the API (api/node-flags.ts), for which it stands.
 *
 *   npm run bench:read-bars -- [--rounds 200] [--record]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { type Database, openDatabase } from '../db/client.ts'
import { migrateDatabase } from '../db/migrate.ts'
import { type BarsQuery, readBars } from '../db/queries/bars.ts'
import { startPostgres } from '../local/postgres.ts'
import { startWatchdog } from '../local/watchdog.ts'
import { quantile } from './support/open-loop.ts'
import { grouped, machine, median, record, table } from './support/results.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '200' }, record: { type: 'boolean', default: false } },
})
const ROUNDS = Number(values.rounds)
const STOCKS = 5_700
// With 30 years of history; the last ones have three sources.
const LONG = 40
const OF_THREE = 20
const FIRST = '1996-11-01'
const LAST = '2026-11-20'
const DAY = { from: '2026-11-18', to: '2026-11-18' }

/** Bars and factors of one source for some of the stocks. */
async function fill(db: Database, source: string, isDense: boolean, from: number): Promise<void> {
  await db.sql`
    insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, pre_close, change, pct_chg, volume, amount)
    select id, d, 'daily', ${source}, 600000 + id || '.SH', p, p + 0.25, p - 0.2, p + 0.11, p, 0.11, 1.2345, v, round(v * p, 2)
    from (
      select i.id, c.trade_date as d, round((500 + (i.id * 31 + (c.trade_date - '1990-01-01') * 7) % 4000)::numeric / 100, 2) as p,
        100000 + (i.id * 7919 + (c.trade_date - '1990-01-01') * 104729::bigint) % 9000000 as v
      from instrument i cross join trade_calendar c
      where c.is_open and c.trade_date between ${FIRST} and ${LAST} and i.id > ${from} and (i.id <= ${LONG} or c.trade_date >= '2026-10-01')
    ) b order by id, d`
  // A step a year, on the same day for all.
  await db.sql`
    insert into adj_factor (instrument_id, trade_date, source, symbol, factor)
    select i.id, c.trade_date, ${source}, 600000 + i.id || '.SH', round(power(1.03, (c.trade_date - ${FIRST}::date) / 365), 4)
    from instrument i cross join trade_calendar c
    where c.is_open and c.trade_date between ${FIRST} and ${LAST} and i.id > ${from} and (i.id <= ${LONG} or c.trade_date >= '2026-10-01')
      and (${isDense} or extract(doy from c.trade_date) between 160 and 170)`
  await db.sql`
    insert into coverage (dataset, instrument_id, source, ranges)
    select dataset, id, ${source}, datemultirange(daterange('1990-12-19', '2026-11-23'))
    from instrument cross join unnest('{adj_factor,bars}'::text[]) as dataset where id > ${from}`
}

async function openMarket(adminUrl: string): Promise<Database> {
  const admin = postgres(adminUrl, { max: 1, onnotice: () => undefined })
  await admin.unsafe('create database read_bars')
  await admin.end()
  const url = new URL(adminUrl)
  url.pathname = '/read_bars'
  await migrateDatabase(url.toString())
  const db = openDatabase({ url: url.toString(), max: 6, plan: 'anew' })
  await db.sql`delete from instrument_code`
  await db.sql`delete from instrument`
  await db.sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d::date, extract(isodow from d) < 6 and extract(doy from d)::int % 17 <> 3, 'tushare' from generate_series('1990-12-19'::date, '2026-12-31', '1 day') d`
  await db.sql`
    insert into instrument (id, board, exchange, list_date) overriding system value
    select i, 'main', 'SSE', case when i <= ${LONG} then ${FIRST}::date else '2020-01-02' end from generate_series(1, ${STOCKS}) i`
  await db.sql`insert into instrument_code (code, instrument_id, source) select 600000 + id || '.SH', id, 'tushare' from instrument`
  await fill(db, 'tushare', true, 0)
  await db.sql.unsafe('vacuum analyze')
  return db
}

type Question = Pick<BarsQuery, 'instruments' | 'period' | 'from' | 'to' | 'adjust'>
const stock = (id: number): Pick<Question, 'instruments' | 'from' | 'to'> => ({
  instruments: new Map([[id, `${600_000 + id}.SH`]]),
  from: '1990-12-19',
  to: LAST,
})

async function ask(db: Database, question: Question): Promise<number> {
  const query: BarsQuery = { ...question, anchor: null, source: 'best', asOf: null, settled: LAST }
  let rows = 0
  const reading = await readBars(db.sql, query, db.planned)
  // As the API writes them: column by column where they can be had so.
  if (reading.lots) for await (const { count } of reading.lots()) rows += count
  else for await (const lot of reading.rows()) rows += lot.length
  return rows
}

async function measure(db: Database, name: string, question: Question, rounds: number): Promise<string[]> {
  const times: number[] = []
  let rows = 0
  // The first ones plan their statements and warm the caches.
  for (let i = -10; i < rounds; i++) {
    const started = performance.now()
    rows = await ask(db, question)
    if (i >= 0) times.push(performance.now() - started)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => quantile(times, share).toFixed(1)
  const line = [name, grouped(rows), at(0), median(times).toFixed(1), at(0.99)]
  process.stdout.write(`${line.join('  ')}\n`)
  return line
}

async function measureAll(db: Database, sources: string, id: number): Promise<string[][]> {
  const lines: string[][] = []
  for (const adjust of ['none', 'qfq'] as const) {
    const name = adjust === 'none' ? 'raw' : 'qfq'
    const rounds = ROUNDS
    lines.push(
      await measure(
        db,
        `30 years of one stock, ${name}, ${sources}`,
        { ...stock(id), period: 'daily', adjust },
        rounds,
      ),
    )
    lines.push(
      await measure(
        db,
        `a day of the market, ${name}, ${sources}`,
        { instruments: null, ...DAY, period: 'daily', adjust },
        rounds / 4,
      ),
    )
  }
  const week = {
    instruments: null,
    from: '2026-11-16',
    to: '2026-11-22',
    period: 'weekly',
    adjust: 'qfq',
  } as const
  lines.push(
    await measure(
      db,
      `30 years in weeks, qfq, ${sources}`,
      { ...stock(id), period: 'weekly', adjust: 'qfq' },
      ROUNDS,
    ),
  )
  lines.push(await measure(db, `a week of the market, qfq, ${sources}`, week, ROUNDS / 10))
  return lines
}

const dataDir = mkdtempSync(join(tmpdir(), 'ashare-bench-'))
const guard = startWatchdog(() => undefined)
const server = await startPostgres({ dataDir, port: 0, guard })
try {
  const db = await openMarket(server.adminUrl)
  const one = await measureAll(db, 'one source', 5)
  await fill(db, 'baostock', false, OF_THREE)
  await fill(db, 'akshare', false, OF_THREE)
  await db.sql.unsafe('vacuum analyze')
  const three = await measureAll(db, 'three sources', LONG)
  if (values.record) {
    const head = ['question', 'rows', 'fastest, ms', 'median, ms', '99th percentile, ms']
    record('Reading bars', [...table(head, [...one, ...three]), '', machine()])
  }
  await db.close()
} finally {
  await server.stop()
  await guard.close()
  rmSync(dataDir, { recursive: true, force: true })
}
