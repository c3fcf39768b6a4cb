import { afterAll, beforeAll, expect, test } from 'vitest'
import { isoDate } from '../../local/replay/decimal.ts'
import type { RunRow } from '../../db/queries/runs.ts'
import type { TruthBar } from '../../local/replay/truth.ts'
import { type Lab, openLab, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'

/*
 * Closed weeks and months as a schedule asks for them. The market begins with the history up to Friday, 13 November 2026.
 */

let lab: Lab
let clock = '2026-11-14T01:00:00+08:00'

beforeAll(async () => {
  const market = yearMarket(20, { today: '20261113' })
  lab = await openLab({ market, baostock: {}, now: () => new Date(clock) })
})
afterAll(() => lab.close())

const logs = async (run: RunRow) =>
  (
    await lab.db.sql<{ message: string }[]>`select message from sync_log where run_id = ${run.id} order by id`
  ).map((row) => row.message)

const callsOf = (run: RunRow) => lab.db.sql<{ dataset: string; calls: number }[]>`
  select dataset, sum(calls)::int as calls from sync_batch where run_id = ${run.id} group by 1 having sum(calls) > 0 order by 1`

/** What the bars of a period must be, added up here from the days of the market. */
function expected(period: 'weekly' | 'monthly'): Map<string, string> {
  const startOf = (date: string) => {
    if (period === 'monthly') return `${date.slice(0, 7)}-01`
    const day = new Date(`${date}T00:00:00Z`)
    return new Date(day.getTime() - ((day.getUTCDay() + 6) % 7) * 86_400_000).toISOString().slice(0, 10)
  }
  const lastSession = new Map(lab.market.calendar.sessions.map((d) => [startOf(isoDate(d)), isoDate(d)]))
  const made = new Map<string, string>()
  const grouped = new Map<string, TruthBar[]>()
  for (const bar of lab.market.truthBars()) {
    const key = `${bar.symbol} ${startOf(bar.trade_date)}`
    const bars = grouped.get(key)
    if (bars) bars.push(bar)
    else grouped.set(key, [bar])
  }
  for (const [key, bars] of grouped) {
    const [symbol = '', start = ''] = key.split(' ')
    const [first, last] = [bars[0], bars.at(-1)]
    if (!first || !last) continue
    const high = Math.max(...bars.map((bar) => Number(bar.high)))
    const low = Math.min(...bars.map((bar) => Number(bar.low)))
    const volume = bars.reduce((sum, bar) => sum + bar.volume, 0)
    const amount = bars.reduce((sum, bar) => sum + Number(bar.amount), 0)
    const change = Math.round((Number(last.close) - Number(first.pre_close)) * 100) / 100
    const cells = [first.open, high, low, last.close, first.pre_close, change, volume, amount].map(Number)
    made.set(`${symbol} ${lastSession.get(start) ?? ''}`, cells.join(' '))
  }
  return made
}

const stored = async (period: 'weekly' | 'monthly') => {
  const rows = await lab.db.sql<{ key: string; row: string }[]>`
    select symbol || ' ' || trade_date as key, concat_ws(' ', open::float8, high::float8, low::float8, close::float8, pre_close::float8,
      change::float8, volume, amount::float8) as row from bars where period = ${period} and source = 'tushare'`
  return new Map(rows.map(({ key, row }) => [key, row]))
}

const notFinal = async (period: 'weekly' | 'monthly') =>
  (
    await lab.db.sql<{ date: string }[]>`
      select distinct trade_date::text as date from bars where period = ${period} and not is_final order by 1`
  ).map(({ date }) => date)

test('a history brings the weeks and months of all stocks, the running month not final', async () => {
  const run = await lab.run('daily_history', wholeMarket(lab.market))
  expect(run.status).toBe('success')
  expect(await stored('weekly')).toEqual(expected('weekly'))
  expect(await stored('monthly')).toEqual(expected('monthly'))
  expect([await notFinal('weekly'), await notFinal('monthly')]).toEqual([[], ['2026-11-30']])
})

test.each(['weekly', 'monthly'] as const)(
  'where nothing is due, a %s run says so and asks for lists alone',
  async (job) => {
    const run = await lab.run(job)
    expect(run.status).toBe('success')
    const [name, day] = job === 'weekly' ? ['week', '2026-11-13'] : ['month', '2026-10-30']
    expect(await logs(run)).toContain(`nothing is due: every ${name} up to ${day} is complete`)
    const asked = (await callsOf(run)).map(({ dataset }) => dataset)
    expect(asked.filter((dataset) => !['trade_calendar', 'stock_list'].includes(dataset))).toEqual([])
  },
)

test('a week is due on Saturday at one, not on Friday afternoon', async () => {
  lab.market.setToday('20261120')
  clock = '2026-11-20T16:00:00+08:00'
  const early = await lab.run('weekly')
  expect(await logs(early)).toContain('nothing is due: every week up to 2026-11-13 is complete')
  clock = '2026-11-21T01:00:00+08:00'
  const run = await lab.run('weekly')
  expect([run.status, run.resolvedParams]).toMatchObject([
    'success',
    { start_date: '2026-11-16', end_date: '2026-11-20' },
  ])
  expect(await stored('weekly')).toEqual(expected('weekly'))
  expect(await notFinal('weekly')).toEqual([])
  expect(await logs(await lab.run('weekly'))).toContain(
    'nothing is due: every week up to 2026-11-20 is complete',
  )
})

test('a bar that is missing is made again from the days that are there, without a call', async () => {
  await lab.db
    .sql`delete from bars where period = 'weekly' and trade_date = '2026-11-06' and symbol = '600000.SH'`
  const run = await lab.run('weekly')
  expect(run.resolvedParams).toMatchObject({ start_date: '2026-11-02', end_date: '2026-11-20' })
  expect((await callsOf(run)).map(({ dataset }) => dataset)).not.toContain('bars')
  expect(await stored('weekly')).toEqual(expected('weekly'))
})

test('stocks whose week is of two sources are asked of one for all of its days', async () => {
  // As if the source had gone down in the middle of the week.
  await lab.db
    .sql`delete from bars where source = 'tushare' and trade_date between '2026-11-18' and '2026-11-20'`
  await lab.db.sql`update coverage set ranges = ranges - datemultirange(daterange('2026-11-18', '2026-11-21'))
    where dataset = 'bars' and source = 'tushare'`
  const other = { start_date: '2026-11-18', end_date: '2026-11-20', preferred_sources: ['baostock'] } as const
  expect((await lab.run('daily_history', other)).status).toBe('success')
  const run = await lab.run('weekly')
  expect((await logs(run)).find((line) => line.includes('days of several sources'))).toBeDefined()
  expect(run.resolvedParams).toMatchObject({ want: 'each' })
  expect(await stored('weekly')).toEqual(expected('weekly'))
  expect(await logs(await lab.run('weekly'))).toContain(
    'nothing is due: every week up to 2026-11-20 is complete',
  )
})

test("bars are compared with the upstream's own, and what differs is named", async () => {
  const fine = await lab.run('weekly', { check_vendor: true, preferred_sources: ['tushare'] })
  expect((await logs(fine)).filter((line) => line.includes('its own'))).toEqual([
    expect.stringMatching(/^weekly bars of tushare agree with its own in ([\d,]+) of \1 values$/),
    expect.stringMatching(/^weekly bars of baostock agree with its own in ([\d,]+) of \1 values/),
  ])
  lab.upstream.setFaults([{ kind: 'bad_row', api: 'weekly', date: '20261106' }])
  const run = await lab.run('weekly', { check_vendor: true })
  expect(run.status).toBe('success')
  expect((await logs(run)).find((line) => line.startsWith('weekly bars of tushare'))).toMatch(
    /; \d+ differ: see agreement$/,
  )
  const differences = await lab.db.sql<{ date: string; field: string; apart: boolean }[]>`
    select trade_date::text as date, field, value_a <> value_b as apart from agreement where source_a = 'tushare' and source_b = 'tushare'`
  expect(differences.length).toBeGreaterThan(0)
  expect(new Set(differences.map(({ date, apart }) => `${date} ${apart}`))).toEqual(
    new Set(['2026-11-06 true']),
  )
  expect(differences.every(({ field }) => field.startsWith('weekly.'))).toBe(true)
})

test('months are compared as well, in whatever unit they come', async () => {
  const run = await lab.run('monthly', { check_vendor: true })
  expect((await logs(run)).find((line) => line.startsWith('monthly bars of tushare'))).toMatch(
    /^monthly bars of tushare agree with its own in ([1-9][\d,]*) of \1 values$/,
  )
})
