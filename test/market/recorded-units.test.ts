import { inflateSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { isoDate } from '../../local/replay/decimal.ts'
import { pickColumns, readCsv } from '../../local/replay/recorded/csv.ts'
import { passesUnitGuard } from '../../market/units.ts'
import { klineRows, printedLines, recordedBars, type RecordedBar } from '../sources/akshare/recorded.ts'
import { EXCHANGES } from '../sources/baostock/recorded.ts'
import { hasRecordedData, RECORDED_DATA } from '../support/recorded.ts'

/*
 * The guard against a slip of units, on all raw bars of stocks that were recorded: none of them is refused as it is, and
 * each of them is refused in any other unit.
 */

/** Yuan, shares, yuan. */
interface Bar {
  low: number
  high: number
  volume: number
  amount: number
}

const SLIPS: Readonly<Record<string, (bar: Bar) => Bar>> = {
  'lots for shares': (bar) => ({ ...bar, volume: bar.volume / 100 }),
  'shares for lots': (bar) => ({ ...bar, volume: bar.volume * 100 }),
  'thousand yuan for yuan': (bar) => ({ ...bar, amount: bar.amount / 1_000 }),
  'yuan for thousand yuan': (bar) => ({ ...bar, amount: bar.amount * 1_000 }),
  'ten thousand yuan for yuan': (bar) => ({ ...bar, amount: bar.amount / 10_000 }),
  'prices in cents': (bar) => ({ ...bar, low: bar.low * 100, high: bar.high * 100 }),
}

function expectGuarded(bars: readonly Bar[], count: number): void {
  expect(bars).toHaveLength(count)
  expect(bars.filter((bar) => !passesUnitGuard(bar))).toEqual([])
  for (const [slip, flip] of Object.entries(SLIPS))
    expect([slip, bars.filter((bar) => passesUnitGuard(flip(bar)))]).toEqual([slip, []])
}

describe.skipIf(!hasRecordedData)('the guard against a slip of units', () => {
  describe.each([
    ['daily_csi300_20180102_20200110', 141_919, []],
    ['daily_market_20191014_20191025', 36_682, []],
    // Beijing's stocks are traded by the share: a few lots and a half are far from a number of whole ones.
    ['daily_market_20230103_20230316', 243_622, ['836892.BJ 2023-01-12', '836395.BJ 2023-01-17']],
    ['daily_market_20260320_20260401', 10_944, []],
    ['daily_2stocks_202309_202510_reconstructed', 1_000, []],
  ])('on %s', (file, count, thin) => {
    let bars: RecordedBar[] = []
    beforeAll(() => {
      bars = recordedBars(file)
    })

    test('passes every bar of Tushare, and no other unit of it', () => {
      expectGuarded(
        bars.map(({ low, high, vol, amount }) => ({ low, high, volume: vol * 100, amount: amount * 1_000 })),
        count,
      )
    })

    test('passes them in the whole lots and yuan of East Money as well, but for the thinnest', () => {
      const refused = bars.filter(({ low, high, vol, amount }) => {
        const rounded = { volume: Math.round(vol) * 100, amount: Math.round(amount * 1_000) }
        return !passesUnitGuard({ low, high, ...rounded })
      })
      expect(refused.map(({ symbol, date }) => `${symbol} ${date}`)).toEqual(thin)
    })
  })

  test('passes every bar of BaoStock that Tushare has as well', () => {
    // These were recorded with adjusted prices: the raw close says by how much.
    const closes = new Map(
      pickColumns(readCsv(RECORDED_DATA, 'daily_csi300_20180102_20200110'), [
        'ts_code',
        'trade_date',
        'close',
      ]).map(([symbol = '', day = '', close]) => [`${symbol} ${isoDate(day)}`, Number(close)]),
    )
    const columns = ['code', 'date', 'tradestatus', 'low', 'high', 'close', 'volume', 'amount']
    const bars = pickColumns(readCsv(RECORDED_DATA, 'baostock_k_data_qfq'), columns).flatMap(
      ([code = '', date = '', status, ...cells]): Bar[] => {
        const raw = closes.get(`${code.slice(3)}.${code.slice(0, 2).toUpperCase()} ${date}`)
        if (raw === undefined || status !== '1') return []
        const [low = NaN, high = NaN, close = NaN, volume = NaN, amount = NaN] = cells.map(Number)
        const ratio = raw / close
        return [{ low: low * ratio, high: high * ratio, volume, amount }]
      },
    )
    expectGuarded(bars, 25_900)
  })

  test('refuses every bar that BaoStock sent with prices adjusted by more than it allows', () => {
    const sent = EXCHANGES.find(({ name }) => name === 'query_history_k_data_plus')
    const bars = linesOf(sent?.response ?? Buffer.alloc(0), sent?.meta.fields ?? '')
    expect(bars).toHaveLength(22)
    expect(bars.filter(passesUnitGuard)).toEqual([])
  })

  test('passes every raw bar that East Money itself sent', () => {
    const day = klineRows('kline_688147_daily_20230202.json').map((row) => ({
      low: Number(row.最低),
      high: Number(row.最高),
      volume: Number(row.成交量) * 100,
      amount: Number(row.成交额),
    }))
    // The minutes of a day are in the same units; in some nothing was traded.
    const minutes = printedLines('stock_zh_a_hist_min_em').map((line) => {
      const [high = NaN, low = NaN, lots = NaN, amount = NaN] = line.split(/\s+/).slice(4, 8).map(Number)
      return { low, high, volume: lots * 100, amount }
    })
    const traded = minutes.filter(({ volume }) => volume > 0)
    expect([minutes.length, minutes.filter((bar) => !passesUnitGuard(bar))]).toEqual([10, []])
    expectGuarded([...day, ...traded], 1 + traded.length)
  })
})

/** The bars in a recorded message: a header of 21 bytes, then the packed body, whose texts are divided by 0x01. */
function linesOf(message: Buffer, fields: string): Bar[] {
  const length = Number(message.subarray(11, 21).toString())
  const body = inflateSync(message.subarray(21, 21 + length)).toString()
  const text = body.split('\x01').find((part) => part.startsWith('{"record"')) ?? ''
  const { record } = JSON.parse(text) as { record: string[][] }
  const names = fields.replaceAll(/[[\]' ]/g, '').split(',')
  return record.map((cells) => {
    const number = (name: string) => Number(cells[names.indexOf(name)])
    return { low: number('low'), high: number('high'), volume: number('volume'), amount: number('amount') }
  })
}
