import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Tx } from '../../db/client.ts'
import { deriveBars, lockDerivedBars } from '../../db/derive-bars.ts'
import { deriveLeft } from '../../db/derived-due.ts'
import { mergeCalendar } from '../../db/trade-calendar.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { type Bar, barLine, commit, mergeIn, openRun, waiting } from './support.ts'

/*
 * Weeks and months that are made of days. The calendar is that of early 2024: 1 January and 9 to 16 February are closed.
 */

let db: TestDatabase

const HOLIDAYS = [
  '2024-01-01',
  ...Array.from({ length: 8 }, (_, i) => `2024-02-${String(9 + i).padStart(2, '0')}`),
]
const CALENDAR_END = '2024-03-01'

beforeAll(async () => {
  db = await createTestDatabase()
  await db.sql`insert into instrument (id, board, exchange, list_date) overriding system value
    select i, 'main', 'SSE', '2020-01-02' from generate_series(101, 103) i`
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'trade_calendar', 'bars', 'coverage', 'coverage_hole', 'revision', 'derived_due')
  await db.sql`update instrument set list_date = '2020-01-02', delist_date = null where id between 101 and 103`
  await db.sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d::date, extract(isodow from d) < 6 and not d::date = any(${HOLIDAYS}::date[]), 'tushare'
    from generate_series(date '2023-12-01', date '2024-03-01', interval '1 day') d`
})

/** The next session after a date, by the calendar in the database; the day after it at the calendar's end. */
async function after(date: string): Promise<string> {
  const [row] = await db.sql<{ d: string }[]>`
    select coalesce(min(trade_date), ${date}::date + 1)::text as d from trade_calendar where is_open and trade_date > ${date}`
  return row?.d ?? date
}

/** One answer with bars of some instruments over a range of dates. */
async function answer(
  bars: readonly Bar[],
  cover: { instruments: number[] | null; from: string; to: string },
  missing: { instrumentId: number; tradeDate: string }[] = [],
  isFollowed = false,
): Promise<string> {
  const { runId, claim } = await openRun(db, [{ calls: 1 }])
  const lines = bars.toSorted((a, b) => a.id - b.id || (a.date < b.date ? -1 : 1)).map(barLine)
  const result = await commit(db, claim(1), {
    merge: (tx) => mergeIn(tx, 'bars', lines, { runId }),
    cover: { ...cover, until: await after(cover.to) },
    missing,
    isFollowed,
  })
  expect(result.kind).toBe('committed')
  return runId
}

const derived = (period: string, id = 101) => db.sql<
  { date: string; start: string; final: boolean; row: string }[]
>`
  select trade_date::text as date, period_start::text as start, is_final as final,
    concat_ws(' ', open::float8, high::float8, low::float8, close::float8, pre_close::float8, change::float8, pct_chg::float8, volume, amount::float8) as row
  from bars where period = ${period} and instrument_id = ${id} order by trade_date`

const WEEK = ['2024-01-08', '2024-01-09', '2024-01-10', '2024-01-11', '2024-01-12']
const weekOf = (id: number): Bar[] =>
  WEEK.map((date, i) => ({ id, date, close: 10 + i / 10, pre_close: 9.9 + i / 10, volume: 100 * (i + 1) }))

test('a week is made of its days and dated by the last session of the market in it', async () => {
  await answer(weekOf(101), { instruments: [101], from: '2024-01-08', to: '2024-01-12' })
  // Every day opens at 10, between 9 and 12; volumes are 100 to 500 shares at 10 yuan.
  expect(await derived('weekly')).toEqual([
    { date: '2024-01-12', start: '2024-01-08', final: true, row: '10 12 9 10.4 9.9 0.5 5.0505 1500 15000' },
  ])
  expect(await derived('monthly')).toEqual([
    { date: '2024-01-31', start: '2024-01-01', final: false, row: '10 12 9 10.4 9.9 0.5 5.0505 1500 15000' },
  ])
})

test('a week before a holiday ends with its last session, a week without sessions has no bar', async () => {
  const bars = ['2024-02-05', '2024-02-08', '2024-02-19'].map((date) => ({ id: 101, date }))
  await answer(bars, { instruments: [101], from: '2024-02-05', to: '2024-02-23' })
  expect((await derived('weekly')).map(({ date, start }) => [date, start])).toEqual([
    ['2024-02-08', '2024-02-05'],
    ['2024-02-23', '2024-02-19'],
  ])
})

describe('a week is final', () => {
  test('when its last session is covered, and not before', async () => {
    for (const [i, bar] of weekOf(101).entries()) {
      await answer([bar], { instruments: [101], from: bar.date, to: bar.date })
      const weeks = await derived('weekly')
      expect(weeks.map(({ date, final }) => [date, final])).toEqual([['2024-01-12', i === 4]])
    }
  })

  test('also where the stock was suspended on the last day, since the answer of that day says so', async () => {
    const traded = weekOf(101).slice(0, 4)
    await answer(traded, { instruments: [101], from: '2024-01-08', to: '2024-01-11' })
    expect((await derived('weekly'))[0]?.final).toBe(false)
    await answer([], { instruments: null, from: '2024-01-12', to: '2024-01-12' })
    expect((await derived('weekly'))[0]?.final).toBe(true)
  })

  test('only when no day of it is missing', async () => {
    const traded = weekOf(101).filter(({ date }) => date !== '2024-01-10')
    const cover = { instruments: [101], from: '2024-01-08', to: '2024-01-12' }
    await answer(traded, cover, [{ instrumentId: 101, tradeDate: '2024-01-10' }])
    expect((await derived('weekly'))[0]?.final).toBe(false)
    await answer(weekOf(101), cover)
    expect((await derived('weekly'))[0]?.final).toBe(true)
  })

  test('from the day of its listing on', async () => {
    await db.sql`update instrument set list_date = '2024-01-10' where id = 101`
    const traded = weekOf(101).slice(2)
    await answer(traded, { instruments: [101], from: '2024-01-10', to: '2024-01-12' })
    expect((await derived('weekly'))[0]).toMatchObject({ start: '2024-01-08', final: true })
  })

  test('only when the calendar is known to its end', async () => {
    await db.sql`delete from trade_calendar where trade_date > '2024-01-11'`
    await answer(weekOf(101).slice(0, 4), { instruments: [101], from: '2024-01-08', to: '2024-01-11' })
    expect(await derived('weekly')).toMatchObject([{ date: '2024-01-11', final: false }])
  })
})

test('when the calendar goes on, the open week is dated by its new last session; when that is closed, it is final', async () => {
  await db.sql`delete from trade_calendar where trade_date > '2024-01-11'`
  await answer(weekOf(101).slice(0, 4), { instruments: [101], from: '2024-01-08', to: '2024-01-11' })
  const context = { source: 'tushare', runId: '00000000-0000-0000-0000-000000000001', job: 'stock_list' }
  const friday = (is_open: boolean) =>
    db.sql.begin((tx) =>
      mergeCalendar(
        tx,
        [{ exchange: 'SSE', trade_date: '2024-01-12', is_open, previous_trade_date: null }],
        context,
      ),
    )
  await friday(true)
  expect(await derived('weekly')).toMatchObject([{ date: '2024-01-12', start: '2024-01-08', final: false }])
  await friday(false)
  expect(await derived('weekly')).toMatchObject([{ date: '2024-01-11', start: '2024-01-08', final: true }])
})

test('a corrected day changes its week and month in the same transaction, and their old values are not kept', async () => {
  const cover = { instruments: [101], from: '2024-01-08', to: '2024-01-12' }
  await answer(weekOf(101), cover)
  await answer(
    [...weekOf(101).slice(0, 4), { id: 101, date: '2024-01-12', close: 11, pre_close: 10.3, volume: 500 }],
    cover,
  )
  const written = await db.sql<{ period: string; close: number; xmin: string }[]>`
    select period, close::float8 as close, xmin::text from bars where trade_date in ('2024-01-12', '2024-01-31')`
  expect(written.map(({ close }) => close)).toEqual([11, 11, 11])
  expect(new Set(written.map(({ xmin }) => xmin)).size).toBe(1)
  expect(await db.sql`select trade_date::text as d from revision`).toEqual([{ d: '2024-01-12' }])
})

test('an answer that changes nothing writes no row', async () => {
  const cover = { instruments: [101], from: '2024-01-08', to: '2024-01-12' }
  await answer(weekOf(101), cover)
  const rows = () =>
    db.sql`select period, trade_date::text as d, xmin::text, ctid::text from bars order by 1, 2`
  const before = await rows()
  await answer(weekOf(101), cover)
  expect(await rows()).toEqual(before)
})

test('two transactions with days of one week at the same time make one whole week', async () => {
  const derive = async (tx: Tx, bars: Bar[]) => {
    const region = {
      source: 'tushare',
      instruments: [101],
      from: bars[0]?.date ?? '',
      to: bars.at(-1)?.date ?? '',
    }
    await mergeIn(tx, 'bars', bars.map(barLine))
    await lockDerivedBars(tx, region)
    await deriveBars(tx, region, { runId: null, job: 'daily_history' })
  }
  const both: Promise<unknown>[] = []
  both.push(
    db.sql.begin(async (tx) => {
      await derive(tx, weekOf(101).slice(0, 2))
      both.push(db.sql.begin((other) => derive(other, weekOf(101).slice(2))))
      await expect.poll(() => waiting(db.sql)).toBe(1)
    }),
  )
  await both[0]
  await Promise.all(both)
  expect((await derived('weekly')).map(({ row }) => row)).toEqual(['10 12 9 10.4 9.9 0.5 5.0505 1500 15000'])
})

const SESSIONS = Array.from({ length: 92 }, (_, i) =>
  new Date(Date.UTC(2023, 11, 1 + i)).toISOString().slice(0, 10),
).filter(
  (date) => date <= CALENDAR_END && ![0, 6].includes(new Date(date).getUTCDay()) && !HOLIDAYS.includes(date),
)

/** Bars of three stocks on some of the sessions. */
const history = fc
  .array(
    fc.tuple(
      fc.constantFrom(101, 102, 103),
      fc.nat(SESSIONS.length - 1),
      fc.integer({ min: 900, max: 1_200 }),
    ),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  .map((drawn) => [...new Map(drawn.map(([id, at, close]) => [`${id} ${at}`, { id, at, close }])).values()])

/** Sessions behind which history is cut, each with the place of what ends there among the answers. */
const followed = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 })
const cuts = fc.array(fc.record({ at: fc.nat(SESSIONS.length - 2), place: fc.nat(100) }), { maxLength: 6 })

/** The parts of all sessions between cuts, in the order of their places. */
function partsOf(cut: readonly { at: number; place: number }[]): { from: string; to: string }[] {
  const ends = [
    ...new Map([...cut, { at: SESSIONS.length - 1, place: 50 }].map((each) => [each.at, each])).values(),
  ]
  ends.sort((a, b) => a.at - b.at)
  return ends
    .map(({ at, place }, i) => ({
      from: SESSIONS[(ends[i - 1]?.at ?? -1) + 1] ?? '',
      to: SESSIONS[at] ?? '',
      place,
    }))
    .sort((a, b) => a.place - b.place)
}

test('days of a month that are followed by others of it are left for the last of them', async () => {
  const due = () => db.sql`select from_date::text as from, to_date::text as to from derived_due order by 1`
  const days = weekOf(101)
  for (const day of days.slice(1).reverse())
    await answer([day], { instruments: null, from: day.date, to: day.date }, [], true)
  expect([await derived('weekly'), await derived('monthly')]).toEqual([[], []])
  expect(await due()).toHaveLength(4)
  await answer(days.slice(0, 1), { instruments: null, from: '2024-01-08', to: '2024-01-08' })
  expect(await derived('weekly')).toMatchObject([{ date: '2024-01-12', final: true }])
  expect(await due()).toEqual([])
})

test('nothing is left for later where a week is final', async () => {
  await answer(weekOf(101), { instruments: null, from: '2024-01-08', to: '2024-01-12' })
  const corrected = { id: 101, date: '2024-01-12', close: 11, pre_close: 10.3, volume: 500 }
  await answer([corrected], { instruments: null, from: '2024-01-12', to: '2024-01-12' }, [], true)
  expect(await derived('weekly')).toMatchObject([{ row: '10 12 9 11 9.9 1.1 11.1111 1500 15000' }])
  expect(await db.sql`select from derived_due`).toHaveLength(0)
})

test('however days come, in what order and in what answers, the weeks and months are the same', async () => {
  const all = () =>
    db.sql`select instrument_id, period, trade_date::text as date, period_start::text as start, is_final, open::text, high::text,
      low::text, close::text, pre_close::text, change::text, pct_chg::text, volume::text, amount::text
      from bars order by 1, 2, 3`
  await fc.assert(
    fc.asyncProperty(history, cuts, fc.boolean(), followed, async (days, cut, byDate, isFollowed) => {
      const bars = days.map(({ id, at, close }): Bar => ({
        id,
        date: SESSIONS[at] ?? '',
        close: close / 100,
      }))
      const instruments = byDate ? null : [101, 102, 103]
      await empty(db.sql, 'bars', 'coverage', 'coverage_hole')
      await answer(bars, { instruments, from: SESSIONS[0] ?? '', to: SESSIONS.at(-1) ?? '' })
      const whole = await all()
      await empty(db.sql, 'bars', 'coverage', 'coverage_hole')
      let last = ''
      for (const [i, { from, to }] of partsOf(cut).entries()) {
        const rows = bars.filter(({ date }) => date >= from && date <= to)
        last = await answer(rows, { instruments, from, to }, [], isFollowed[i % isFollowed.length])
        // Whatever was left for later: what is final is right at any moment.
        const isWhole = (row: unknown) => whole.some((each) => isDeepStrictEqual(each, row))
        expect((await all()).filter((row) => row.is_final && !isWhole(row))).toEqual([])
      }
      await deriveLeft(db.sql, last)
      expect(await all()).toEqual(whole)
      expect(await db.sql`select from derived_due`).toHaveLength(0)
    }),
    { numRuns: 25 },
  )
})
