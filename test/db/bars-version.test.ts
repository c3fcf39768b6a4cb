import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BarsQuery, readBars } from '../../db/queries/bars.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { addBars, addCalendar, addFactors, addStock } from './bars-support.ts'
import { barLine, merge } from './support.ts'

/* The version of an answer stands for its content: equal while nothing changes, another one after every change. */

let db: TestDatabase
let id: number
let other: number

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'bars', 'adj_factor', 'coverage', 'trade_calendar', 'instrument_code', 'instrument')
  await addCalendar(db.sql)
  id = await addStock(db.sql, ['600000.SH'])
  other = await addStock(db.sql, ['000001.SZ'])
  for (const each of [id, other]) {
    await merge(db, 'bars', [barLine({ id: each, date: '2024-01-02' })])
    await addFactors(db.sql, each, [['2024-01-02', 2]], { covers: '{[2024-01-02,2024-01-03)}' })
  }
})

async function versions(differs: Partial<BarsQuery>): Promise<string[]> {
  const query: BarsQuery = {
    instruments: new Map([[id, '600000.SH']]),
    period: 'daily',
    from: '2024-01-01',
    to: '2024-01-31',
    adjust: 'none',
    anchor: null,
    source: 'best',
    asOf: null,
    settled: '2024-06-28',
    ...differs,
  }
  const of = async (each: BarsQuery) => (await readBars(db.sql, each)).version
  return [await of(query), await of({ ...query, instruments: null })]
}

const adjusted = { adjust: 'qfq' } as const

/** Which of the answers, of one stock and of the whole market, have another version after `change`. */
async function changed(differs: Partial<BarsQuery>, change: () => Promise<unknown>): Promise<boolean[]> {
  const before = await versions(differs)
  await change()
  const after = await versions(differs)
  return before.map((version, i) => version !== after[i])
}

test.each([
  ['the same question', {}, async () => undefined, [false, false]],
  [
    'a corrected bar',
    {},
    () => merge(db, 'bars', [barLine({ id, date: '2024-01-02', close: 11 })]),
    [true, true],
  ],
  [
    'an answer that changes nothing',
    {},
    () => merge(db, 'bars', [barLine({ id, date: '2024-01-02' })]),
    [false, false],
  ],
  ['a new bar', {}, () => addBars(db.sql, id, [{ date: '2024-01-03' }]), [true, true]],
  [
    'a bar of another source',
    {},
    () => addBars(db.sql, id, [{ date: '2024-01-02' }], { source: 'baostock' }),
    [true, true],
  ],
  ['a bar outside the dates', {}, () => addBars(db.sql, id, [{ date: '2024-02-01' }]), [false, false]],
  ['a bar of another stock', {}, () => addBars(db.sql, other, [{ date: '2024-01-03' }]), [false, true]],
  ['a bar that is gone', {}, () => db.sql`delete from bars where instrument_id = ${id}`, [true, true]],
  [
    'a factor where nothing is adjusted',
    {},
    () => addFactors(db.sql, id, [['2024-01-03', 3]]),
    [false, false],
  ],
  ['a factor', adjusted, () => addFactors(db.sql, id, [['2024-01-03', 3]]), [true, true]],
  [
    'a factor behind the dates, which is the anchor',
    adjusted,
    () => addFactors(db.sql, id, [['2024-06-03', 3]]),
    [true, true],
  ],
  [
    'days that a source has answered for',
    adjusted,
    () => db.sql`update coverage set ranges = '{[2024-01-02,2024-01-20)}'`,
    [true, true],
  ],
  [
    'a precedence',
    {},
    () => db.sql`update value_precedence set rank = 9 where source = 'tushare'`,
    [true, true],
  ],
  [
    'a session of the calendar, of weeks',
    { ...adjusted, period: 'weekly' as const },
    () => db.sql`update trade_calendar set is_open = false where trade_date = '2024-01-05'`,
    [true, true],
  ],
  [
    'a code',
    {},
    () => db.sql`update instrument_code set code = '920001.BJ' where code = '000001.SZ'`,
    [false, true],
  ],
])('%s', async (_, differs, change, expected) => {
  expect(await changed(differs, change)).toEqual(expected)
})

test('the same bars have the same version under later dates, and on later days', async () => {
  const later = { to: '2024-02-29', settled: '2024-07-01' }
  expect(await versions(later)).toEqual(await versions({}))
  const weeks = { ...adjusted, period: 'weekly' } as const
  expect(await versions({ ...weeks, settled: '2024-07-01' })).toEqual(await versions(weeks))
})

test('a week that becomes final is another one', async () => {
  const weeks = { ...adjusted, period: 'weekly' } as const
  expect((await versions({ ...weeks, settled: '2024-01-04' }))[0]).not.toBe((await versions(weeks))[0])
})

test('every part of the question counts', async () => {
  const questions: Partial<BarsQuery>[] = [
    {},
    adjusted,
    { adjust: 'hfq' },
    { ...adjusted, anchor: '2024-01-02' },
    { ...adjusted, decimals: 2 },
    { source: 'tushare' },
    { asOf: '2100-01-01T00:00:00Z' },
    { instruments: new Map([[id, '600000']]) },
  ]
  const all: string[] = []
  for (const question of questions) all.push((await versions(question))[0] ?? '')
  expect(new Set(all).size).toBe(questions.length)
})
