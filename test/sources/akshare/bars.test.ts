import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mapHistoryBar } from '../../../sources/akshare/map.ts'
import type { Row } from '../../../sources/akshare/values.ts'
import type { BarRow } from '../../../sources/contract.ts'
import { DAY, history } from './rows.ts'
import { callFor, FRIDAY, sourceErrorOf, withBridge } from './upstream.ts'

const MONTH = callFor({ from: '2026-11-01', to: FRIDAY })

const BAR: BarRow = {
  symbol: '600519.SH',
  trade_date: FRIDAY,
  open: 33.01,
  high: 38.1,
  low: 32.6,
  close: 38.1,
  pre_close: null,
  change: 6.35,
  pct_chg: 20,
  volume: '7975600',
  amount: '289881743.25',
}

test('a bar comes in shares, yuan and per cent, each price under its own name', () =>
  withBridge(
    () => [DAY],
    async ({ source, context, asked, reserved }) => {
      expect(await source.fetch(callFor(), context)).toEqual({
        rows: [BAR],
        rejected: [],
        codeChanges: [],
        requests: 1,
      })
      expect(asked[0]?.params).toEqual({
        symbol: '600519',
        period: 'daily',
        start_date: '20261120',
        end_date: '20261120',
        adjust: '',
      })
      expect(reserved).toEqual([['eastmoney', 1]])
    },
  ))

test('lots that came as floats are the same lots', () =>
  withBridge(
    () => (response) => response.end(JSON.stringify([DAY]).replace('79756', '79756.0')),
    async ({ source, context }) => {
      expect((await source.fetch(callFor(), context)).rows).toEqual([BAR])
    },
  ))

test.each([
  ['no date', { 日期: null }, 'no valid date'],
  ['another code', { 股票代码: '000001' }, 'not part of what was asked'],
  ['no close', { 收盘: null }, 'a price is missing'],
  ['no volume', { 成交量: null }, 'volume or amount is missing'],
  ['a negative low', { 最低: -1 }, 'a price is not positive'],
  ['high under close', { 最高: 38 }, 'prices out of order'],
  ['open under low', { 开盘: 32 }, 'prices out of order'],
  ['a high a hundredfold', { 最高: 3810 }, 'high and low are too far apart: wrong unit'],
  ['a negative amount', { 成交额: -5 }, 'volume or amount is negative'],
  ['thousandths of a lot', { 成交量: 79756.001 }, 'volume is not a whole number of shares'],
  ['shares', { 成交量: 7975600 }, 'amount / volume is far outside the range of prices: wrong unit'],
  [
    'ten thousand yuan',
    { 成交额: 28988.17 },
    'amount / volume is far outside the range of prices: wrong unit',
  ],
  ['a mean above its prices', { 成交额: 315_000_000 }, 'amount / volume is outside the range of prices'],
  ['money without trades', { 成交量: 0 }, 'amount / volume is far outside the range of prices: wrong unit'],
])('one bar with %s among good ones is refused with its reason', (_, differs, reason) => {
  const good = history(14, FRIDAY)
  return withBridge(
    () => [...good.slice(0, -1), { ...DAY, ...differs }],
    async ({ source, context }) => {
      const answer = await source.fetch(MONTH, context)
      expect(answer.rows).toHaveLength(13)
      expect(answer.rejected).toEqual([
        {
          symbol: '600519.SH',
          trade_date: reason === 'no valid date' ? null : FRIDAY,
          reason,
          raw: JSON.stringify({ ...DAY, ...differs }),
        },
      ])
    },
  )
})

test('rows of other days are no part of the answer', () =>
  withBridge(
    () => history(3, FRIDAY),
    async ({ source, context }) => {
      const answer = await source.fetch(callFor(), context)
      expect((answer.rows as BarRow[]).map((bar) => bar.trade_date)).toEqual([FRIDAY])
      expect(answer.rejected.map(({ trade_date, reason }) => [trade_date, reason])).toEqual([
        ['2026-11-18', 'not part of what was asked'],
        ['2026-11-19', 'not part of what was asked'],
      ])
    },
  ))

test.each([
  ['while its session runs', '2026-11-20T06:59:00Z', 'the session is not over'],
  ['before it is final', '2026-11-20T08:29:00Z', 'the session is not over'],
  ['when it is final', '2026-11-20T08:30:00Z', undefined],
])('a bar of today %s', (_, now, reason) =>
  withBridge(
    () => [DAY],
    async ({ source, context }) => {
      const answer = await source.fetch(callFor(), context)
      expect(answer.rejected[0]?.reason).toBe(reason)
      expect(answer.rows).toHaveLength(reason === undefined ? 1 : 0)
    },
    { clock: () => new Date(now) },
  ),
)

test('a code with letters is refused for itself, before anything is sent', () =>
  withBridge(
    () => [DAY],
    async ({ source, context, asked }) => {
      const error = await sourceErrorOf(source.fetch(callFor({ symbols: ['T00018.SH'] }), context))
      expect([error.errorClass, asked.length]).toEqual(['BadRequest', 0])
    },
  ))

test('values survive exactly, whatever they are', () => {
  const whole = fc.integer({ min: 1, max: 2_000_000_000 })
  // Prices in cents and a mean between them make a true bar; the amount has two decimals.
  const bar = fc.record({
    low: fc.integer({ min: 1, max: 300_000 }),
    above: fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 })),
    lots: whole,
    mean: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(bar, ({ low, above: [a, b], lots, mean }) => {
      const high = low + Math.min(Math.max(a, b), low * 10)
      const [open, close] = [Math.min(low + a, high), Math.min(low + b, high)]
      // In cents, so that 15 digits hold it; lots of 100 shares.
      const amountCents =
        BigInt(lots) * 100n * BigInt(low) + BigInt(Math.floor(lots * mean)) * 100n * BigInt(high - low)
      fc.pre(amountCents < 10n ** 15n)
      const [yuan, cents] = [amountCents / 100n, String(amountCents % 100n).padStart(2, '0')]
      const text = `{"日期":"2026-11-20T00:00:00.000","股票代码":"600519","开盘":${priced(open)},"收盘":${priced(close)},"最高":${priced(high)},"最低":${priced(low)},"成交量":${lots},"成交额":${yuan}.${cents},"涨跌幅":null,"涨跌额":null}`
      const mapped = mapHistoryBar(JSON.parse(text) as Row, '600519.SH') as BarRow
      expect({ ...mapped, ...pricesAsText(mapped) }).toMatchObject({
        volume: String(BigInt(lots) * 100n),
        amount: cents === '00' ? String(yuan) : `${yuan}.${cents.replace(/0$/, '')}`,
        open: priced(open),
        high: priced(high),
        low: priced(low),
        close: priced(close),
      })
    }),
    { numRuns: 1_000 },
  )
})

const priced = (cents: number): string => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
const pricesAsText = ({ open, high, low, close }: BarRow) => ({
  open: open.toFixed(2),
  high: high.toFixed(2),
  low: low.toFixed(2),
  close: close.toFixed(2),
})
