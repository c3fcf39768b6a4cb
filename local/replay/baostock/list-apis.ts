import type { CalendarDay } from '../calendar.ts'
import { isoDate } from '../decimal.ts'
import { createApi, textColumn } from './api.ts'
import type { Api, ApiContext, Emit } from './api.ts'
import { checkCode, checkDate, checkRange, compactDate, mondayOf } from './dates.ts'
import { createLine, daysOf, fillDay } from './days.ts'
import { INDICES, OTHERS } from './non-stocks.ts'
import type { NonStock } from './non-stocks.ts'
import type { Stock } from './universe.ts'

const dateOrEmpty = (date: string | null): string => (date === null ? '' : isoDate(date))

const todayOf = ({ market }: ApiContext): string =>
  isoDate(market.calendar.sessions[market.lastSession] ?? '')

const selectDates = (context: ApiContext, emit: Emit<CalendarDay>): void => {
  const { start = '', end = '' } = context.params
  // Nothing is told of next year before it has begun.
  const yearEnd = `${todayOf(context).slice(0, 4)}1231`
  const last = end !== '' && compactDate(end) < yearEnd ? compactDate(end) : yearEnd
  for (const day of context.market.calendar.days) {
    if (day.date < compactDate(start) || day.date > last) continue
    if (!emit(day)) return
  }
}

interface Security {
  readonly code: string
  readonly name: string
  readonly ipoDate: string
  readonly outDate: string
  readonly type: string
  readonly status: string
}

const securityOf = ({ code, instrument }: Stock): Security => ({
  code,
  name: instrument.name,
  ipoDate: dateOrEmpty(instrument.listDate),
  outDate: dateOrEmpty(instrument.delistDate),
  type: '1',
  status: instrument.status === 'D' ? '0' : '1',
})

const nonStockOf = ({ code, name, since, type }: NonStock): Security => ({
  code,
  name,
  ipoDate: since,
  outDate: '',
  type,
  status: '1',
})

const byCode = (a: { code: string }, b: { code: string }): number => (a.code < b.code ? -1 : 1)

const selectSecurities = ({ universe, params }: ApiContext, emit: Emit<Security>): void => {
  const { code = '', code_name: name = '' } = params
  const all = [...universe.stocks.map(securityOf), ...[...INDICES, ...OTHERS].map(nonStockOf)].sort(byCode)
  for (const security of all) {
    if (code !== '' && security.code !== code) continue
    if (security.name.includes(name) && !emit(security)) return
  }
}

interface StatusRow {
  readonly code: string
  readonly traded: boolean
  readonly name: string
}

const selectStatuses = (context: ApiContext, emit: Emit<StatusRow>): void => {
  const { market, universe, params } = context
  const session = market.calendar.indexOf(compactDate(params.date ?? ''))
  if (session < 0 || session > market.lastSession) return
  const line = createLine('3')
  const rows: StatusRow[] = INDICES.map(({ code, name }) => ({ code, traded: true, name }))
  for (const stock of universe.stocks) {
    if (!fillDay(context, stock, daysOf(context, stock), session, line)) continue
    rows.push({ code: stock.code, traded: line.traded, name: stock.instrument.name })
  }
  for (const row of rows.sort(byCode)) if (!emit(row)) return
}

interface Member {
  readonly updated: string
  readonly stock: Stock
}

/** Lists are made up on Mondays; a date in the future gets the newest. */
const updateOf = (context: ApiContext): string => {
  const { date = '' } = context.params
  const today = todayOf(context)
  return mondayOf(date === '' || date > today ? today : date)
}

const selectMembers =
  (isMember: (stock: Stock, context: ApiContext, date: string) => boolean) =>
  (context: ApiContext, emit: Emit<Member>): void => {
    const updated = updateOf(context)
    for (const stock of context.universe.stocks) {
      if (isMember(stock, context, compactDate(updated)) && !emit({ updated, stock })) return
    }
  }

