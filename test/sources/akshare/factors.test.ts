import { expect, test } from 'vitest'
import type { SourceCall } from '../../../market/capability.ts'
import type { FactorRow } from '../../../sources/contract.ts'
import { changed, factorRows } from './rows.ts'
import { callFor, FRIDAY, sourceErrorOf, withBridge } from './upstream.ts'

const factors = (differs: Partial<SourceCall> = {}): SourceCall =>
  callFor({ dataset: 'adj_factor', symbols: ['000002.SZ'], from: '1991-01-29', to: FRIDAY, ...differs })
const STEPS = [
  ['2023-08-25', '169.1453113717332000'],
  ['1991-06-10', '1.4227575982209000'],
] as const

test('factors come as a row per ex-date, oldest first; the base of 1 is no row', () =>
  withBridge(
    () => factorRows(STEPS),
    async ({ source, context, asked, reserved }) => {
      const answer = await source.fetch(factors(), context)
      expect(answer).toMatchObject({ rejected: [], requests: 1 })
      expect(answer.rows).toEqual([
        { symbol: '000002.SZ', trade_date: '1991-06-10', factor: 1.4227575982209 },
        { symbol: '000002.SZ', trade_date: '2023-08-25', factor: 169.1453113717332 },
      ])
      expect(asked[0]?.params).toEqual({
        symbol: 'sz000002',
        start_date: '19900101',
        end_date: '21000118',
        adjust: 'hfq-factor',
      })
      expect(reserved).toEqual([['sina', 1]])
    },
  ))

test.each([
  ['never paid anything', []],
  ['will pay for the first time', [['2026-11-27', '1.0200000000000000']]],
] satisfies [string, [string, string][]][])(
  'the factor of a stock that %s is 1 from the first day on, and that is no empty answer',
  (_, steps) =>
    withBridge(
      () => factorRows(steps),
      async ({ source, context }) => {
        expect((await source.fetch(factors(), context)).rows).toEqual([
          { symbol: '000002.SZ', trade_date: '1991-01-29', factor: 1 },
        ])
      },
    ),
)

test('factors of an ex-date to come are not there yet', () =>
  withBridge(
    () => factorRows([['2026-11-27', '170.0000000000000000'], ...STEPS]),
    async ({ source, context }) => {
      const rows = (await source.fetch(factors(), context)).rows as FactorRow[]
      expect(rows.map((row) => row.trade_date)).toEqual(['1991-06-10', '2023-08-25'])
    },
  ))

test('factors start with another base where there is one', () =>
  withBridge(
    () => [
      ...factorRows(STEPS).slice(0, 2),
      { date: '1900-01-01T00:00:00.000', hfq_factor: '1.2500000000000000' },
    ],
    async ({ source, context }) => {
      expect((await source.fetch(factors(), context)).rows[0]).toEqual({
        symbol: '000002.SZ',
        trade_date: '1991-01-29',
        factor: 1.25,
      })
    },
  ))

test('factors without their base are cut off', () =>
  withBridge(
    () => factorRows(STEPS).slice(0, 2),
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(factors(), context))
      expect([error.errorClass, error.message]).toEqual(['SchemaDrift', expect.stringMatching(/cut off/)])
    },
  ))

test.each([100, 0.01])('factors in another unit, times %d, are refused as a whole', (factor) =>
  withBridge(
    () => changed(factorRows(STEPS), 'hfq_factor', (value) => String(Number(value) * factor)),
    async ({ source, context }) => {
      expect((await sourceErrorOf(source.fetch(factors(), context))).message).toMatch(/hfq_factor changed/)
    },
  ),
)

test.each([['0.0000000000000000'], ['n/a'], [null]])('factors of %s are refused with their row', (value) =>
  withBridge(
    () => factorRows(STEPS).map((row, i) => (i === 0 ? { ...row, hfq_factor: value } : row)),
    async ({ source, context }) => {
      const answer = await source.fetch(factors(), context)
      expect(answer.rows).toHaveLength(1)
      expect(answer.rejected).toMatchObject([
        {
          symbol: '000002.SZ',
          trade_date: '2023-08-25',
          reason: 'factor is missing, or none that there can be',
        },
      ])
    },
  ),
)

test('a code of Beijing is asked with its prefix', () =>
  withBridge(
    () => factorRows([]),
    async ({ source, context, asked }) => {
      await source.fetch(factors({ symbols: ['920017.BJ'] }), context)
      expect(asked[0]?.params.symbol).toBe('bj920017')
    },
  ))
