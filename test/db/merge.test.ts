import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { stagedLines } from '../../activities/staged-lines.ts'
import { copyText } from '../../db/merge.ts'
import type { BarRow } from '../../sources/contract.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { barLine, factorLine, merge, waiting } from './support.ts'

fc.configureGlobal({ seed: 20_240_102 })

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  // Not truncate: that takes a lock and a file of each of the 52 partitions.
  await empty(db.sql, 'bars', 'adj_factor', 'suspension', 'revision')
})

/** Where each row version lies: any write moves it or changes its xmin. */
const rowVersions = () =>
  db.sql`select tableoid::regclass::text as part, ctid::text, xmin::text from bars order by instrument_id, trade_date`
const closes = async () =>
  (
    await db.sql<{ id: number; date: string; close: number }[]>`
      select instrument_id as id, trade_date as date, close::float8 as close from bars order by 1, 2`
  ).map((row) => [row.id, row.date, row.close])

test('new, changed and equal rows are counted apart', async () => {
  await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02' }), barLine({ id: 1, date: '2024-01-03' })])
  const counts = await merge(db, 'bars', [
    barLine({ id: 1, date: '2024-01-02' }),
    barLine({ id: 1, date: '2024-01-03', close: 11 }),
    barLine({ id: 2, date: '2024-01-02' }),
  ])
  expect(counts).toEqual({ inserted: 1, updated: 1, unchanged: 1 })
})

test('nothing is merged for an answer without rows', async () => {
  expect(await merge(db, 'bars', [])).toEqual({ inserted: 0, updated: 0, unchanged: 0 })
})

test('the same answer again, or one that overlaps it, writes no row version', async () => {
  const lines = ['1995-12-29', '1996-01-02', '2023-12-29', '2024-01-02'].map((date) =>
    barLine({ id: 1, date }),
  )
  await merge(db, 'bars', lines)
  const before = await rowVersions()
  await merge(db, 'bars', lines)
  await merge(db, 'bars', lines.slice(1, 3))
  expect(await rowVersions()).toEqual(before)
})

test('equal values in another spelling are no change', async () => {
  await merge(db, 'adj_factor', [factorLine(1, '2024-01-02', 1.5)])
  await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', close: 10.5 })])
  const respelt = barLine({ id: 1, date: '2024-01-02', close: 10.5 }).replace('10.5', '10.500')
  expect(await merge(db, 'bars', [respelt])).toMatchObject({ unchanged: 1 })
  expect(await merge(db, 'adj_factor', [factorLine(1, '2024-01-02', 1.500000001)])).toMatchObject({
    unchanged: 1,
  })
})

test('a later null does not take a value away, whether it comes alone or beside a change', async () => {
  await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', pre_close: 9.9 })])
  const alone = await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', pre_close: null })])
  const beside = await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', pre_close: null, close: 11 })])
  const [row] = await db.sql`select pre_close::float8 as pre, close::float8 as close from bars`
  expect([alone.unchanged, beside.updated, row]).toEqual([1, 1, { pre: 9.9, close: 11 }])
})

test('a null that becomes a value is a change', async () => {
  await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', pre_close: null })])
  expect(await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', pre_close: 9.9 })])).toMatchObject({
    updated: 1,
  })
})

test('sources do not touch each other’s rows', async () => {
  await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', close: 10 })], { source: 'tushare' })
  const counts = await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', close: 11 })], {
    source: 'import',
  })
  expect([counts.inserted, (await closes()).length]).toEqual([1, 2])
})

test('two suspensions of one day, S and R, are two rows', async () => {
  const line = (type: string, timing: string) => `1\t600001.SH\t2024-01-02\t${type}\t${timing}`
  await merge(db, 'suspension', [line('R', '\\N'), line('S', '09:30-10:00')])
  expect(await merge(db, 'suspension', [line('R', '\\N'), line('S', '09:30-11:00')])).toEqual({
    inserted: 0,
    updated: 1,
    unchanged: 1,
  })
})

test('a change keeps the old value and when it was known, one revision after the other without a gap', async () => {
  for (const close of [10, 11, 12]) await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', close })])
  const revisions = await db.sql`
    select (old ->> 'close')::float8 as close, known_from = lag(known_to) over (order by id) as follows, known_from < known_to as lasted
    from revision order by id`
  expect(revisions).toEqual([
    { close: 10, follows: null, lasted: true },
    { close: 11, follows: true, lasted: true },
  ])
  const [now] = await db.sql`
    select b.updated_at = (select max(known_to) from revision) as follows, b.close::float8 as close from bars b`
  expect(now).toEqual({ follows: true, close: 12 })
})