const wasGone = ({ instrument }: Stock, date: string): boolean =>
  instrument.status === 'D' && (instrument.delistDate ?? '') <= date

/** The mark in front of the name that a stock had on a date. */
const markOn = ({ instrument }: Stock, { market }: ApiContext, date: string): string => {
  const spell = market.names(instrument.id).findLast(({ from }) => from <= date)
  return /^\*?ST/.exec(spell?.name ?? '')?.[0] ?? ''
}

const memberApi = (
  method: string,
  type: string,
  answerType: string,
  isMember: (stock: Stock, context: ApiContext, date: string) => boolean,
): Api =>
  createApi<Member>({
    method,
    type,
    answerType,
    params: ['date'],
    fields: 'updateDate, code, code_name',
    check: ({ params }) => checkDate(params, true),
    columns: () => [
      textColumn('updateDate', (row) => row.updated),
      textColumn('code', (row) => row.stock.code),
      textColumn('code_name', (row) => row.stock.instrument.name),
    ],
    select: selectMembers(isMember),
  })

/** Calendars and lists. */
export const LIST_APIS: readonly Api[] = [
  createApi<CalendarDay>({
    method: 'query_trade_dates',
    type: '33',
    answerType: '34',
    params: ['start', 'end'],
    fields: 'calendar_date, is_trading_day',
    check: ({ params }) => checkRange(params),
    columns: () => [
      textColumn('calendar_date', (day) => isoDate(day.date)),
      textColumn('is_trading_day', (day) => (day.open ? '1' : '0')),
    ],
    select: selectDates,
  }),
  createApi<StatusRow>({
    method: 'query_all_stock',
    type: '35',
    answerType: '36',
    params: ['date'],
    fields: 'code,tradeStatus,code_name',
    check: ({ params }) => checkDate(params),
    columns: () => [
      textColumn('code', (row) => row.code),
      textColumn('tradeStatus', (row) => (row.traded ? '1' : '0')),
      textColumn('code_name', (row) => row.name),
    ],
    select: selectStatuses,
  }),
  createApi<Security>({
    method: 'query_stock_basic',
    type: '45',
    answerType: '46',
    params: ['code', 'code_name'],
    fields: 'code, code_name, ipoDate, outDate, type, status',
    check: ({ params }) => checkCode(params, true),
    columns: () => [
      textColumn('code', (row) => row.code),
      textColumn('code_name', (row) => row.name),
      textColumn('ipoDate', (row) => row.ipoDate),
      textColumn('outDate', (row) => row.outDate),
      textColumn('type', (row) => row.type),
      textColumn('status', (row) => row.status),
    ],
    select: selectSecurities,
  }),
  createApi<Member>({
    method: 'query_stock_industry',
    type: '59',
    answerType: '60',
    params: ['code', 'date'],
    fields: 'updateDate, code, code_name, industry, industryClassification',
    check: ({ params }) => checkCode(params, true) ?? checkDate(params, true),
    columns: () => [
      textColumn('updateDate', (row) => row.updated),
      textColumn('code', (row) => row.stock.code),
      textColumn('code_name', (row) => row.stock.instrument.name),
      textColumn('industry', (row) => row.stock.instrument.industry),
      textColumn('industryClassification', () => '证监会行业分类'),
    ],
    select: selectMembers(
      (stock, { params }, date) =>
        (params.code === '' || params.code === stock.code) &&
        (stock.instrument.listDate ?? '') <= date &&
        !wasGone(stock, date),
    ),
  }),
  memberApi('query_terminated_stocks', '67', '68', (stock, _, date) => wasGone(stock, date)),
  memberApi('query_suspended_stocks', '69', '70', () => false),
  memberApi('query_st_stocks', '71', '72', (stock, context, date) => markOn(stock, context, date) === 'ST'),
  memberApi(
    'query_starst_stocks',
    '73',
    '74',
    (stock, context, date) => markOn(stock, context, date) === '*ST',
  ),
]
