import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import postgres from 'postgres'
import { API_NODE_FLAGS } from '../../api/node-flags.ts'
import { type Database, openDatabase } from '../../db/client.ts'
import { migrateDatabase } from '../../db/migrate.ts'
import { startPostgres } from '../../local/postgres.ts'
import { startWatchdog } from '../../local/watchdog.ts'

/* The API as a process of its own, on a server with a market made in SQL: for benches of what is read. */

export interface DataService {
  url: string
  databaseUrl: string
  db: Database
  /** Of the API's process, since it began. */
  peakMebibytes(): number
  close(): Promise<void>
}

/** The last session of these markets. */
export const LAST = '2026-11-20'

/**
 * @param market stocks, and how many of the last sessions each of them has
 */
export async function openDataService(market: { stocks: number; sessions: number }): Promise<DataService> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ashare-bench-'))
  const guard = startWatchdog(() => undefined)
  const server = await startPostgres({ dataDir, port: 0, guard })
  const databaseUrl = await createDatabase(server.adminUrl)
  const db = openDatabase({ url: databaseUrl, max: 4, name: 'bench' })
  await fill(db, market)
  const api = await startApi(databaseUrl, dataDir)
  return {
    url: api.url,
    databaseUrl,
    db,
    peakMebibytes: () => peakOf(api.process.pid ?? 0),
    close: async () => {
      api.process.kill('SIGTERM')
      await once(api.process, 'exit')
      await db.close()
      await server.stop()
      await guard.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function createDatabase(adminUrl: string): Promise<string> {
  const admin = postgres(adminUrl, { max: 1, onnotice: () => undefined })
  await admin.unsafe('create database bench')
  await admin.end()
  const url = new URL(adminUrl)
  url.pathname = '/bench'
  await migrateDatabase(url.toString())
  return url.toString()
}

async function fill(
  { sql }: Database,
  { stocks, sessions }: { stocks: number; sessions: number },
): Promise<void> {
  await sql`delete from instrument_code`
  await sql`delete from instrument`
  await sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d::date, extract(isodow from d) < 6 and extract(doy from d)::int % 17 <> 3, 'tushare'
    from generate_series('1990-12-19'::date, '2026-12-31', '1 day') d`
  await sql`
    create temp table session as select trade_date as d, trade_date - '1990-01-01'::date as n from trade_calendar
    where is_open and trade_date <= ${LAST} order by 1 desc limit ${sessions}`
  await sql`
    insert into instrument (id, board, exchange, list_date) overriding system value
    select i, 'main', 'SSE', (select min(d) from session) from generate_series(1, ${stocks}) i`
  await sql`insert into instrument_code (code, instrument_id, source) select 600000 + id || '.SH', id, 'tushare' from instrument`
  await sql`
    insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, pre_close, change, pct_chg, volume, amount)
    select id, d, 'daily', 'tushare', 600000 + id || '.SH', p, p + 0.25, p - 0.2, p + 0.11, p, 0.11, round(p / 7, 4), v, round(v * p, 2)
    from (
      select i.id, s.d, round((500 + (i.id * 31 + s.n * 7) % 4000)::numeric / 100, 2) as p,
        100000 + (i.id * 7919 + s.n * 104729::bigint) % 9000000 as v
      from instrument i cross join session s
    ) b order by id, d`
  // A row for each session, as Tushare serves them, with a step a year.
  await sql`
    insert into adj_factor (instrument_id, trade_date, source, symbol, factor)
    select i.id, s.d, 'tushare', 600000 + i.id || '.SH', round(power(1.03, s.n / 365), 4)
    from instrument i cross join session s order by 1, 2`
  await sql`
    insert into coverage (dataset, instrument_id, source, ranges)
    select dataset, id, 'tushare', datemultirange(daterange('1990-12-19', '2026-11-23'))
    from instrument cross join unnest('{adj_factor,bars}'::text[]) as dataset`
  await sql.unsafe('vacuum analyze')
}

async function startApi(
  databaseUrl: string,
  dataDir: string,
): Promise<{ process: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [...API_NODE_FLAGS, '--import', 'tsx', 'api/main.ts'], {
    cwd: new URL('../..', import.meta.url).pathname,
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      DATA_DIR: dataDir,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      // Nobody is there: nothing that is measured here needs Temporal.
      TEMPORAL_ADDRESS: '127.0.0.1:9',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('READY '))
      return { process: child, url: (JSON.parse(line.slice(6)) as { url: string }).url }
  throw new Error('the API did not start')
}

/** As Linux counts it: VmHWM. */
function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1024
}
