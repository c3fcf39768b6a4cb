import { expect, test } from 'vitest'
import { sourceErrorOf, withServer } from './upstream.ts'

const NEWEST = '2026-11-20'
const LINE_COLUMNS =
  'date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,isST'.split(',')
const FACTOR_COLUMNS = ['code', 'dividOperateDate', 'backAdjustFactor']

/** Tables of a day with one row on each of those dates. */
const withDays = (
  lines: readonly string[],
  factors: readonly string[],
  run: Parameters<typeof withServer>[1],
) =>
  withServer(({ type, params: [date = ''] }) => {
    if (type === '98')
      return {
        columns: LINE_COLUMNS,
        rows: lines.includes(date) ? [LINE_COLUMNS.map((name) => (name === 'date' ? date : '1'))] : [],
      }
    if (type === '9C')
      return { columns: FACTOR_COLUMNS, rows: factors.includes(date) ? [['sz.000001', date, '2']] : [] }
    return undefined
  }, run)

test.each([
  ['from the first session, when 1995 is there', [NEWEST, '1995-01-03', '2015-01-05'], '1990-12-19', 2],
  ['from 2015, when only that is there', [NEWEST, '2015-01-05'], '2015-01-05', 3],
  ['from the newest session, when only that is there', [NEWEST], NEWEST, 3],
  ['not at all, when not even that is there', ['1995-01-03', '2015-01-05'], null, 1],
])('bars by date can be trusted %s', (_, days, from, requests) =>
  withDays(days, [], async ({ source, context, server }) => {
    expect(await source.sampleDepth('bars', NEWEST, context)).toBe(from)
    expect(server.queries).toHaveLength(requests)
  }),
)

test.each([
  ['from the first session', [NEWEST], [NEWEST, '1995-09-25'], '1990-12-19'],
  ['from 2015', [NEWEST], ['2015-04-13'], '2015-04-13'],
  ['for the newest session, which may well have no event', [NEWEST], [], NEWEST],
  ['not at all, without bars of it', [], [NEWEST, '1995-09-25', '2015-04-13'], null],
])('factors by date can be trusted %s', (_, days, exDates, from) =>
  withDays(days, exDates, async ({ source, context }) => {
    expect(await source.sampleDepth('adj_factor', NEWEST, context)).toBe(from)
  }),
)

test('a server that answers with another day has not got the one that was asked', () =>
  withServer(
    ({ type }) =>
      type === '98'
        ? { columns: LINE_COLUMNS, rows: [LINE_COLUMNS.map((name) => (name === 'date' ? NEWEST : '1'))] }
        : undefined,
    async ({ source, context }) => {
      expect(await source.sampleDepth('bars', NEWEST, context)).toBe(NEWEST)
    },
  ))

test('a server without such tables has no depth; one in trouble says nothing about it', () =>
  withServer(
    ({ type }, nth) =>
      type !== '98'
        ? undefined
        : nth === 1
          ? { code: '10004020', message: '错误的消息类型' }
          : { code: '10005001', message: '系统级别错误' },
    async ({ source, context }) => {
      expect(await source.sampleDepth('bars', NEWEST, context)).toBeNull()
      expect((await sourceErrorOf(source.sampleDepth('bars', NEWEST, context))).errorClass).toBe('Transient')
    },
  ))
