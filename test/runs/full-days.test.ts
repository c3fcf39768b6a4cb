import { afterEach, describe, expect, test } from 'vitest'
import { isoDate } from '../../local/replay/decimal.ts'
import { type Lab, openLab } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences } from '../support/truth.ts'

/* Days at the edge: more rows than an answer holds, and a source that has half of them. */

let lab: Lab
afterEach(() => lab.close())

const newestOf = ({ market }: Lab, before = 0) => {
  const date = market.calendar.sessions[market.lastSession - before] ?? ''
  return { date, iso: isoDate(date) }
}

test('a day of more than 6,000 rows loses none of them', async () => {
  lab = await openLab({ market: yearMarket(6_700, { years: 0.1 }) })
  const { iso } = newestOf(lab)
  const rows = [...lab.market.truthBars()].filter(({ trade_date }) => trade_date === iso).length
  expect(rows).toBeGreaterThan(6_000)
  const run = await lab.run('daily_history', { start_date: iso, end_date: iso })
  expect(run.status).toBe('success')
  expect(lab.upstream.stats().byApi.daily).toMatchObject({ calls: 2, rows })
  expect(await barDifferences(lab.db.sql, lab.market, (_, date) => date === iso)).toEqual([])
  const [gate] = await lab.db.sql`select state, present from day_gate where dataset = 'bars'`
  expect(gate).toEqual({ state: 'complete', present: rows })
})

describe('of three days of the whole market', () => {
  const difference = (...days: string[]) =>
    barDifferences(lab.db.sql, lab.market, (_, date) => days.includes(date))
  const calls = () => lab.upstream.stats().byApi.daily?.calls ?? 0
  const failures = async () => [
    ...(await lab.db.sql`
      select dataset, symbol, from_date, to_date, error_class from sync_failure where resolved_at is null`),
  ]
  const failureOn = (date: string, errorClass: string) => [
    { dataset: 'bars', symbol: null, from_date: date, to_date: date, error_class: errorClass },
  ]
  const openThreeDays = async () => {
    // So many that a call for each of three dates is less than calls by symbols.
    lab = await openLab({ market: yearMarket(320, { years: 0.1 }) })
    const days = [newestOf(lab, 2), newestOf(lab, 1), newestOf(lab)] as const
    return { days, dates: { start_date: days[0].iso, end_date: days[2].iso } }
  }

  test('a bad one does not stop the others, and the next run brings that one alone', async () => {
    const {
      days: [first, bad, last],
      dates,
    } = await openThreeDays()
    lab.upstream.setFaults([{ kind: 'missing_column', column: 'close', api: 'daily', date: bad.date }])
    expect((await lab.run('daily_incremental', dates)).status).toBe('success_with_errors')
    expect(await difference(first.iso, last.iso)).toEqual([])
    expect(await failures()).toEqual(failureOn(bad.iso, 'SchemaDrift'))

    lab.upstream.setFaults([])
    const before = calls()
    expect((await lab.run('daily_incremental', dates)).status).toBe('success')
    expect([calls() - before, await difference(first.iso, bad.iso, last.iso)]).toEqual([1, []])
    expect(await failures()).toEqual([])
  })

  test('the newest may still be to come: nobody rests for it, it is named, and the next run brings it', async () => {
    const {
      days: [first, second, newest],
      dates,
    } = await openThreeDays()
    lab.upstream.setFaults([{ kind: 'empty', api: 'daily', date: newest.date }])
    const run = await lab.run('daily_incremental', dates)
    expect(run).toMatchObject({
      status: 'success_with_errors',
      message: `1 open failure; no source has bars of ${newest.iso} yet. Retry the run to fetch what is missing.`,
    })
    expect(await difference(first.iso, second.iso)).toEqual([])
    expect(await failures()).toEqual(failureOn(newest.iso, 'NotPublished'))
    const rested = await lab.db.sql`select from source_health where last_failure_at is not null`
    expect(rested.length).toBe(0)

    lab.upstream.setFaults([])
    expect((await lab.run('daily_incremental', dates)).status).toBe('success')
    expect(await difference(first.iso, second.iso, newest.iso)).toEqual([])
    expect(await failures()).toEqual([])
  })
})

test('half a day of one source is made whole by another in the same run', async () => {
  lab = await openLab({ market: yearMarket(12), baostock: {} })
  const { date, iso } = newestOf(lab)
  await lab.run('stock_list')
  lab.upstream.changeMarket({ hold: { date, percent: 50 } })
  await lab.run('daily_history', { start_date: iso, end_date: iso })
  const sources = await lab.db.sql<{ source: string; n: number }[]>`
    select source, count(*)::int as n from bars where period = 'daily' and trade_date = ${iso} group by 1 order by 1`
  expect(sources.map(({ source }) => source)).toEqual(['baostock', 'tushare'])
  const [gate] = await lab.db.sql<
    { state: string; reasons: { symbols?: string[] } }[]
  >`select state, reasons from day_gate where dataset = 'bars'`
  // Beijing is not BaoStock's.
  expect((gate?.reasons.symbols ?? []).filter((symbol) => !symbol.endsWith('.BJ'))).toEqual([])
})
