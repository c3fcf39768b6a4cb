import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { openDatabase } from '../../db/client.ts'
import { migrateDatabase } from '../../db/migrate.ts'
import { barCounts, recountBars } from '../../db/queries/statistics.ts'
import { mergeCodeChanges } from '../../db/stock-list.ts'
import { mergeCalendar } from '../../db/trade-calendar.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { barLine, commit, merge, mergeIn, openRun, waiting } from './support.ts'

/* Counters of bars against the bars themselves. */

const MIGRATIONS = new URL('../../db/migrations', import.meta.url).pathname
const IDS = Array.from({ length: 12 }, (_, i) => 101 + i)
const SOURCES = ['tushare', 'akshare', 'baostock']
const CONTEXT = { source: 'tushare', runId: '00000000-0000-0000-0000-000000000001', job: 'stock_list' }

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
  await db.sql`insert into instrument (id, board, exchange, list_date) overriding system value
    select i, 'main', 'SSE', '2020-01-02' from unnest(${IDS}::int[]) i`
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'trade_calendar', 'bars', 'coverage', 'coverage_hole', 'revision', 'bar_statistics')
  await db.sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d::date, extract(isodow from d) < 6, 'tushare' from generate_series(date '2024-01-01', date '2024-04-30', interval '1 day') d`
})

/** What the rows themselves say. */
const counted = () => db.sql`
  select period, source, count(*)::bigint as bars,
    least(max(trade_date), (select max(trade_date) from bars d where d.source = b.source and d.period = 'daily'))::text as latest_date
  from bars b group by 1, 2
  order by array_position(array['daily', 'weekly', 'monthly'], period), source`
const kept = async () =>
  (await barCounts(db.sql)).map(({ period, source, bars, latest_date }) => ({
    period,
    source,
    bars,
    latest_date,
  }))

const dayOf = (n: number): string => new Date(Date.UTC(2024, 0, 1 + n)).toISOString().slice(0, 10)
const sessions = Array.from({ length: 100 }, (_, n) => dayOf(n)).filter(
  (date) => new Date(date).getUTCDay() % 6 !== 0,
)

/** One answer with bars of some instruments on some sessions in a row. */
async function answer(region: {
  source: string
  ids: readonly number[]
  first: number
  days: number
  volume?: number
}) {
  const { runId, claim } = await openRun(db, [{ calls: 1 }])
  await db.sql`update sync_batch set claimed_by = ${region.source} where run_id = ${runId}`
  const dates = sessions.slice(region.first, region.first + region.days)
  const { volume = 100 } = region
  const lines = region.ids.flatMap((id) => dates.map((date) => barLine({ id, date, volume })))
  await commit(
    db,
    { ...claim(1), source: region.source },
    {
      merge: (tx) => mergeIn(tx, 'bars', lines, { runId, source: region.source }),
      cover: { instruments: region.ids, from: dates[0] ?? '', to: dates.at(-1) ?? '', until: dayOf(120) },
    },
  )
}

/** A small generator with a seed, so that a failure can be repeated. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
}

/** Ends connections in the middle of what they write, until it is told to stop. The pool loses all of its others with one. */
async function killWriters(isOver: () => boolean): Promise<void> {
  const own = postgres(db.url, { max: 1 })
  for (let kills = 0; !isOver() && kills < 8;) {
    const [row] = await own<{ kills: number }[]>`
      select count(pg_terminate_backend(pid))::int as kills from (
        select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
          and query ~ '(update|insert into) (bar_statistics|coverage|bars)' and xact_start is not null
        order by random() limit 1) victim where random() < 0.05`
    kills += row?.kills ?? 0
  }
  await own.end()
}

test('they are exact after 160 commits of four writers, of which some are killed, and a recount in between', async () => {
  const lost: unknown[] = []
  const write = async (writer: number): Promise<void> => {
    const random = randomNumbers(writer)
    for (let n = 0; n < 40; n++) {
      const first = random(IDS.length - 3)
      const region = {
        source: SOURCES[random(3)] ?? '',
        ids: IDS.slice(first, first + 1 + random(3)),
        first: random(60),
        days: 1 + random(8),
        volume: 100 * (1 + random(3)),
      }
      await answer(region).catch((error: unknown) => lost.push(error))
      if (writer === 1 && n === 20) await recountBars(db.sql).catch((error: unknown) => lost.push(error))
    }
  }
  let isOver = false
  const writing = Promise.all([1, 2, 3, 4].map(write)).finally(() => (isOver = true))
  await Promise.all([writing, killWriters(() => isOver)])
  expect(lost.length).toBeGreaterThan(0)
  const rows = await counted()
  expect(rows).toHaveLength(9)
  expect(await kept()).toEqual(rows)
})

test('a transaction that writes bars does not wait for another one of the same source', async () => {
  await db.sql`insert into bar_statistics values ('daily', 'tushare', 0, 0), ('daily', 'tushare', 1, 0)`
  const line = (id: number) => [barLine({ id, date: '2024-01-02' })]
  await db.sql.begin(async (tx) => {
    await mergeIn(tx, 'bars', line(101))
    await merge(db, 'bars', line(102))
    expect(await kept()).toMatchObject([{ bars: 1 }])
  })
  expect(await kept()).toMatchObject([{ bars: 2 }])
})

test('when all counters are held it waits, and counts on what was committed meanwhile', async () => {
  await db.sql`insert into bar_statistics select 'daily', 'tushare', n, 0 from generate_series(0, 15) n`
  let second: Promise<unknown> = Promise.resolve()
  await db.sql.begin(async (tx) => {
    await tx`update bar_statistics set bars = bars + 1, latest_date = '2024-01-03'`
    second = merge(db, 'bars', [barLine({ id: 101, date: '2024-01-02' })])
    await expect.poll(() => waiting(db.sql)).toBe(1)
  })
  await second
  expect(await kept()).toEqual([{ period: 'daily', source: 'tushare', bars: 17, latest_date: '2024-01-03' }])
})

test('an answer that is rolled back is not counted, and one that comes again counts nothing', async () => {
  const lines = [barLine({ id: 101, date: '2024-01-02' })]
  const failing = db.sql.begin(async (tx) => {
    await mergeIn(tx, 'bars', lines)
    throw new Error('lost')
  })
  await expect(failing).rejects.toThrow('lost')
  expect(await kept()).toEqual([])
  await merge(db, 'bars', lines)
  await merge(db, 'bars', lines)
  await merge(db, 'bars', [barLine({ id: 101, date: '2024-01-02', volume: 200 })])
  expect(await kept()).toMatchObject([{ bars: 1, latest_date: '2024-01-02' }])
})

test('a week and a month under way are no newer than the newest day in them', async () => {
  await answer({ source: 'tushare', ids: IDS.slice(0, 2), first: 5, days: 3 })
  expect((await kept()).map(({ latest_date }) => latest_date)).toEqual(Array(3).fill('2024-01-10'))
})

describe('when rows are not only added', () => {
  test('a week that ends on another day now is counted once, and its date goes back', async () => {
    await answer({ source: 'tushare', ids: IDS.slice(0, 2), first: 5, days: 5 })
    expect(await kept()).toMatchObject([{ bars: 10 }, { bars: 2, latest_date: '2024-01-12' }, { bars: 2 }])
    await db.sql.begin((tx) =>
      mergeCalendar(
        tx,
        [{ exchange: 'SSE', trade_date: '2024-01-12', is_open: false, previous_trade_date: null }],
        CONTEXT,
      ),
    )
    expect(await kept()).toMatchObject([{ bars: 10 }, { bars: 2, latest_date: '2024-01-11' }, { bars: 2 }])
    expect(await kept()).toEqual(await counted())
  })

  test('bars that go to the new code of their stock are counted there, and those that both had once', async () => {
    await db.sql`insert into instrument_code (code, instrument_id, source) values ('830799.BJ', 101, 'tushare'), ('920799.BJ', 102, 'tushare')`
    await answer({ source: 'tushare', ids: [101], first: 0, days: 8 })
    await answer({ source: 'tushare', ids: [102], first: 4, days: 8 })
    await answer({ source: 'baostock', ids: [101], first: 0, days: 1 })
    await db.sql.begin((tx) =>
      mergeCodeChanges(tx, [{ old_symbol: '830799.BJ', new_symbol: '920799.BJ', list_date: '2020-07-27' }], {
        source: 'tushare',
        renumberedOn: '2025-10-09',
      }),
    )
    expect((await kept()).map(({ bars }) => bars)).toEqual([1, 12, 1, 3, 1, 1])
    expect(await kept()).toEqual(await counted())
  })

  test('rows that were changed by hand are counted by a recount', async () => {
    await answer({ source: 'tushare', ids: IDS, first: 0, days: 10 })
    await db.sql`delete from bars where trade_date >= '2024-01-09' or period = 'monthly'`
    expect(await kept()).not.toEqual(await counted())
    await recountBars(db.sql)
    expect(await kept()).toEqual(await counted())
    await answer({ source: 'tushare', ids: IDS, first: 2, days: 12 })
    expect(await kept()).toEqual(await counted())
  })
})

test('a database that had bars and failures before is counted, and its failures say what is to be brought', async () => {
  const old = mkdtempSync(join(tmpdir(), 'ashare-migrations-'))
  cpSync(MIGRATIONS, old, { recursive: true })
  const path = join(old, 'meta/_journal.json')
  const journal = JSON.parse(readFileSync(path, 'utf8')) as { entries: { idx: number }[] }
  writeFileSync(path, JSON.stringify({ ...journal, entries: journal.entries.filter(({ idx }) => idx < 9) }))
  const admin = postgres(inject('adminUrl'), { max: 1, onnotice: () => undefined })
  await admin.unsafe('create database before_statistics')
  const url = new URL(db.url)
  url.pathname = '/before_statistics'
  const older = postgres(url.toString(), { max: 1, onnotice: () => undefined })
  await migrate(drizzle(older), { migrationsFolder: old })
  await older.end()
  const before = openDatabase({ url: url.toString(), max: 1 })
  await before.sql`
    insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, volume, amount)
    select i, d::date, 'daily', 'tushare', '600000.SH', 1, 1, 1, 1, 1, 1 from generate_series(1, 3) i, unnest(array['2024-01-02', '2024-01-03']) d`
  const region = { kind: 'market', dates: ['2024-01-03', '2024-01-02'] }
  await before.sql`insert into sync_run (id, job, status, params, lock_key, workflow_id) values (${CONTEXT.runId}, 'weekly', 'failed', '{}', 'x', 'x')`
  await before.sql`insert into sync_batch (run_id, seq, stage, dataset, state, owner_epoch, region) values (${CONTEXT.runId}, 1, 0, 'bars', 'failed', 1, ${before.sql.json(region)})`
  await before.sql`insert into sync_failure (job, dataset, source, from_date, to_date, error_class, message, run_id)
    values ('weekly', 'bars', 'tushare', '2024-01-02', '2024-01-03', 'Transient', 'gone', ${CONTEXT.runId})`
  await migrateDatabase(url.toString())
  expect(await barCounts(before.sql)).toMatchObject([{ period: 'daily', bars: 6, latest_date: '2024-01-03' }])
  expect(await before.sql`select regions from sync_failure`).toEqual([{ regions: [region] }])
  await before.close()
  await admin.unsafe('drop database before_statistics with (force)')
  await admin.end()
  rmSync(old, { recursive: true, force: true })
})
