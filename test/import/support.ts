import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import type { ImportDeps } from '../../activities/import/run.ts'
import { type FileRequest, importFile, type ImportWatch } from '../../activities/import/import-file.ts'
import type { ImportEnd } from '../../activities/import/finish.ts'
import { type Database, openDatabase, type Sql } from '../../db/client.ts'
import { RUN_DEFAULTS } from '../../market/run-settings.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'

export const SESSIONS = weekdays('2024-01-02', 40)
/** The market of these tests: three listed stocks, and one whose code changed. */
export const SYMBOLS = ['600001.SH', '600002.SH', '000003.SZ', '920004.BJ']
export const NOW = new Date('2024-06-01T12:00:00Z')

function weekdays(from: string, count: number): string[] {
  const days: string[] = []
  for (let at = Date.parse(`${from}T00:00:00Z`); days.length < count; at += 86_400_000) {
    const day = new Date(at)
    if (day.getUTCDay() % 6 !== 0) days.push(day.toISOString().slice(0, 10))
  }
  return days
}

export interface Bench {
  db: TestDatabase
  file: (name: string, content: string | Uint8Array) => string
  /** Imports a file as `npm run import` does. */
  import: (
    target: string,
    request?: Partial<FileRequest>,
    watch?: ImportWatch,
    signal?: AbortSignal,
  ) => Promise<ImportEnd | null>
  /** Leaves calendar and stocks. */
  clear: () => Promise<void>
  close: () => Promise<void>
}

