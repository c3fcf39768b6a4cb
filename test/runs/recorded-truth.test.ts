import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { regionRuns } from '../../local/demo/runs.ts'
import { isoDate } from '../../local/replay/decimal.ts'
import { pickColumns, readCsv } from '../../local/replay/recorded/csv.ts'
import { hasRecordedData, RECORDED_DATA, recordedMarket } from '../support/recorded.ts'
import { type Lab, openLab } from '../support/lab.ts'
import { barDifferences, factorDifferences } from '../support/truth.ts'
import { valuationDifferences } from '../support/valuations.ts'

const NEWEST = '2026-04-01'
// Of two stocks and an index valuations and bars were recorded.
const [FROM, TO] = ['2023-09-25', '2025-10-23'] as const

/** Columns of a recorded file, by the first of them. */
const rowsOf = (file: string, columns: readonly string[]): (readonly string[])[] =>
  pickColumns(readCsv(RECORDED_DATA, file), columns).toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))

interface Gate {
  date: string
  state: string
  reasons: {
    missing?: number
    blocked?: object
    flags?: Record<string, { count: number; examples: string[] }>
  }
}

/*
 * All that was recorded of the real market, brought by runs over the regions that it holds.
 */
describe.skipIf(!hasRecordedData)('recorded real data', () => {
  let lab: Lab
  const regions: { from: string; to: string; symbols: ReadonlySet<string> | null }[] = []

  beforeAll(async () => {
    lab = await openLab({ market: recordedMarket(), now: () => new Date(`${NEWEST}T21:00:00+08:00`) })
    for (const { body } of regionRuns(recordedMarket())) {
      const { symbols, start_date: from, end_date: to } = body
      const params = { ...(symbols && { symbols: [...symbols] }), start_date: from, end_date: to }
      const run = await lab.until(await lab.start('daily_history', params), undefined, 200)
      // Of the whole market no factors were recorded: those days are failures, and the only ones.
      const failed = await lab.db.sql`
        select dataset, message from sync_failure where run_id = ${run.id} and resolved_at is null
          and (dataset <> 'adj_factor' or message not like '%no row for the whole market%')`
      expect({ from, to, status: run.status, failed: [...failed] }).toMatchObject({
        status: expect.stringMatching(/^success/) as string,
        failed: [],
      })
      regions.push({ from, to, symbols: symbols ? new Set(symbols) : null })
    }
  }, 600_000)
  afterAll(() => lab.close())

  test('every recorded bar and factor is in the database, to the last digit: all of them', async () => {
    const { sql } = lab.db
    expect(await barDifferences(sql, lab.market)).toEqual([])
    const listed = new Set(lab.market.instruments.filter((i) => i.status !== null).map((i) => i.code))
    const inRuns = (symbol: string, date: string) =>
      listed.has(symbol) &&
      regions.some(({ from, to, symbols }) => date >= from && date <= to && (symbols?.has(symbol) ?? true))
    expect(await factorDifferences(sql, lab.market, inRuns)).toEqual([])
    const [sums] = await sql<{ bars: number; rejected: number }[]>`
      select (select count(*)::int from bars where period = 'daily') as bars, (select count(*)::int from quarantine) as rejected`
    expect(sums).toEqual({ bars: 431_170, rejected: 0 })
  })

  test('days of the whole market raise no false alarm: none is incomplete, and of 291,000 bars one is suspected', async () => {
    const whole = regions.filter(({ symbols }) => symbols === null)
    const gates = await lab.db.sql<Gate[]>`
      select trade_date as date, state, reasons from day_gate where dataset = 'bars' order by 1`
    const bars = gates.filter(({ date }) => whole.some(({ from, to }) => date >= from && date <= to))
    const states = new Map<string, number>()
    for (const { state } of bars) states.set(state, (states.get(state) ?? 0) + 1)
    console.info(
      `states of the recorded days: ${[...states].map(([state, n]) => `${n} ${state}`).join(', ')}; missing ` +
        bars.map(({ date, reasons }) => `${date.slice(2)} ${reasons.missing ?? 0}`).join(', '),
    )
    expect(bars).toHaveLength(60)
    expect(bars.filter(({ state, reasons }) => state === 'incomplete' || reasons.blocked)).toEqual([])
    // Its last days began that day, the first of them without a limit: it fell from 0.92 to 0.44 yuan.
    const delisting = { price_limit: { count: 1, examples: ['300391.SZ'] } }
    const suspected = bars.flatMap(({ date, reasons }) => (reasons.flags ? [[date, reasons.flags]] : []))
    expect(suspected).toEqual([['2026-03-20', delisting]])
  })

  test('the list and the newest valuations are those that were recorded, every row', async () => {
    const run = await lab.run('stock_basics')
    expect(run.status).toMatch(/^success/)
    const isNewest = (_symbol: string, date: string) => date === NEWEST
    expect(await valuationDifferences(lab.db.sql, lab.market, 'tushare', isNewest)).toEqual([])
    const stored = await lab.db.sql`
      select symbol, name, list_date from stock_basic_info where source = 'tushare' and list_status = 'L' order by symbol`
    const listed = rowsOf('stock_basic', ['ts_code', 'name', 'list_date']).map(
      ([symbol, name, date = '']) => ({ symbol, name, list_date: isoDate(date) }),
    )
    expect([...stored]).toEqual(listed)
  })

  test('all of two stocks and an index over two years is as it was recorded', async () => {
    const symbols = ['600519.SH', '600036.SH', '000300.SH']
    const run = await lab.run('daily_incremental', { symbols, start_date: FROM, end_date: TO })
    expect(run.status).toMatch(/^success/)
    const isAsked = (symbol: string, date: string) =>
      date === NEWEST || (symbols.includes(symbol) && date >= FROM && date <= TO)
    expect(await valuationDifferences(lab.db.sql, lab.market, 'tushare', isAsked)).toEqual([])
    const stored = await lab.db
      .sql`select trade_date as date, open::float8, high::float8, low::float8, close::float8,
      pre_close::float8, volume::float8, amount::float8 from index_bars where symbol = '000300.SH' order by 1`
    expect(stored.map((row): unknown[] => Object.values(row))).toEqual(
      rowsOf('index_daily', ['trade_date', 'open', 'high', 'low', 'close', 'pre_close', 'vol', 'amount']).map(
        ([date = '', ...numbers]) => {
          const [open, high, low, close, before, lots = 0, thousands = 0] = numbers.map(Number)
          return [
            isoDate(date),
            open,
            high,
            low,
            close,
            before,
            Math.round(lots * 100),
            Math.round(thousands * 1_000),
          ]
        },
      ),
    )
  })

  describe('of a few stocks over a quarter of 2018', () => {
    const [bank, liquor, insurer] = ['600036.SH', '600519.SH', '601318.SH'] as const
    const symbols = [bank, liquor, insurer]
    const quarter = { start_date: '2018-07-02', end_date: '2018-09-28' }

    /** Their bars and factors, every column that an upstream has a word in. */
    const rows = async () => [
      ...(await lab.db.sql`
        select symbol, trade_date, open, high, low, close, pre_close, change, pct_chg, volume, amount, factor
        from bars b left join adj_factor f using (instrument_id, trade_date, source, symbol)
        where b.period = 'daily' and symbol = any(${symbols}) and trade_date between ${quarter.start_date} and ${quarter.end_date}
        order by 1, 2`),
    ]
    const messages = async (runId: string) =>
      (await lab.db.sql<{ message: string }[]>`select message from sync_log where run_id = ${runId}`).map(
        ({ message }) => message,
      )

    test('a check names the cells that are damaged, and brings back exactly those', async () => {
      const { sql } = lab.db
      const recorded = await rows()
      expect(recorded).toHaveLength(192)
      await sql`delete from bars where period = 'daily' and (symbol, trade_date) in ((${bank}, '2018-07-12'), (${liquor}, '2018-09-28'))`
      await sql`delete from adj_factor where (symbol, trade_date) in ((${liquor}, '2018-07-02'))`
      await sql`update bars set high = low - 1 where period = 'daily' and (symbol, trade_date) in ((${bank}, '2018-08-01'))`
      const run = await lab.run('verify', { symbols, ...quarter })
      expect(run).toMatchObject({ status: 'success', inserted: 3, updated: 1 })
      expect(await messages(run.id)).toEqual(
        expect.arrayContaining([
          'bars of tushare: 2 cells of 2 sessions are lost (2018-09-28: 1, 2018-07-12: 1)',
          'bars of tushare: 1 row cannot be true and is asked for again',
          'adj_factor of tushare: 1 cell of 1 session is lost (2018-07-02: 1)',
          'bars: 1 batch, 1 call planned for tushare',
          'adj_factor: 1 batch, 1 call planned for tushare',
        ]),
      )
      expect(await rows()).toEqual(recorded)
    })

    test('what failed is brought by the job for failures, as it was recorded', async () => {
      const { sql } = lab.db
      const recorded = await rows()
      await sql`delete from bars where period = 'daily' and symbol = ${insurer} and trade_date between ${quarter.start_date} and ${quarter.end_date}`
      await sql`delete from coverage where dataset = 'bars' and instrument_id = (select instrument_id from instrument_code where code = ${insurer})`
      lab.upstream.setFaults([{ kind: 'missing_column', column: 'close', api: 'daily', codes: [insurer] }])
      const failed = await lab.run('daily_history', { symbols: [insurer], ...quarter })
      expect(failed).toMatchObject({ status: 'success_with_errors', inserted: 0 })
      lab.upstream.setFaults([])
      const retried = await lab.run('retry_failures', { symbols: [insurer] })
      expect(retried).toMatchObject({ status: 'success', inserted: 64, updated: 0 })
      expect(await rows()).toEqual(recorded)
    })
  })
})
