import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { reporting } from '../../db/plan-datasets.ts'
import type { ScopeContext } from '../../db/scope/context.ts'
import { reportPeriods } from '../../db/scope/reports.ts'
import type { Instrument } from '../../local/replay/market.ts'
import { publishedReports } from '../../local/replay/reports.ts'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import type { Capability } from '../../market/capability.ts'
import type { ReportDataset } from '../../market/datasets.ts'
import { fromCompact } from '../../market/date.ts'
import { reportCalendar } from '../../market/report-periods.ts'
import { RUN_DEFAULTS } from '../../market/run-settings.ts'
import { tushareCapabilities } from '../../market/tushare.ts'
import { marketFacts } from '../../planning/market-facts.ts'
import { planRegions } from '../../planning/plan.ts'
import type { PlanInstrument } from '../../planning/types.ts'
import type { TestDatabase } from '../support/database.ts'
import { cover, openSmallMarket, planOf, regionsOf, source } from './small-market.ts'

/*
 * Reports are planned like bars, on a calendar of quarters: three companies, some of them listed long before.
 */

const FROM = { start_date: '2022-12-31' }
const NOW = { now: () => new Date('2024-01-12T20:00:00+08:00') }
let db: TestDatabase
beforeAll(async () => {
  db = await openSmallMarket()
})
afterAll(() => db.drop())
beforeEach(() => db.sql`delete from coverage`)

const tushare = (points: number | undefined, denied: readonly string[] = []) =>
  source('tushare', { capabilities: tushareCapabilities(points), deniedApis: new Set(denied) })
const callsOf = (plan: Awaited<ReturnType<typeof planOf>>) =>
  plan.batches.reduce((sum, { calls }) => sum + calls, 0)

test('with enough points, or with unknown ones, a period is one call', async () => {
  for (const points of [5_000, undefined]) {
    const plan = await planOf(db, [tushare(points)], 'income', { start_date: '2023-06-30' }, NOW)
    expect([plan.capability?.api, callsOf(plan)]).toEqual(['income_vip', 3])
    expect(regionsOf(plan)).toEqual(['all 2023-12-31 2023-09-30 2023-06-30'])
    // Of four companies more periods than that are fewer calls company by company.
    expect(callsOf(await planOf(db, [tushare(points)], 'income', FROM, NOW))).toBe(4)
  }
})

test.each([
  ['too few points', 2_000, []],
  ['a refusal', undefined, ['cash_flow', 'cashflow_vip']],
])('with %s a company is one call, however many periods are wanted', async (_, points, denied) => {
  const plan = await planOf(db, [tushare(points, denied)], 'cash_flow', FROM, NOW)
  const [companies] = await db.sql<
    { n: number }[]
  >`select count(*)::int as n from instrument where kind = 'stock' and not stub`
  expect([plan.capability?.api, callsOf(plan), plan.skipped]).toEqual(['cashflow', companies?.n, []])
})

test('all reports of a company come with a call: pages of indicators are counted, never more than are sent', () => {
  const replayed = createSandboxMarket({ stocks: 60, years: 35, today: '20240412' })
  const calendar = reportCalendar('2024-04-12')
  const companies = replayed.instruments.map(({ id, code, listDate, delistDate }) =>
    reporting({
      id,
      symbol: code,
      listDate: fromCompact(listDate ?? ''),
      delistDate: fromCompact(delistDate ?? ''),
    }),
  )
  const { marketRows } = marketFacts(calendar, companies)
  const capabilities = tushareCapabilities(2_000) as Record<ReportDataset, Capability>
  const planned = (dataset: ReportDataset, instrument: PlanInstrument): number => {
    const items = [{ instrument, ranges: [{ from: '2022-12-31', to: '2023-12-31' }] }]
    const options = { items, calendar, marketRows, capability: { ...capabilities[dataset], byDate: null } }
    return planRegions(options).reduce((sum, { calls }) => sum + calls, 0)
  }
  let [counted, sent, pages] = [0, 0, 0]
  for (const [at, instrument] of companies.entries()) {
    if (instrument.listDate === null || instrument.delistDate !== null) continue
    const own = replayed.instruments[at] as Instrument
    const requests = 1 + Math.floor(publishedReports(replayed, own, 'fin_indicator').length / 100)
    const calls = planned('fin_indicator', instrument)
    expect(calls).toBeLessThanOrEqual(requests)
    expect(planned('income', instrument)).toBe(1)
    counted += calls
    sent += requests
    pages = Math.max(pages, calls)
  }
  expect(pages).toBe(2)
  expect(counted / sent).toBeGreaterThan(0.85)
})

