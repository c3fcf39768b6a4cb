import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import type { TruthBar } from '../../local/replay/truth.ts'
import { codeOf, history, records, withBaostock } from './baostock-client.ts'

const market = createSandboxMarket({ stocks: 150, years: 2 })
const covered = [...market.truthStocks()].filter(({ symbol }) => /^\d{6}\.S[HZ]$/.test(symbol))
const symbolOf = (code: string): string => `${code.slice(3)}.${code.slice(0, 2).toUpperCase()}`

/** A served line in the units and spelling of the truth. */
const toBar = (row: Record<string, string>): TruthBar => {
  const number = (text = '') => text.replace(/\.?0+$/, '')
  const cents = (text = '') => Math.round(Number(text) * 100)
  return {
    symbol: symbolOf(row.code ?? ''),
    trade_date: row.date ?? '',
    open: number(row.open),
    high: number(row.high),
    low: number(row.low),
    close: number(row.close),
    pre_close: number(row.preclose),
    change: String((cents(row.close) - cents(row.preclose)) / 100),
    pct_chg: String(Number(row.pctChg)),
    volume: Number(row.volume),
    amount: number(row.amount),
  }
}

test('all days of all stocks are the bars of the market, and what is marked suspended its suspensions', () =>
  withBaostock({ market }, async (connection) => {
    for (const { symbol } of covered) {
      const lines = await history(connection, codeOf(symbol))
      const traded = lines.filter((row) => row.tradestatus === '1')
      expect(traded.map(toBar)).toEqual([...market.truthBars(symbol)])
      expect(lines.filter((row) => row.tradestatus === '0').map((row) => row.date)).toEqual(
        [...market.truthSuspensions(symbol)]
          .filter(({ type, timing }) => type === 'S' && timing === null)
          .map((row) => row.trade_date),
      )
    }
  }))

test('a suspended day stands still at its reference price, with zeros or nothing', () =>
  withBaostock({ market }, async (connection) => {
    const spellings = new Set<string>()
    for (const { symbol } of covered) {
      for (const row of await history(connection, codeOf(symbol))) {
        if (row.tradestatus === '1') continue
        spellings.add(`${row.volume ?? ''} ${row.amount ?? ''} ${row.turn ?? ''} ${row.pctChg ?? ''}`)
        expect(new Set([row.open, row.high, row.low, row.close, row.preclose]).size).toBe(1)
      }
    }
    expect(spellings).toEqual(new Set(['0 0.0000  0.000000', '   0.000000']))
  }))

test('the reference price is the last close, less what ex-dates have taken while nobody traded', () =>
  withBaostock({ market: createSandboxMarket({ stocks: 300, years: 6 }) }, async (connection, _, long) => {
    let exDates = 0
    for (const { symbol } of long.truthStocks()) {
      if (!/^\d{6}\.S[HZ]$/.test(symbol)) continue
      const factors = new Map([...long.truthFactors(symbol)].map((row) => [row.trade_date, row.factor]))
      const lines = await history(connection, codeOf(symbol), { fields: 'date,close,preclose,tradestatus' })
      lines.forEach((row, i) => {
        const before = lines[i - 1]
        if (before === undefined || (row.tradestatus === '1' && before.tradestatus === '1')) return
        if (factors.get(row.date ?? '') === factors.get(before.date ?? '')) {
          // The first day of trading opens from there; halves of cents may have been lost.
          expect(Math.abs(Number(row.preclose) - Number(before.close))).toBeLessThan(0.011)
        } else exDates += 1
      })
    }
    expect(exDates).toBeGreaterThan(0)
  }))

test('the table of a day holds the same lines as the histories of its stocks', () =>
  withBaostock({ market }, async (connection) => {
    for (const date of ['2026-11-20', '2026-06-10', '2025-07-01']) {
      const table = records(await connection.ask('98', 'query_daily_history_k_AStock', date))
      const lines = []
      for (const { symbol } of covered) {
        lines.push(...(await history(connection, codeOf(symbol), { from: date, to: date })))
      }
      expect(table.length).toBeGreaterThan(40)
      expect(table).toEqual(lines.sort((a, b) => ((a.code ?? '') < (b.code ?? '') ? -1 : 1)))
    }
  }))

test('every number has its places', () =>
  withBaostock({ market }, async (connection) => {
    const places: Record<string, number> = { open: 10, preclose: 10, amount: 4, turn: 6, pctChg: 6 }
    for (const flag of ['1', '2', '3']) {
      const lines = await history(connection, 'sz.000001', { flag })
      for (const [name, count] of Object.entries(places)) {
        const written = new RegExp(`^-?\\d+\\.\\d{${count}}$`)
        expect(lines.filter((row) => row.tradestatus === '1' && !written.test(row[name] ?? ''))).toEqual([])
      }
      expect(new Set(lines.map((row) => row.adjustflag))).toEqual(new Set([flag]))
    }
  }))

