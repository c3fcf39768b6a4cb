import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isoDate } from '../../local/replay/decimal.ts'
import { BAR_COLUMNS } from '../../local/replay/recorded/bars.ts'
import { pickColumns, readCsv } from '../../local/replay/recorded/csv.ts'
import { shiftDecimal } from '../../market/units.ts'
import { hasRecordedData, RECORDED_DATA } from '../support/recorded.ts'
import { type Bench, openBench } from './support.ts'

const path = (name: string) => join(RECORDED_DATA, `${name}.csv.gz`)
const number = (text: string) => (text === '' ? null : Number(text))

/** Files of the real market, as somebody may have kept them. */
describe.skipIf(!hasRecordedData)('recorded files', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await openBench({ now: new Date('2026-07-01T12:00:00Z'), chunkRows: 30_000 })
    const days = pickColumns(readCsv(RECORDED_DATA, 'trade_cal'), ['cal_date', 'is_open'])
    const open = days.filter(([, isOpen]) => isOpen === '1').map(([day = '']) => isoDate(day))
    await bench.db.sql`
      insert into trade_calendar (exchange, trade_date, is_open, source)
      select 'SSE', d, true, 'tushare' from unnest(${open}::date[]) as d on conflict do nothing`
    const files = ['daily_market_20260320_20260401', 'daily_basic', 'adj_factor']
    const symbols = files.flatMap((file) => pickColumns(readCsv(RECORDED_DATA, file), ['ts_code']).flat())
    await bench.db.sql`
      with codes as (
        select code, nextval(pg_get_serial_sequence('instrument', 'id'))::int as id from unnest(${[...new Set(symbols)]}::text[]) as u(code)
        where code not in (select code from instrument_code)
      ), opened as (
        insert into instrument (id, kind, board, exchange) overriding system value
        select id, 'stock', 'main', case right(code, 2) when 'SH' then 'SSE' when 'SZ' then 'SZSE' else 'BSE' end from codes returning id
      )
      insert into instrument_code (code, instrument_id, source) select code, id, 'tushare' from codes where id in (select id from opened)`
  })
  afterAll(() => bench.close())

  test('two days of the whole market come in to the last digit: 10,944 bars, none refused', async () => {
    const name = 'daily_market_20260320_20260401'
    const end = await bench.import(path(name), { scattered: true })

    expect(end?.totals).toMatchObject({ inserted: 10_944, rejected: 0 })
    const expected = pickColumns(readCsv(RECORDED_DATA, name), BAR_COLUMNS).map(
      ([symbol, date = '', ...cells]) => {
        const [vol = '', amount = ''] = cells.slice(-2)
        return [
          symbol,
          isoDate(date),
          ...cells.slice(0, -2).map(number),
          Number(shiftDecimal(Number(vol), 2)),
          Number(shiftDecimal(Number(amount), 3)),
        ]
      },
    )
    const stored = await bench.db.sql`
      select symbol, trade_date, open::float8, high::float8, low::float8, close::float8, pre_close::float8, change::float8, pct_chg::float8,
        volume, amount::float8 from bars where period = 'daily' and source = 'import'`.values()
    expect(sorted(stored)).toEqual(sorted(expected))
  })

  test('valuations and factors come in to the last digit, with their nulls', async () => {
    const basic = await bench.import(path('daily_basic'), { dataset: 'daily_basic', scattered: true })
    const factors = await bench.import(path('adj_factor'), { dataset: 'adj_factor', scattered: true })

    expect([basic?.totals.inserted, factors?.totals.inserted]).toEqual([15_620, 14_708])
    const columns = ['ts_code', 'trade_date', 'pe', 'dv_ttm', 'free_share', 'total_mv']
    const expected = pickColumns(readCsv(RECORDED_DATA, 'daily_basic'), columns).map(
      ([symbol, date = '', pe = '', dv = '', shares = '', worth = '']) =>
        [symbol, isoDate(date), number(pe), number(dv), number(shares === '' ? '' : shiftDecimal(Number(shares), 4)), Number(shiftDecimal(Number(worth), 4))],
    ) // prettier-ignore
    const stored = await bench.db.sql`
      select symbol, trade_date, pe::float8, dv_ttm::float8, free_share::float8, total_mv::float8 from daily_basic`.values()
    expect(sorted(stored)).toEqual(sorted(expected))
  })

  test('adjusted prices are seen, whether the file says so or not', async () => {
    await expect(bench.import(path('baostock_k_data_qfq'))).rejects.toThrow(
      /adjusted prices \(adjustflag 2\)/,
    )
    await expect(
      bench.import(path('daily_hfq_2stocks_202309_202510'), {
        units: { volume: null, amount: null, worth: null },
      }),
    ).rejects.toThrow(/the prices are adjusted/)
  })
})

const sorted = (rows: readonly (readonly unknown[])[]): string[] =>
  rows.map((row) => JSON.stringify(row)).sort()
