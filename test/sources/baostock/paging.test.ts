import { expect, test } from 'vitest'
import { APIS } from '../../../sources/baostock/apis.ts'
import {
  CALENDAR_COLUMNS,
  type Lab,
  type LabOptions,
  type Script,
  sourceErrorOf,
  withServer,
} from './upstream.ts'
import { ANSWER_TYPES, frameOf, recordOf } from './wire.ts'

const DAYS = Array.from({ length: 31 }, (_, i) => [`2024-01-${String(i + 1).padStart(2, '0')}`, '1'])
const PARAMS = ['2024-01-01', '2024-01-31']
const ask = ({ client, context }: Lab) => client.table(APIS.trade_dates, PARAMS, context)
const SMALL: LabOptions = { pageRows: 10 }

/** Pages of that many rows, as the real server cuts them. */
const paged =
  (rows: readonly string[][]): Script =>
  ({ type, page, pageRows }) =>
    type === '33'
      ? { columns: CALENDAR_COLUMNS, rows: rows.slice((page - 1) * pageRows, page * pageRows) }
      : undefined

test('pages are asked until one is not full', () =>
  withServer(
    paged(DAYS),
    async (lab) => {
      expect((await ask(lab)).rows.texts()).toEqual(DAYS)
      expect(lab.server.queries.map(({ page, pageRows, params }) => [page, pageRows, params])).toEqual(
        [1, 2, 3, 4].map((page) => [page, 10, PARAMS]),
      )
      expect(lab.reserved).toHaveLength(5)
    },
    SMALL,
  ))

test('rows that fill their pages exactly end with an empty page, and nothing behind it', () =>
  withServer(
    paged(DAYS.slice(0, 20)),
    async (lab) => {
      expect((await ask(lab)).rows.texts()).toEqual(DAYS.slice(0, 20))
      expect(lab.server.queries.map(({ page }) => page)).toEqual([1, 2, 3, 4])
    },
    SMALL,
  ))

test('a single page that is not full costs one request', () =>
  withServer(
    paged(DAYS.slice(0, 9)),
    async (lab) => {
      expect((await ask(lab)).rows.texts()).toHaveLength(9)
      expect(lab.server.queries).toHaveLength(1)
    },
    SMALL,
  ))

test('full pages without end are given up', () => {
  const full = Array.from({ length: 30_000 }, () => ['2024-01-01', '1'])
  return withServer(
    ({ type }) => (type === '33' ? { columns: CALENDAR_COLUMNS, rows: full } : undefined),
    async (lab) => {
      const error = await sourceErrorOf(ask(lab))
      expect([error.errorClass, error.details.upstreamMessage]).toEqual([
        'Transient',
        'more than 100000 rows came, and no end of them',
      ])
    },
    { pageRows: full.length },
  )
})

test('an empty page in the middle fails the whole table', () =>
  withServer(
    ({ type, page, pageRows }, ...rest) =>
      type === '33' && page === 2
        ? { columns: CALENDAR_COLUMNS, rows: [] }
        : paged(DAYS)({ type, page, pageRows, method: '', params: [] }, ...rest),
    async (lab) => {
      const error = await sourceErrorOf(ask(lab))
      expect([error.errorClass, error.details.upstreamMessage]).toEqual([
        'Transient',
        'page 2 came empty and the one behind it did not',
      ])
    },
    SMALL,
  ))

test.each([
  ['is refused', { code: '10005001', message: '系统级别错误' }, /10005001 系统级别错误/],
  ['breaks off', (socket: { destroy(): unknown }) => socket.destroy(), /server closed|ECONNRESET/],
  ['has other columns', { columns: ['is_trading_day', 'calendar_date'], rows: [] }, /other columns/],
])('a later page that %s fails the whole table', (_, reply, message) =>
  withServer(
    (request, nth, connection) =>
      request.type === '33' && request.page === 3 ? reply : paged(DAYS)(request, nth, connection),
    async (lab) => {
      const error = await sourceErrorOf(ask(lab))
      expect(error.errorClass).toBe('Transient')
      expect(error.message).toMatch(message)
    },
    SMALL,
  ),
)

test('a row that slips into the next page between two requests counts once, as it came last', () =>
  withServer(
    (request, nth, connection) => {
      // A day was added in front after the first page: everything moves on by one.
      const rows = nth === 1 ? DAYS : [['2023-12-31', '0'], ...DAYS]
      return paged(rows)(request, nth, connection)
    },
    async (lab) => {
      expect((await ask(lab)).rows.texts()).toEqual(DAYS)
    },
    SMALL,
  ))

/** An answer whose echo says another page size than was asked. */
const capped =
  (size: number): Script =>
  ({ type, method, page, params }) =>
    type === '33'
      ? frameOf(ANSWER_TYPES[type] ?? '', [
          ...['0', 'success', method, 'anonymous', String(page), String(size)],
          recordOf(DAYS.slice((page - 1) * size, page * size)),
          ...params,
          CALENDAR_COLUMNS.join(','),
        ])
      : undefined

test('a server that grants smaller pages than were asked is believed', () =>
  withServer(
    capped(7),
    async (lab) => {
      expect((await ask(lab)).rows.texts()).toEqual(DAYS)
      expect(lab.server.queries).toHaveLength(5)
    },
    SMALL,
  ))

test('more rows than a page holds are an answer without pages', () =>
  withServer(
    ({ type }) => (type === '33' ? { columns: CALENDAR_COLUMNS, rows: DAYS } : undefined),
    async (lab) => {
      expect((await ask(lab)).rows.texts()).toEqual(DAYS)
      expect(lab.server.queries).toHaveLength(1)
    },
    SMALL,
  ))

test('a table of exactly a page of rows is not asked on where there are no pages', () =>
  withServer(
    ({ type }) =>
      type === '9C'
        ? {
            columns: ['code', 'dividOperateDate', 'backAdjustFactor'],
            rows: Array.from({ length: 10 }, (_, i) => [`sh.60000${i}`, '2024-01-02', '1.5']),
          }
        : undefined,
    async ({ client, context, server }) => {
      const { rows } = await client.table(APIS.adjust_factor_of_day, ['2024-01-02'], context)
      expect([rows.length, server.queries.length]).toEqual([10, 1])
    },
    SMALL,
  ))