test('an account that may call neither is left out', async () => {
  const plan = await planOf(db, [tushare(undefined, ['income', 'income_vip'])], 'income', FROM, NOW)
  expect(plan.skipped).toEqual([
    { source: 'tushare', reason: 'permission: the account may not call income_vip' },
  ])
})

test('a history that names no dates begins where the settings say, in batches of as many companies', async () => {
  const settings = { ...NOW, financeStart: '2023-06-30', financeBatchSize: 2 }
  const { batches } = await planOf(db, [tushare(2_000)], 'income', {}, settings)
  const regions = batches.map(({ region }) => (region.kind === 'symbols' ? region : null))
  expect(regions.map((region) => [region?.from, region?.items.length])).toEqual([
    ['2023-06-30', 2],
    ['2023-06-30', 2],
  ])
  const context: ScopeContext = {
    sql: db.sql,
    sources: new Map(),
    settings: { ...RUN_DEFAULTS, ...settings },
    now: NOW.now,
  }
  expect(reportPeriods(context, {}).params).toEqual({
    start_date: '2023-06-30',
    end_date: '2023-12-31',
  })
  expect(reportPeriods(context, { start_date: '2023-09-30' }).params.start_date).toBe('2023-09-30')
})

test('what is covered is not asked again; periods that are not through are never covered', async () => {
  await cover(db, 'income', 'tushare', 0, '{[2022-12-31,2023-12-31)}')
  const plan = await planOf(db, [tushare(5_000)], 'income', FROM, NOW)
  expect(regionsOf(plan)).toEqual(['all 2023-12-31'])
})

test('days of announcements are asked as such, in pieces, newest first', async () => {
  const days = { announced_from: '2023-12-20', announced_to: '2024-01-12' }
  const plan = await planOf(db, [tushare(5_000), source('akshare')], 'fin_indicator', days, NOW)
  expect(plan.sources).toEqual([{ source: 'tushare', site: 'server' }])
  expect(plan.batches.map(({ region, calls }) => [region, calls])).toEqual([
    [{ kind: 'range', from: '2024-01-03', to: '2024-01-12' }, 10],
    [{ kind: 'range', from: '2023-12-24', to: '2024-01-02' }, 10],
    [{ kind: 'range', from: '2023-12-20', to: '2023-12-23' }, 4],
  ])
})

test('without calls by announcement it is the companies that published, or every open period', async () => {
  const days = { announced_from: '2023-10-25', announced_to: '2024-01-12' }
  const [company] = await db.sql<
    { id: number }[]
  >`select id from instrument where kind = 'stock' and not stub order by id limit 1`
  await db.sql`insert into disclosure (instrument_id, period_end, source, symbol, actual_date)
    values (${company?.id ?? 0}, '2023-09-30', 'tushare', 'x', '2023-10-28')`
  const plan = await planOf(db, [tushare(2_000)], 'income', days, NOW)
  expect([callsOf(plan), plan.batches.length]).toEqual([1, 1])
  await db.sql`delete from disclosure`
  expect((await planOf(db, [tushare(2_000)], 'income', days, NOW)).batches).toEqual([])
  const open = await planOf(db, [source('akshare')], 'income', days, NOW)
  expect(regionsOf(open)).toEqual(['SSE,SZSE 2023-12-31 2023-09-30'])
})

test("East Money's pages are counted, and BaoStock is for single symbols only", async () => {
  const baostock = source('baostock', { perDay: 50 })
  const alone = await planOf(db, [baostock], 'fin_indicator', FROM, NOW)
  expect([alone.batches, alone.skipped]).toEqual([
    [],
    [{ source: 'baostock', reason: 'it is for single symbols: the plan takes more than a day' }],
  ])
  const one = await planOf(db, [baostock], 'fin_indicator', { symbols: ['600000.SH'], ...FROM }, NOW)
  expect(callsOf(one)).toBe(30)
})

test.each<ReportDataset>(['income', 'balance_sheet', 'cash_flow', 'fin_indicator'])(
  'nobody is asked for %s of periods before its history begins',
  async (dataset) => {
    const plan = await planOf(
      db,
      [source('akshare')],
      dataset,
      { start_date: '2000-01-01', end_date: '2007-12-31' },
      NOW,
    )
    expect(plan.batches).toEqual([])
  },
)
