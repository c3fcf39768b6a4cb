import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openRecordedMarket } from '../../local/replay/recorded.ts'
import { pickColumns, readCsv } from '../../local/replay/recorded/csv.ts'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import type { TruthBar } from '../../local/replay/truth.ts'
import { records, withBaostock } from './baostock-client.ts'
import type { Connection } from './baostock-client.ts'
import { recordedData } from './client.ts'

const DAY_FIELDS =
  'date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,peTTM,pbMRQ,psTTM,pcfNcfTTM,isST'
const PERIOD_FIELDS = 'date,code,open,high,low,close,volume,amount,adjustflag,turn,pctChg'
const market = createSandboxMarket({ stocks: 60, years: 2 })
const covered = [...market.truthStocks()].filter(({ symbol }) => /^\d{6}\.S[HZ]$/.test(symbol))
const ofSymbol = (symbol: string): string => `${symbol.slice(7).toLowerCase()}.${symbol.slice(0, 6)}`
const symbolOf = (code: string): string => `${code.slice(3)}.${code.slice(0, 2).toUpperCase()}`

const history = async (
  { ask }: Connection,
  code: string,
  { fields = DAY_FIELDS, from = '1990-01-01', to = '2026-12-31', frequency = 'd', flag = '3', page = 1 } = {},
) =>
  records(await ask('95', 'query_history_k_data_plus', page, 10_000, code, fields, from, to, frequency, flag))

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
      const lines = await history(connection, ofSymbol(symbol))
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
      let close = ''
      let broken = 0
      const exDates = new Set(
        records(await connection.ask('15', 'query_adjust_factor', 1, 9999, ofSymbol(symbol), '', '')).map(
          (row) => row.dividOperateDate,
        ),
      )
      for (const row of await history(connection, ofSymbol(symbol))) {
        if (row.tradestatus === '0') {
          spellings.add(`${row.volume ?? ''} ${row.amount ?? ''} ${row.turn ?? ''} ${row.pctChg ?? ''}`)
          const prices = new Set([row.open, row.high, row.low, row.close, row.preclose])
          if (prices.size > 1 || (row.close !== close && !exDates.has(row.date))) broken += 1
        }
        close = row.close ?? ''
      }
      expect(broken).toBe(0)
    }
    expect(spellings).toEqual(new Set(['0 0.0000  0.000000', '   0.000000']))
  }))

