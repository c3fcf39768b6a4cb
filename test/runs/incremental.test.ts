import { afterAll, beforeAll, expect, test } from 'vitest'
import { symbolsOfToday } from '../../db/bars/survey.ts'
import { fromCompact } from '../../market/date.ts'
import { type Lab, openLab } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences, factorDifferences } from '../support/truth.ts'

/*
 * A service that was away: the market went on, and the next daily run brings what was missed. The upstream's lists say only
 * what was known on the day.
 */

const AWAY = [1, 5, 300]
const market = yearMarket(110, { years: 1.4 })
const { sessions } = market.calendar
const newest = market.lastSession
const begin = newest - AWAY.reduce((sum, days) => sum + days, 0)
const iso = (session: number): string => fromCompact(sessions[session] ?? '') ?? ''

let lab: Lab

beforeAll(async () => {
  market.setToday(sessions[begin] ?? '')
  lab = await openLab({
    market,
    settings: { maxMissingDays: 400 },
    now: () => new Date(`${iso(market.lastSession)}T21:00:00+08:00`),
  })
  const run = await lab.run('daily_history', { start_date: iso(market.firstSession), end_date: iso(begin) })
  expect(run.status).toBe('success')
})
afterAll(() => lab.close())

const stocks = () => new Map([...market.truthStocks()].map((stock) => [stock.symbol, stock]))
const suspensions = () =>
  [...market.truthSuspensions()].map((s) => [s.symbol, s.trade_date, s.type, s.timing].join(' ')).sort()

test.each(AWAY)('after %i sessions all of them are there, whatever happened meanwhile', async (days) => {
  const before = market.lastSession
  const known = stocks()
  market.setToday(sessions[before + days] ?? '')
  if (days === Math.max(...AWAY)) expectEverythingHappened(known, iso(before))

  const calls = lab.upstream.stats().byApi.daily?.calls ?? 0
  const run = await lab.run('daily_incremental')
  expect({ status: run.status, message: run.message }).toEqual({ status: 'success', message: null })
  expect(await barDifferences(lab.db.sql, market)).toEqual([])
  expect(await factorDifferences(lab.db.sql, market)).toEqual([])
  const { sql } = lab.db
  const stored = await sql<{ id: number; s: string }[]>`
    select instrument_id as id, concat_ws(' ', trade_date, suspend_type, coalesce(suspend_timing, '')) as s from suspension`
  const codes = await symbolsOfToday(sql)
  expect(stored.map(({ id, s }) => `${codes.get(id) ?? '?'} ${s}`).sort()).toEqual(suspensions())
  const listed = await sql<{ symbol: string; name: string; status: string }[]>`
    select symbol, name, list_status as status from stock_best order by symbol`
  expect([...listed]).toEqual(
    [...stocks().values()]
      .map(({ symbol, name, status }) => ({ symbol, name, status }))
      .sort((a, b) => (a.symbol < b.symbol ? -1 : 1)),
  )
  // By date, the whole market a call, unless calls by symbol are fewer.
  expect((lab.upstream.stats().byApi.daily?.calls ?? 0) - calls).toBeLessThanOrEqual(days)
})

/** The longest absence is only worth something when it had all of it. */
function expectEverythingHappened(known: ReturnType<typeof stocks>, since: string): void {
  const now = [...stocks().values()]
  const later = (date: string | null) => date !== null && date > since
  const factors = new Map<string, Set<string>>()
  for (const { symbol, trade_date, factor } of market.truthFactors())
    if (later(trade_date)) factors.set(symbol, (factors.get(symbol) ?? new Set()).add(factor))
  expect({
    'a new listing': now.some(({ symbol, list_date }) => !known.has(symbol) && later(list_date)),
    'a delisting': now.some(({ symbol, status }) => status === 'D' && known.get(symbol)?.status === 'L'),
    'a new name': now.some(({ symbol, name }) => known.has(symbol) && known.get(symbol)?.name !== name),
    'a new code': now.some(
      ({ symbol, list_date }) => !known.has(symbol) && list_date !== null && list_date < since,
    ),
    'a suspension': [...market.truthSuspensions()].some(({ trade_date }) => later(trade_date)),
    'a new factor': [...factors.values()].some((values) => values.size > 1),
  }).toEqual({
    'a new listing': true,
    'a delisting': true,
    'a new name': true,
    'a new code': true,
    'a suspension': true,
    'a new factor': true,
  })
}
