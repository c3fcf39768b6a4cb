import { expect, test } from 'vitest'
import { readFinancials } from '../../db/queries/financials.ts'
import type { RunRow } from '../../db/queries/runs.ts'
import { type Statement, STATEMENTS, type TruthReport, truthReports } from '../../local/replay/reports.ts'
import { type Lab, type LabOptions, openLab } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'

/*
 * Reports from an empty database to an evening after new announcements: by accounts that may ask for the whole market, by
 * those that may not, and by one that learns it on the way.
 */

interface Office extends Lab {
  /** The market and the clock go on. */
  move(date: string): void
  /** Runs a job, which has to succeed. */
  does(job: 'finance_history' | 'finance_incremental'): Promise<RunRow>
  /** Calls for reports since the last time that this was asked. */
  calls(): Record<string, number>
}

async function withOffice(options: LabOptions, work: (office: Office) => Promise<void>): Promise<void> {
  let now = new Date('2026-10-20T12:00:00Z')
  const lab = await openLab({ market: yearMarket(30, { today: '20261020' }), now: () => now, ...options })
  let counted: Record<string, number> = {}
  const office: Office = Object.assign(lab, {
    move: (date: string) => {
      lab.market.setToday(date)
      now = new Date(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T12:00:00Z`)
    },
    does: async (job: 'finance_history' | 'finance_incremental') => {
      const row = await lab.until(await lab.start(job), undefined, 120)
      expect(row.status).toBe('success')
      return row
    },
    calls: () => {
      const all = Object.entries(lab.upstream.stats().byApi).map(([api, { calls }]) => [api, calls] as const)
      const since = all.map(([api, calls]) => [api, calls - (counted[api] ?? 0)] as const)
      counted = Object.fromEntries(all)
      const isOfReports = ([api, calls]: readonly [string, number]) =>
        calls > 0 && /income|balance|cashflow|fina|disclosure/.test(api)
      return Object.fromEntries(since.filter(isOfReports))
    },
  })
  try {
    await work(office)
  } finally {
    await office.close()
  }
}

const textOf = ({ items, ...row }: Record<string, unknown>): string =>
  JSON.stringify([Object.values(row), Object.entries(items as object).sort(([a], [b]) => (a < b ? -1 : 1))])

/** What the database has of a statement, and what the market has, as sorted texts. */
async function bothOf(
  { db, market }: Lab,
  statement: Statement,
  isWanted: (row: TruthReport) => boolean = () => true,
): Promise<{ stored: string[]; truth: string[] }> {
  const rows = await db.sql<(TruthReport & Record<string, unknown>)[]>`
    select symbol, period_end, report_type, comp_type, ann_date, f_ann_date, update_flag, items
    from financial_report where statement = ${statement} and source = 'tushare'`
  const sorted = (all: Iterable<TruthReport>) =>
    [...all]
      .filter(isWanted)
      .map((row) => textOf({ ...row }))
      .sort()
  return { stored: sorted(rows), truth: sorted(truthReports(market, statement)) }
}

async function expectTruth(lab: Lab, isWanted?: (row: TruthReport) => boolean): Promise<void> {
  for (const statement of STATEMENTS) {
    const { stored, truth } = await bothOf(lab, statement, isWanted)
    expect(truth.length).toBeGreaterThan(20)
    expect({ statement, rows: stored }).toEqual({ statement, rows: truth })
  }
}

const each = (suffix: '' | '_vip', calls: number) =>
  Object.fromEntries(
    ['income', 'balancesheet', 'cashflow', 'fina_indicator'].map((api) => [api + suffix, calls]),
  )

test(
  'by period for the whole market, then by the days on which reports were published, corrections included',
  { timeout: 200_000 },
  () =>
    withOffice({}, async (office) => {
      await office.does('finance_history')
      await expectTruth(office)
      // One call a period; the newest ones are not over yet.
      expect(office.calls()).toEqual(each('_vip', 16))
      const again = await office.does('finance_history')
      expect([again.inserted, office.calls()]).toEqual([0, each('_vip', 1)])

      office.move('20261120')
      await office.does('finance_incremental')
      await expectTruth(office)
      // A month of days, since nobody had looked before, and one page of disclosure dates.
      expect(office.calls()).toEqual({ ...each('_vip', 32), disclosure_date: 1 })
      const [corrected] = await office.db.sql<{ symbol: string; statement: 'income'; period_end: string }[]>`
        select symbol, statement, period_end from financial_report
        where statement = 'income' and f_ann_date between '2026-10-21' and '2026-11-20' and f_ann_date > ann_date limit 1`
      expect(corrected).toBeDefined()
      const revenueAsOf = async (asOf: string) => {
        const { symbol = '', statement = 'income', period_end: from = '' } = corrected ?? {}
        const asked = { symbol, statement, from, to: from, asOf, latest: true }
        const [row] = (await readFinancials(office.db.sql, asked)) ?? []
        return Number(row?.items.total_revenue)
      }
      const [before, after] = [await revenueAsOf('2026-10-20'), await revenueAsOf('2026-11-20')]
      expect(after / before).toBeCloseTo(1.013, 6)

      office.move('20261123')
      await office.does('finance_incremental')
      // Three days and the two before them, once more.
      expect(office.calls()).toEqual({ ...each('_vip', 6), disclosure_date: 1 })
      await expectTruth(office)
    }),
)

test(
  'company by company where the account has too few points, then those that published',
  { timeout: 200_000 },
  () =>
    withOffice({ replay: { points: 2_000 }, tushare: { points: 2_000 } }, async (office) => {
      await office.does('finance_history')
      await expectTruth(office)
      const [market] = await office.db.sql<{ stocks: number }[]>`
        select count(*)::int as stocks from instrument where kind = 'stock' and not stub`
      expect(office.calls()).toEqual(each('', market?.stocks ?? 0))

      office.move('20261120')
      await office.does('finance_incremental')
      const news = [...truthReports(office.market, 'income')].filter(
        ({ ann_date, period_end }) => ann_date > '2026-10-20' && period_end === '2026-09-30',
      )
      const companies = new Set(news.map(({ symbol }) => symbol)).size
      expect(companies).toBeGreaterThan(10)
      const { disclosure_date, ...calls } = office.calls()
      expect(disclosure_date).toBe(1)
      // Those of the days before are among them: they are within the month.
      expect(calls.income).toBeGreaterThanOrEqual(companies)
      expect(calls.income).toBeLessThan(market?.stocks ?? 0)
      await expectTruth(office, ({ period_end }) => period_end === '2026-09-30')
    }),
)

test(
  'an account that is refused the whole market in the middle goes on company by company',
  { timeout: 200_000 },
  () =>
    withOffice(
      {
        replay: {
          faults: ['income', 'balancesheet', 'cashflow', 'fina_indicator'].map((api) => ({
            kind: 'no_permission',
            api: `${api}_vip`,
            from: 4,
          })),
        },
      },
      async (office) => {
        await office.does('finance_history')
        await expectTruth(office)
        const { income_vip: refused, income: single } = office.calls()
        // Three periods had come; then each company is asked once, for all that is left of its life.
        const [market] = await office.db.sql<{ stocks: number }[]>`
          select count(*)::int as stocks from instrument where kind = 'stock' and not stub`
        expect([refused, single]).toEqual([4, market?.stocks])
        // It is known now: the next evening asks nobody who would refuse.
        office.move('20261120')
        await office.does('finance_incremental')
        expect(office.calls()).not.toHaveProperty('income_vip')
        await expectTruth(office, ({ period_end }) => period_end === '2026-09-30')
      },
    ),
)
