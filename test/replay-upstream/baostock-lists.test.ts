import { expect, test } from 'vitest'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { codeOf, history, records, withBaostock } from './baostock-client.ts'

const market = createSandboxMarket({ stocks: 150, years: 2 })
const covered = [...market.truthStocks()].filter(({ symbol }) => /^\d{6}\.S[HZ]$/.test(symbol))

test('lists hold the stocks of Shanghai and Shenzhen between other securities', () =>
  withBaostock({ market }, async ({ ask }) => {
    const basics = records(await ask('45', 'query_stock_basic', 1, 2000, '', ''))
    expect(basics.filter((row) => row.type === '1')).toEqual(
      covered
        .map((stock) => ({
          code: codeOf(stock.symbol),
          code_name: stock.name,
          ipoDate: stock.list_date,
          outDate: stock.delist_date ?? '',
          type: '1',
          status: stock.status === 'D' ? '0' : '1',
        }))
        .sort((a, b) => (a.code < b.code ? -1 : 1)),
    )
    expect(new Set(basics.map((row) => row.type))).toEqual(new Set(['1', '2', '4', '5']))
    expect(basics.some((row) => row.status === '0')).toBe(true)
    const one = records(await ask('45', 'query_stock_basic', 1, 2000, 'sz.000001', ''))
    expect(one).toEqual(basics.filter((row) => row.code === 'sz.000001'))
    const named = records(await ask('45', 'query_stock_basic', 1, 2000, '', '指数'))
    expect(named.every((row) => row.code_name?.includes('指数'))).toBe(true)
    const statuses = records(await ask('35', 'query_all_stock', 1, 2000, '2026-11-20'))
    expect(statuses.map((row) => row.code)).toEqual(statuses.map((row) => row.code).sort())
    const table = records(await ask('98', 'query_daily_history_k_AStock', '2026-11-20'))
    expect(table.map((row) => [row.code, row.tradestatus])).toEqual(
      statuses
        .filter((row) => !/^(sh\.000|sz\.399)/.test(row.code ?? ''))
        .map((row) => [row.code, row.tradeStatus]),
    )
  }))

test("the calendar is the market's, up to the end of this year", () =>
  withBaostock(
    { market: createSandboxMarket({ stocks: 12, years: 1, today: '20251120' }) },
    async ({ ask }) => {
      const rows = records(await ask('33', 'query_trade_dates', 1, 10_000, '2025-09-20', '2026-03-01'))
      expect(rows.map((row) => [row.calendar_date?.replaceAll('-', ''), row.is_trading_day])).toEqual(
        market.calendar.days
          .filter(({ date }) => date >= '20250920' && date <= '20251231')
          .map(({ date, open }) => [date, open ? '1' : '0']),
      )
    },
  ))

test('an industry list is dated by a Monday and names the class', () =>
  withBaostock({ market }, async ({ ask }) => {
    const rows = records(await ask('59', 'query_stock_industry', 1, 2000, '', '2026-11-20'))
    expect(rows.length).toBeGreaterThan(100)
    expect(new Set(rows.map((row) => `${row.updateDate ?? ''} ${row.industryClassification ?? ''}`))).toEqual(
      new Set(['2026-11-16 证监会行业分类']),
    )
    expect(rows.map((row) => row.industry)).toEqual(
      rows.map(
        (row) =>
          market.find(`${row.code?.slice(3) ?? ''}.${(row.code ?? '').slice(0, 2).toUpperCase()}`)?.industry,
      ),
    )
  }))

test('special treatment and delistings are listed as names and lives have them', () =>
  withBaostock({ market: createSandboxMarket({ stocks: 600, years: 8 }) }, async ({ ask }, _, large) => {
    const list = async (type: string, method: string) =>
      records(await ask(type, method, 1, 2000, '2026-11-20')).map((row) => row.code)
    const byName = (mark: RegExp) =>
      large.instruments
        .filter(({ code, name, status }) => /^\d{6}\.S[HZ]$/.test(code) && status !== 'D' && mark.test(name))
        .map(({ code }) => codeOf(code))
        .sort()
    expect((await list('73', 'query_starst_stocks')).length).toBeGreaterThan(0)
    expect(await list('73', 'query_starst_stocks')).toEqual(byName(/^\*ST/))
    expect(await list('71', 'query_st_stocks')).toEqual(byName(/^ST/))
    const gone = [...large.truthStocks()].filter(
      ({ status, symbol }) => status === 'D' && /^\d{6}\.S[HZ]$/.test(symbol),
    )
    expect(gone.length).toBeGreaterThan(5)
    expect(await list('67', 'query_terminated_stocks')).toEqual(
      gone.map(({ symbol }) => codeOf(symbol)).sort(),
    )
    expect(await list('69', 'query_suspended_stocks')).toEqual([])
  }))

test('a line says whether its stock was under special treatment that day', () =>
  withBaostock({ market: createSandboxMarket({ stocks: 600, years: 8 }) }, async (connection, _, large) => {
    const stock = large.instruments.find(({ code, name }) => name.startsWith('*ST') && !code.endsWith('.BJ'))
    const spells = large.names(stock?.id ?? -1)
    const lines = await history(connection, codeOf(stock?.code ?? ''), { fields: 'date,isST' })
    const nameOn = (date: string) =>
      spells.findLast(({ from }) => from <= date.replaceAll('-', ''))?.name ?? ''
    expect(new Set(lines.map((row) => row.isST))).toEqual(new Set(['0', '1']))
    expect(lines.map((row) => row.isST)).toEqual(
      lines.map((row) => (nameOn(row.date ?? '').includes('ST') ? '1' : '0')),
    )
  }))