test('a revision says what it is about and who replaced it', async () => {
  const runId = '00000000-0000-0000-0000-0000000000aa'
  await merge(db, 'adj_factor', [factorLine(7, '2024-01-02', 1.5)])
  await merge(db, 'adj_factor', [factorLine(7, '2024-01-02', 1.25)], { runId })
  expect(await db.sql`select dataset, instrument_id, trade_date, source, old, run_id from revision`).toEqual([
    {
      dataset: 'adj_factor',
      instrument_id: 7,
      trade_date: '2024-01-02',
      source: 'tushare',
      old: { factor: 1.5 },
      run_id: runId,
    },
  ])
})

/** Merges that all found the row as it was before any of them changed it. */
async function race(changes: readonly number[]) {
  await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', close: 10 })])
  return await db.sql.begin(async (holder) => {
    await holder`select from bars for update`
    const running = changes.map((close) => merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', close })]))
    await expect.poll(() => waiting(db.sql)).toBe(changes.length)
    return { counts: Promise.all(running) }
  })
}

test('transactions that change one row at once leave a revision each, with what the row really held', async () => {
  await (
    await race([11, 12, 13])
  ).counts
  const revisions = await db.sql`
    select (old ->> 'close')::float8 as close, known_from <= known_to as ordered from revision order by id`
  const [[, , last] = []] = await closes()
  expect([...revisions.map((row) => row.close as number), last].sort()).toEqual([10, 11, 12, 13])
  expect([revisions[0]?.close, revisions.every((row) => row.ordered === true)]).toEqual([10, true])
})

test('transactions that make the same change at once make it once', async () => {
  const counts = await (await race([11, 11])).counts
  const [revisions] = await db.sql`select count(*)::int as n from revision`
  expect([counts.map((each) => each.updated).sort(), revisions?.n]).toEqual([[0, 1], 1])
})

/** Rows of one answer, some of them twice. */
const answer = fc.array(
  fc.record({
    id: fc.integer({ min: 1, max: 3 }),
    date: fc.constantFrom('1995-12-29', '2023-12-29', '2024-01-02'),
    close: fc.integer({ min: 9, max: 12 }),
    pre_close: fc.option(fc.integer({ min: 9, max: 12 })),
  }),
  { maxLength: 12 },
)

/** A source's row behind the generated one. */
const rowOf = (bar: { id: number; date: string; close: number; pre_close: number | null }): BarRow => ({
  symbol: `60000${bar.id}.SH`,
  trade_date: bar.date,
  open: 10,
  high: 12,
  low: 9,
  close: bar.close,
  pre_close: bar.pre_close,
  change: null,
  pct_chg: null,
  volume: '100',
  amount: '1000',
})

test('whatever answers come, duplicates included, the table ends as if they had been read one row after the other', async () => {
  const ids = new Map([1, 2, 3].map((id) => [`60000${id}.SH`, id]))
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { maxLength: 4 }), async (answers) => {
      await db.sql`delete from bars`
      const model = new Map<string, { close: number; pre_close: number | null }>()
      let inserted = 0
      for (const rows of answers) {
        const lines = stagedLines('bars', rows.map(rowOf), ids)
        const counts = await merge(db, 'bars', lines)
        // Of a key that comes twice in one answer the last row counts, nulls and all.
        for (const row of new Map(rows.map((each) => [`${each.id} ${each.date}`, each])).values()) {
          const old = model.get(`${row.id} ${row.date}`)
          if (!old) inserted++
          model.set(`${row.id} ${row.date}`, {
            close: row.close,
            pre_close: row.pre_close ?? old?.pre_close ?? null,
          })
        }
        expect(counts.inserted + counts.updated + counts.unchanged).toBe(lines.length)
      }
      const rows = await db.sql<{ key: string; close: number; pre_close: number | null }[]>`
        select concat(instrument_id, ' ', trade_date) as key, close::float8 as close, pre_close::float8 as pre_close from bars`
      expect(new Map(rows.map(({ key, ...values }) => [key, values]))).toEqual(model)
      expect(rows.length).toBe(inserted)
    }),
    { numRuns: 40 },
  )
})

test('any text survives the way through COPY', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'))
  const special = fc.constantFrom('\\N', '\\', '\\.', 'a\tb', 'a\nb', 'a\r\nb', '\\\\N')
  await fc.assert(
    fc.asyncProperty(fc.oneof(special, text), async (timing) => {
      await db.sql`delete from suspension`
      await merge(db, 'suspension', [`1\t600001.SH\t2024-01-02\tS\t${copyText(timing)}`])
      expect((await db.sql`select suspend_timing as timing from suspension`)[0]?.timing).toBe(timing)
    }),
    { numRuns: 60 },
  )
})

test('an error that comes after the last byte of a COPY is told', async () => {
  const tooLarge = '1\t600001.SH\t2024-01-02\t1\t1\t1\t1\t\\N\t\\N\t\\N\t99999999999999999999\t1\t\\N'
  await expect(merge(db, 'bars', [tooLarge])).rejects.toThrow(/out of range for type bigint/)
  expect((await db.sql`select 1 as one`)[0]?.one).toBe(1)
})