/** `chunkRows`: each stock in a transaction of its own, unless it is said otherwise. */
export async function openBench({ now = NOW, chunkRows = 50 } = {}): Promise<Bench> {
  const db = await createTestDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'ashare-import-'))
  await fillMarket(db.sql)
  return {
    db,
    file: (name, content) => {
      const path = join(folder, name)
      writeFileSync(path, content)
      return path
    },
    import: async (target, request = {}, watch = {}, signal = new AbortController().signal) => {
      const stage = openDatabase({ url: db.url, max: 1, name: 'rows', lasting: true })
      try {
        return await importFile(
          { ...depsOf(db, signal), stage, now: () => now, chunkRows },
          { ...DEFAULTS, ...request, target },
          watch,
        )
      } finally {
        await stage.close()
      }
    },
    clear: async () => {
      await empty(db.sql, 'bars')
      await db.sql`
        truncate bar_statistics, adj_factor, daily_basic, suspension, coverage, coverage_hole, day_gate, revision, agreement, quarantine,
          source_lease, sync_failure, sync_log, sync_run cascade`
    },
    close: async () => {
      await db.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Everything but the pool of one connection. */
export function depsOf(db: Database, signal: AbortSignal): Omit<ImportDeps, 'stage'> {
  return {
    db,
    // Each stock in a transaction of its own.
    chunkRows: 50,
    signal,
    now: () => NOW,
    // No source is switched on.
    sources: {
      current: () => Promise.resolve({ sources: new Map(), settings: {} as never, pinned: new Set() }),
      close: () => Promise.resolve(),
    },
    settings: { ...RUN_DEFAULTS, batchSize: 500, lock: 'global', maxFailureRetries: 3, retryDelays: [] },
  }
}

export const DEFAULTS: Omit<FileRequest, 'target'> = {
  dataset: 'bars',
  named: new Map(),
  symbol: null,
  units: { volume: null, amount: null, worth: null },
  dateFormat: 'auto',
  symbolFormat: 'auto',
  maxRejected: 0.1,
  scattered: false,
  dryRun: false,
}

async function fillMarket(sql: Sql): Promise<void> {
  await sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d, true, 'tushare' from unnest(${SESSIONS}::date[]) as d`
  for (const symbol of SYMBOLS) {
    const exchange = { SH: 'SSE', SZ: 'SZSE', BJ: 'BSE' }[symbol.slice(7)] ?? 'SSE'
    await sql`
      with opened as (
        insert into instrument (kind, board, exchange, list_date) values ('stock', 'main', ${exchange}, '2020-01-02') returning id
      )
      insert into instrument_code (code, instrument_id, source) select ${symbol}, id, 'tushare' from opened`
  }
  await sql`
    insert into instrument_code (code, instrument_id, valid_to, source)
    select '430004.BJ', instrument_id, '2024-01-15', 'tushare' from instrument_code where code = '920004.BJ'`
}

/** A bar as upstreams know it, in shares and yuan. */
export interface Bar {
  symbol: string
  date: string
  open: number
  high: number
  low: number
  close: number
  preClose: number
  shares: number
  yuan: number
}

/** The truth: every stock on every session. */
export function bars(symbols: readonly string[] = SYMBOLS, sessions: readonly string[] = SESSIONS): Bar[] {
  return symbols.flatMap((symbol, s) =>
    sessions.map((date) => {
      const day = SESSIONS.indexOf(date)
      const low = Math.round((10 + s * 7 + day * 0.07) * 100) / 100
      const shares = 123_400 + 5_600 * day + 100 * s
      return {
        symbol,
        date,
        open: cents(low + 0.05),
        high: cents(low + 0.4),
        low,
        close: cents(low + 0.21),
        preClose: cents(low + 0.1),
        shares,
        yuan: cents(shares * (low + 0.2)),
      }
    }),
  )
}

const cents = (value: number) => Math.round(value * 100) / 100
const compact = (date: string) => date.replaceAll('-', '')
const csv = (head: string, rows: string[]) => `${[head, ...rows].join('\n')}\n`

/** The same bars as each upstream writes them. */
export const asTushare = (rows: readonly Bar[]): string =>
  csv(
    'ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount',
    rows.map((r) =>
      [r.symbol, compact(r.date), r.open, r.high, r.low, r.close, r.preClose, cents(r.close - r.preClose), 1.5, r.shares / 100, r.yuan / 1_000].join(),
    ),
  ) // prettier-ignore

export const asBaostock = (rows: readonly Bar[], adjusted = 3): string =>
  csv(
    'date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,isST',
    rows.map((r) =>
      [r.date, `${r.symbol.slice(7).toLowerCase()}.${r.symbol.slice(0, 6)}`, r.open, r.high, r.low, r.close, r.preClose, r.shares, r.yuan, adjusted, 0.5, 1, 1.5, 0].join(),
    ),
  ) // prettier-ignore

export const asAkshare = (rows: readonly Bar[]): string =>
  csv(
    '日期,股票代码,开盘,收盘,最高,最低,成交量,成交额,振幅,涨跌幅,涨跌额,换手率',
    rows.map((r) =>
      [r.date, r.symbol.slice(0, 6), r.open, r.close, r.high, r.low, r.shares / 100, r.yuan, 3, 1.5, cents(r.close - r.preClose), 0.5].join(),
    ),
  ) // prettier-ignore

/** Parquet with names of nobody in particular: `o` for open, `money` for amount, and prices of 32 bits. */
export const asParquet = (rows: readonly Bar[]): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      rowGroupSize: [50],
      columnData: [
        { name: 'symbol', data: rows.map((r) => r.symbol) },
        { name: 'day', data: rows.map((r) => new Date(`${r.date}T00:00:00Z`)) },
        { name: 'o', data: rows.map((r) => r.open), type: 'DOUBLE' },
        { name: 'high', data: rows.map((r) => r.high), type: 'DOUBLE' },
        { name: 'low', data: rows.map((r) => r.low), type: 'DOUBLE' },
        { name: 'close', data: rows.map((r) => r.close), type: 'FLOAT' },
        { name: 'volume', data: rows.map((r) => BigInt(r.shares)), type: 'INT64' },
        { name: 'money', data: rows.map((r) => r.yuan), type: 'DOUBLE' },
      ],
    }),
  )

/** Stored daily bars as `symbol date open high low close volume amount`, sorted. */
export async function storedBars(sql: Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    select concat_ws(' ', symbol, trade_date, open, high, low, close, volume, trim_scale(amount)) as line from bars
    where source = 'import' and period = 'daily'`
  return rows.map(({ line }) => line).sort()
}

export const linesOf = (rows: readonly Bar[]): string[] =>
  rows.map((r) => [r.symbol, r.date, r.open, r.high, r.low, r.close, r.shares, r.yuan].join(' ')).sort()
