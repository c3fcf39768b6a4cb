import { expect, test } from 'vitest'
import type { SourceCall } from '../../../market/capability.ts'
import type { CalendarRow } from '../../../sources/contract.ts'
import { callFor, sourceErrorOf, withBridge } from './upstream.ts'

const calendar = (differs: Partial<SourceCall> = {}): SourceCall =>
  callFor({ dataset: 'trade_calendar', symbols: null, from: null, to: null, part: 'SSE', ...differs })
const WEEK = ['2026-11-18', '2026-11-19', '2026-11-20', '2026-11-23'].map((date) => ({
  trade_date: `${date}T00:00:00.000`,
}))

test('the calendar has every day from the first session to the last, open ones and closed ones', () =>
  withBridge(
    () => WEEK.toReversed(),
    async ({ source, context, asked, reserved }) => {
      const { rows } = await source.fetch(calendar(), context)
      expect(
        (rows as CalendarRow[]).map((row) => [row.trade_date, row.is_open, row.previous_trade_date]),
      ).toEqual([
        ['2026-11-18', true, null],
        ['2026-11-19', true, '2026-11-18'],
        ['2026-11-20', true, '2026-11-19'],
        ['2026-11-21', false, '2026-11-20'],
        ['2026-11-22', false, '2026-11-20'],
        ['2026-11-23', true, '2026-11-20'],
      ])
      expect((rows as CalendarRow[]).every((row) => row.exchange === 'SSE')).toBe(true)
      expect([asked[0]?.name, reserved]).toEqual(['tool_trade_date_hist_sina', [['sina', 1]]])
    },
  ))

test('the calendar has the days that were asked for', () =>
  withBridge(
    () => WEEK,
    async ({ source, context }) => {
      const { rows } = await source.fetch(calendar({ from: '2026-11-19', to: '2026-11-21' }), context)
      expect((rows as CalendarRow[]).map((row) => row.trade_date)).toEqual([
        '2026-11-19',
        '2026-11-20',
        '2026-11-21',
      ])
    },
  ))

test('a calendar of which a piece is missing is none', () =>
  withBridge(
    () => [...WEEK, { trade_date: '2027-01-04T00:00:00.000' }],
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(calendar(), context))
      expect(error.message).toContain('no session between 2026-11-23 and 2027-01-04')
    },
  ))

test('the calendar has no session on a weekend', () =>
  withBridge(
    () => [...WEEK, { trade_date: '2026-11-21T00:00:00.000' }],
    async ({ source, context }) => {
      const answer = await source.fetch(calendar(), context)
      expect(answer.rejected).toMatchObject([{ reason: 'a session on a weekend' }])
      expect(answer.rows).toHaveLength(6)
    },
  ))