test('the table of a day holds the same lines as the histories of its stocks', () =>
  withBaostock({ market }, async (connection) => {
    for (const date of ['2026-11-20', '2026-06-10', '2025-07-01']) {
      const table = records(await connection.ask('98', 'query_daily_history_k_AStock', date))
      const lines = []
      for (const { symbol } of covered) {
        lines.push(...(await history(connection, ofSymbol(symbol), { from: date, to: date })))
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
      const code = ofSymbol(symbol)
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
      raw?.forEach(({ date = '', low, pctChg }, i) => {
        const row = at(date)
        const product = (factor: number) => (Number(low) * factor).toFixed(8).padEnd(10)
        expect(back?.[i]?.low?.slice(0, -2)).toBe(product(Number(row?.backAdjustFactor ?? 1)))
        expect(fore?.[i]?.low?.slice(0, -2)).toBe(product(Number(row?.foreAdjustFactor ?? first.toFixed(6))))
        expect([back?.[i]?.pctChg, fore?.[i]?.pctChg]).toEqual([pctChg, pctChg])
      })
    }
    expect(events).toBeGreaterThan(60)
  }))

test('the factors of a day are those events of all stocks that fall on it', () =>
  withBaostock({ market }, async ({ ask }) => {
    const all = []
    for (const { symbol } of covered) {
      all.push(...records(await ask('15', 'query_adjust_factor', 1, 2000, ofSymbol(symbol), '', '')))
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

test('lists hold the stocks of Shanghai and Shenzhen between other securities', () =>
  withBaostock({ market }, async ({ ask }) => {
    const basics = records(await ask('45', 'query_stock_basic', 1, 2000, '', ''))
    expect(basics.filter((row) => row.type === '1')).toEqual(
      covered
        .map((stock) => ({
          code: ofSymbol(stock.symbol),
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
        .filter((row) => !/^s[hz]\.(000|399)\d{3}$/.test(row.code ?? '') || row.code === 'sz.000001')
        .filter((row) => !(row.code ?? '').startsWith('sh.000'))
        .map((row) => [row.code, row.tradeStatus]),
    )
  }))

test("the calendar is the market's, up to the end of this year", () =>
  withBaostock({ market }, async ({ ask }) => {
    const rows = records(await ask('33', 'query_trade_dates', 1, 10_000, '2025-12-20', '2030-01-01'))
    expect(rows.map((row) => [row.calendar_date?.replaceAll('-', ''), row.is_trading_day])).toEqual(
      market.calendar.days
        .filter(({ date }) => date >= '20251220' && date <= '20261231')
        .map(({ date, open }) => [date, open ? '1' : '0']),
    )
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

const directory = recordedData()

describe.skipIf(directory === undefined)('the recorded market', { timeout: 60_000 }, () => {
  const recorded = openRecordedMarket(directory ?? '')

  test.each([
    ['w', 'weekly_doc_sample'],
    ['m', 'monthly_doc_sample'],
  ])('aggregates days to what was published, frequency %s', (frequency, file) =>
    withBaostock({ market: recorded }, async (connection) => {
      const columns = ['trade_date', 'open', 'high', 'low', 'close', 'vol', 'amount']
      const published = pickColumns(readCsv(directory ?? '', file), columns).filter(
        ([date = '']) => date >= '20180110' && date <= '20181231',
      )
      const served = await history(connection, 'sz.000001', {
        frequency,
        fields: PERIOD_FIELDS,
        from: '2018-01-01',
        to: '2018-12-31',
      })
      expect(published.length).toBeGreaterThan(9)
      for (const [date = '', ...values] of published) {
        // Months are dated by their last day there, by their last session here.
        const row = served.findLast((line) => (line.date ?? '').replaceAll('-', '') <= date)
        const [open, high, low, close, lots, thousands] = values.map(Number)
        expect([row?.open, row?.high, row?.low, row?.close].map(Number)).toEqual([open, high, low, close])
        expect(Number(row?.volume)).toBeCloseTo((lots ?? 0) * 100, -1)
        expect(Number(row?.amount)).toBeCloseTo((thousands ?? 0) * 1000, -2)
      }
    }),
  )

  test('says of a day what the real server said of it', () =>
    withBaostock({ market: recorded }, async (connection) => {
      const columns = ['code', 'date', 'volume', 'amount', 'pctChg', 'tradestatus']
      const real = pickColumns(readCsv(directory ?? '', 'baostock_k_data_qfq'), columns)
      const codes = [...new Set(real.map(([code = '']) => code))].slice(0, 12)
      let compared = 0
      for (const code of codes) {
        const served = await history(connection, code, { from: '2018-01-01', to: '2020-01-10', flag: '2' })
        const byDate = new Map(served.map((row) => [row.date, row]))
        for (const [, date, volume, amount, pct, status] of real.filter((row) => row[0] === code)) {
          const row = byDate.get(date)
          if (row === undefined || status === '0') continue
          compared += 1
          // The recorded percentages come from before the server rounded them to four decimals.
          expect(Math.abs(Number(row.pctChg) - Number(pct))).toBeLessThan(0.0051)
          expect(Math.abs(Number(row.volume) / Number(volume) - 1)).toBeLessThan(1e-6)
          expect(Math.abs(Number(row.amount) / Number(amount) - 1)).toBeLessThan(1e-6)
        }
      }
      expect(compared).toBeGreaterThan(3000)
    }))

  test('has a table for each whole-market day, without Beijing and without share counts or names', () =>
    withBaostock({ market: recorded }, async ({ ask }) => {
      const table = records(await ask('98', 'query_daily_history_k_AStock', '2026-04-01'))
      const truth = [...recorded.truthBars()].filter(
        (bar) => bar.trade_date === '2026-04-01' && !bar.symbol.endsWith('.BJ'),
      )
      expect(truth.length).toBeGreaterThan(5000)
      expect(table.map((row) => row.code).sort()).toEqual(truth.map(({ symbol }) => ofSymbol(symbol)).sort())
      const closes = new Map(truth.map((bar) => [ofSymbol(bar.symbol), Number(bar.close)]))
      expect(table.filter((row) => Number(row.close) !== closes.get(row.code ?? ''))).toEqual([])
      expect(
        new Set(table.map((row) => `${row.turn ?? ''}|${row.isST ?? ''}|${row.tradestatus ?? ''}`)),
      ).toEqual(new Set(['||1']))
    }))
})
