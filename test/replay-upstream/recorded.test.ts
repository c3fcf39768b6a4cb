import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { decimalText } from '../../local/replay/decimal.ts'
import { readBars } from '../../local/replay/recorded/bars.ts'
import { pickColumns, readCsv } from '../../local/replay/recorded/csv.ts'
import { realCalendar } from '../../local/replay/sandbox/calendar.ts'
import { recordedMarket } from '../support/recorded.ts'
import { call, recordedData, rows, withReplay } from './client.ts'

const directory = recordedData()
const COLUMNS = 'ts_code trade_date open high low close pre_close change pct_chg vol amount'.split(' ')

describe.skipIf(directory === undefined)('the recorded market', () => {
  const market = directory === undefined ? undefined : recordedMarket()

  const fileRows = (file: string, keep: (code: string, date: string) => boolean): (string | number)[][] =>
    pickColumns(readCsv(directory ?? '', file), COLUMNS)
      .filter(([code = '', date = '']) => keep(code, date))
      .map(([code = '', date = '', ...numbers]) => [code, date, ...numbers.map(Number)])

  const byKey = (a: unknown[], b: unknown[]): number => (String(a) < String(b) ? -1 : 1)

  test('serves a whole-market day exactly as it was recorded', () =>
    withReplay({ market: market ?? recordedMarket() }, async ({ url }) => {
      for (const [file, date] of [
        ['daily_market_20191014_20191025', '20191025'],
        ['daily_market_20230103_20230316', '20230316'],
        ['daily_market_20260320_20260401', '20260401'],
      ] as const) {
        const { data } = await call(url, 'daily', { trade_date: date })
        expect(data?.items.sort(byKey)).toEqual(fileRows(file, (_, day) => day === date).sort(byKey))
      }
    }))

  test('serves a stock of several files with each row once', () =>
    withReplay({ market: market ?? recordedMarket() }, async ({ url }) => {
      const { data } = await call(url, 'daily', {
        ts_code: '600519.SH',
        start_date: '20180101',
        end_date: '20200110',
      })
      const file = fileRows('daily_csi300_20180102_20200110', (code) => code === '600519.SH')
      expect(data?.items.sort(byKey)).toEqual(file.sort(byKey))
    }))

  test('holds every recorded row: 434,167 of them, of which 2,997 came twice and were equal', () => {
    expect(market?.duplicates).toBe(2997)
    const count = (market?.instruments ?? []).reduce((sum, { id }) => sum + (market?.bars(id).count ?? 0), 0)
    expect(count).toBe(434_167 - 2997)
  })

  test('has the numbers of every recorded row, digit by digit', () => {
    const files = ['csi300_20180102_20200110', 'market_20191014_20191025', 'market_20230103_20230316']
    files.push('market_20260320_20260401', '2stocks_202309_202510_reconstructed')
    const recorded = files.flatMap((file) => pickColumns(readCsv(directory ?? '', `daily_${file}`), COLUMNS))
    // Both sides without trailing zeros: `10.0` of a file is the number 10, and its one `-0.0` is 0.
    const digits = (text: string): string =>
      text.includes('.') ? text.replace(/\.?0+$/, '').replace(/^-?0$/, '0') : text
    const expected = new Set(recorded.map((row) => [row[0], row[1], ...row.slice(2).map(digits)].join()))
    let wrong = 0
    for (const bar of market?.truthBars() ?? []) {
      const { symbol, trade_date, open: first, high, low, close, pre_close, change, pct_chg } = bar
      const lots = decimalText(bar.volume, 2)
      const thousands = decimalText(Number(bar.amount), 3)
      const numbers = [first, high, low, close, pre_close, change, pct_chg, lots, thousands]
      if (!expected.delete([symbol, trade_date.replaceAll('-', ''), ...numbers].join())) wrong += 1
    }
    expect([wrong, expected.size]).toEqual([0, 0])
  })

  test('serves recorded and reconstructed factors', () =>
    withReplay({ market: market ?? recordedMarket() }, async ({ url }) => {
      const date = rows(await call(url, 'adj_factor', { trade_date: '20260401' }))
      expect(date.length).toBe(5470)
      expect(date.find((row) => row.ts_code === '920992.BJ')?.adj_factor).toBe(1.4932)
      const sample = rows(await call(url, 'adj_factor', { ts_code: '000001.SZ', trade_date: '20180712' }))
      expect(sample[0]?.adj_factor).toBe(108.031)
    }))

  test('lists survivors by default, the delisted when asked, and old Beijing codes not at all', () =>
    withReplay({ market: market ?? recordedMarket() }, async ({ url }) => {
      const listed = rows(await call(url, 'stock_basic'))
      expect(listed.length).toBe(5524)
      const gone = rows(await call(url, 'stock_basic', { list_status: 'D' }, 'ts_code,list_date,exchange'))
      expect(gone.length).toBe(203)
      expect(gone.every((row) => row.list_date !== null && row.exchange !== null)).toBe(true)
      expect(market?.find('430090.BJ')?.status).toBeNull()
    }))

  test('has no permission for what was not recorded', () =>
    withReplay({ market: market ?? recordedMarket() }, async ({ url }) => {
      for (const api of ['suspend_d', 'bse_mapping', 'namechange']) {
        expect(await call(url, api)).toMatchObject({ code: 40203, data: null })
      }
    }))

  test('names the regions that it holds', () => {
    const regions = market?.regions()
    expect(regions?.wholeMarketDates.length).toBe(60)
    expect(regions?.wholeMarketDates.at(-1)).toBe('2026-04-01')
    expect(regions?.stockRanges.map(({ codes, from, to }) => [codes.length, from, to])).toEqual([
      [300, '2018-01-02', '2020-01-10'],
      [2, '2023-09-25', '2025-10-23'],
    ])
    expect(market?.regions('adj_factor').stockRanges.map(({ codes }) => codes.length)).toEqual([299, 2])
  })
})

describe('overlapping files', () => {
  const row = (close: string) =>
    `600000.SH,20261119,9.0,11.0,9.0,${close},10.0,${Number(close) - 10},0.0,12.5,12.345`
  const read = (first: string, second: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'recorded-'))
    try {
      for (const [name, line] of [
        ['a', first],
        ['b', second],
      ] as const) {
        writeFileSync(join(folder, `${name}.csv.gz`), gzipSync(`${COLUMNS.join()}\n${line}\n`))
      }
      return readBars(folder, ['a', 'b'], realCalendar())
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test('that agree give one row', () => {
    const { byCode, duplicates } = read(row('10.5'), row('10.5'))
    expect([byCode.get('600000.SH')?.count, duplicates]).toEqual([1, 1])
  })

  test('that contradict each other are refused', () => {
    expect(() => read(row('10.5'), row('10.25'))).toThrow('two different rows of 600000.SH')
  })
})