test('adjusted prices are raw ones times the factor of the last ex-date, and factors lead back to the truth', () =>
  withBaostock({ market }, async (connection) => {
    let events = 0
    for (const { symbol } of covered) {
      const code = codeOf(symbol)
      const rows = records(await connection.ask('15', 'query_adjust_factor', 1, 2000, code, '1990-01-01', ''))
      events += rows.length
      const at = (date: string) => rows.findLast((row) => (row.dividOperateDate ?? '') <= date)
      const truth = [...market.truthFactors(symbol)]
      expect(truth.map(({ trade_date: date }) => Number(at(date)?.backAdjustFactor ?? 1))).toEqual(
        truth.map(({ factor }) => Number(factor)),
      )
      if (rows.length === 0) continue
      expect(rows.at(-1)?.foreAdjustFactor).toBe('1.000000')
      const [raw, back, fore] = await Promise.all(
        ['3', '1', '2'].map((flag) => history(connection, code, { flag, fields: 'date,low,pctChg' })),
      )
      const first = 1 / Number(rows.at(-1)?.backAdjustFactor)
      const adjusted = (raw ?? []).map(({ date = '', low, pctChg }) => {
        const row = at(date)
        const product = (factor: number) => (Number(low) * factor).toFixed(8)
        return {
          back: product(Number(row?.backAdjustFactor ?? 1)),
          fore: product(Number(row?.foreAdjustFactor ?? first.toFixed(6))),
          changes: [pctChg, pctChg],
        }
      })
      expect(
        adjusted.map((_, i) => ({
          back: back?.[i]?.low?.slice(0, -2),
          fore: fore?.[i]?.low?.slice(0, -2),
          changes: [back?.[i]?.pctChg, fore?.[i]?.pctChg],
        })),
      ).toEqual(adjusted)
    }
    expect(events).toBeGreaterThan(60)
  }))

test('the factors of a day are those events of all stocks that fall on it', () =>
  withBaostock({ market }, async ({ ask }) => {
    const all = []
    for (const { symbol } of covered) {
      all.push(...records(await ask('15', 'query_adjust_factor', 1, 2000, codeOf(symbol), '', '')))
    }
    const dates = new Set(all.map((row) => row.dividOperateDate ?? ''))
    for (const date of dates) {
      const table = records(await ask('9C', 'query_daily_adjust_factor', date))
      expect(table).toEqual(
        all
          .filter((row) => row.dividOperateDate === date)
          .sort((a, b) => ((a.code ?? '') < (b.code ?? '') ? -1 : 1)),
      )
    }
  }))

test('pages of any size put together are the whole answer', () =>
  withBaostock({ market, pageSize: 300 }, async ({ ask }) => {
    const read = async (size: number): Promise<Record<string, string>[]> => {
      const rows = []
      for (let page = 1; ; page++) {
        const fields = 'date,close'
        const frame = await ask(
          ...([
            '95',
            'query_history_k_data_plus',
            page,
            size,
            'sh.600001',
            fields,
            '',
            '',
            'd',
            '3',
          ] as const),
        )
        expect(frame.parts.slice(4, 6)).toEqual([String(page), String(Math.min(size, 300))])
        const more = records(frame)
        rows.push(...more)
        if (more.length < Math.min(size, 300)) return rows
      }
    }
    const whole = await read(10_000)
    expect(whole.length).toBeGreaterThan(400)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 37, max: 600 }), async (size) => {
        expect(await read(size)).toEqual(whole)
      }),
      { numRuns: 15 },
    )
  }))

test('a page behind the last one, a holiday, tomorrow and an unknown code have an empty text for rows', () =>
  withBaostock({ market }, async ({ ask }) => {
    const asked = [
      ask('95', 'query_history_k_data_plus', 99, 2000, 'sh.600001', 'date', '', '', 'd', '3'),
      ask('95', 'query_history_k_data_plus', 1, 2000, 'sh.609999', 'date', '', '', 'd', '3'),
      ask('95', 'query_history_k_data_plus', 1, 2000, 'bj.920001', 'date', '', '', 'd', '3'),
      ask('35', 'query_all_stock', 1, 2000, '2026-11-21'),
      ask('35', 'query_all_stock', 1, 2000, '2026-11-23'),
      ask('33', 'query_trade_dates', 1, 2000, '2027-01-01', '2027-12-31'),
    ]
    for (const { parts } of await Promise.all(asked)) expect([parts[0], parts[6]]).toEqual(['0', ''])
    expect((await ask('98', 'query_daily_history_k_AStock', '2026-11-21')).parts.slice(0, 5)).toEqual([
      ...['0', 'success', 'query_daily_history_k_AStock', 'anonymous', ''],
    ])
  }))

test('a new day is there as soon as the market has it, and part of one as long as it is held back', () =>
  withBaostock({ market: createSandboxMarket({ stocks: 60, years: 1 }) }, async ({ ask }, replay) => {
    const count = async () => records(await ask('98', 'query_daily_history_k_AStock', '2026-11-23')).length
    expect(await count()).toBe(0)
    replay.changeMarket({ today: '20261123', hold: { date: '20261123', percent: 50 } })
    const part = await count()
    replay.changeMarket({ hold: { date: '20261123', percent: 100 } })
    const whole = await count()
    expect([part > 10, whole > part + 10]).toEqual([true, true])
  }))

test.each([
  ['all', 3],
  ['2026-11-19', 2],
  ['newest', 1],
] as const)('tables of a whole day can reach back %s', (depth, days) =>
  withBaostock({ market, depth }, async ({ ask }) => {
    const found = []
    for (const date of ['2026-11-18', '2026-11-19', '2026-11-20']) {
      found.push(records(await ask('98', 'query_daily_history_k_AStock', date)).length > 0)
    }
    expect(found.filter(Boolean).length).toBe(days)
    expect(found.at(-1)).toBe(true)
  }),
)

test('or not exist at all', () =>
  withBaostock({ market, depth: 'none' }, async ({ ask }) => {
    for (const [type, method] of [
      ['98', 'query_daily_history_k_AStock'],
      ['9C', 'query_daily_adjust_factor'],
    ] as const) {
      expect((await ask(type, method, '2026-11-20')).parts).toEqual(['10004020', '错误的消息类型'])
    }
  }))
