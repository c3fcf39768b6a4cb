import { describe, expect, test } from 'vitest'
import type { Row } from '../../../sources/akshare/values.ts'
import type { BarRow } from '../../../sources/contract.ts'
import { changed, DAY, history } from './rows.ts'
import { callFor, FRIDAY, sourceErrorOf, withBridge } from './upstream.ts'

const MONTH = callFor({ from: '2026-11-01', to: FRIDAY })

describe('a column in another unit', () => {
  test.each(
    ['开盘', '收盘', '最高', '最低', '成交量', '成交额', '涨跌幅', '涨跌额'].flatMap((column) =>
      [100, 0.01].map((factor) => [column, factor] as const),
    ),
  )('brings nothing of the answer: %s times %d', (column, factor) =>
    withBridge(
      () => changed(history(14, FRIDAY), column, (value) => Number(value) * factor),
      async ({ source, context }) => {
        const error = await sourceErrorOf(source.fetch(MONTH, context))
        expect([error.errorClass, error.details.api]).toEqual(['SchemaDrift', 'stock_zh_a_hist'])
        expect(error.details.sample).toContain('2026-11')
      },
    ),
  )

  test.each(['成交量', '成交额'])('is seen in a single day: %s', (column) =>
    withBridge(
      () => changed([DAY], column, (value) => Number(value) * 100),
      async ({ source, context }) => {
        const error = await sourceErrorOf(source.fetch(callFor(), context))
        expect(error.message).toMatch(/SchemaDrift: 1 of 1 rows cannot be true: .*wrong unit/)
      },
    ),
  )

  test('all prices and the amount in cents are seen: their mean no longer fits the volume', () =>
    withBridge(
      () =>
        ['开盘', '收盘', '最高', '最低', '涨跌额'].reduce(
          (rows, column) => changed(rows, column, (value) => Number(value) * 100),
          history(14, FRIDAY),
        ),
      async ({ source, context }) => {
        expect((await sourceErrorOf(source.fetch(MONTH, context))).errorClass).toBe('SchemaDrift')
      },
    ))

  test.each([
    ['open and close', '开盘', '收盘'],
    ['high and low', '最高', '最低'],
    ['volume and amount', '成交量', '成交额'],
    ['change and per cent', '涨跌额', '涨跌幅'],
    ['close and high', '收盘', '最高'],
    ['close and low', '收盘', '最低'],
  ])('is also one in the place of another: %s', (_, a, b) =>
    withBridge(
      () => history(14, FRIDAY).map((row) => ({ ...row, [a]: row[b], [b]: row[a] })),
      async ({ source, context }) => {
        expect((await sourceErrorOf(source.fetch(MONTH, context))).errorClass).toBe('SchemaDrift')
      },
    ),
  )
})

test('prices that were adjusted below zero never pass', () =>
  withBridge(
    () =>
      ['开盘', '收盘', '最高', '最低'].reduce(
        (rows, column) => changed(rows, column, (value) => Number(value) - 12),
        history(14, FRIDAY),
      ),
    async ({ source, context }) => {
      expect((await sourceErrorOf(source.fetch(MONTH, context))).message).toMatch(/a price is not positive/)
    },
  ))

test('a change that contradicts its per cent is unknown, and the bar stays', () =>
  withBridge(
    () => history(14, FRIDAY).map((row, i) => (i === 5 ? { ...row, 涨跌幅: 99 } : row)),
    async ({ source, context }) => {
      const bars = (await source.fetch(MONTH, context)).rows as BarRow[]
      expect(bars.filter((bar) => bar.change === null && bar.pct_chg === null)).toHaveLength(1)
      expect(bars).toHaveLength(14)
    },
  ))

test('an ex-day breaks one link of the chain of closes and no more', () =>
  withBridge(
    () => {
      const rows = history(14, FRIDAY)
      // From the eighth day on everything is half: ten for ten, with changes against the new reference.
      return rows.map((row, i) =>
        i < 7
          ? row
          : ['开盘', '收盘', '最高', '最低', '成交额', '涨跌额'].reduce<Row>(
              (half, column) => ({ ...half, [column]: Number(half[column]) / 2 }),
              row,
            ),
      )
    },
    async ({ source, context }) => {
      expect((await source.fetch(MONTH, context)).rows).toHaveLength(14)
    },
  ))
