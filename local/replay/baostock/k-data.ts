import { createApi } from './api.ts'
import type { Api, ApiContext, Column, Emit } from './api.ts'
import { checkCode, checkDate, checkRange, compactDate, sessionsOf } from './dates.ts'
import { createLine, daysOf, fillDay } from './days.ts'
import type { Line } from './days.ts'
import type { AdjustFlag } from './factors.ts'
import { fillIndexDay, indexDays } from './index-apis.ts'
import { fillPeriod, periodsBetween } from './periods.ts'
import type { Valuation } from '../valuation.ts'
import { BAD_PARAMETER, badField, REPEATED_FIELD, UNKNOWN_TYPE } from './refusals.ts'
import type { Refusal } from './refusals.ts'

type PriceField = 'open' | 'high' | 'low' | 'close' | 'preClose'

const price = (name: string, field: PriceField): Column<Line> => ({
  name,
  write: (out, line) => out.fixed(line[field], line.decimals, 10),
})

/** A ratio of the day with 6 decimals, empty where it is not known. */
const ratio = (name: string, value: (valuation: Valuation) => number | null): Column<Line> => ({
  name,
  write: (out, { valuation }) => {
    const known = valuation === null ? null : value(valuation)
    if (known === null) out.none()
    else out.ascii(known.toFixed(6))
  },
})

const nothing = (name: string): Column<Line> => ({ name, write: (out) => out.none() })

const COLUMNS: readonly Column<Line>[] = [
  { name: 'date', write: (out, line) => out.ascii(line.date) },
  { name: 'code', write: (out, line) => out.ascii(line.code) },
  price('open', 'open'),
  price('high', 'high'),
  price('low', 'low'),
  price('close', 'close'),
  price('preclose', 'preClose'),
  { name: 'volume', write: (out, line) => (line.blank ? out.none() : out.fixed(line.volume, 0, 0)) },
  { name: 'amount', write: (out, line) => (line.blank ? out.none() : out.fixed(line.amount, 0, 4)) },
  { name: 'adjustflag', write: (out, line) => out.ascii(line.flag) },
  // The server computes percentages to 4 decimals and writes 6.
  { name: 'turn', write: (out, line) => (line.turn === null ? out.none() : out.fixed(line.turn, 4, 6)) },
  { name: 'tradestatus', write: (out, line) => out.ascii(line.traded ? '1' : '0') },
  { name: 'pctChg', write: (out, line) => out.fixed(line.pct, 4, 6) },
  ratio('peTTM', (valuation) => valuation.peTtm),
  ratio('pbMRQ', (valuation) => valuation.pb),
  ratio('psTTM', (valuation) => valuation.psTtm),
  ratio('pcfNcfTTM', (valuation) => valuation.pcfNcfTtm),
  { name: 'isST', write: (out, line) => out.ascii(line.special) },
]
const DAY_FIELDS = COLUMNS.map(({ name }) => name)
const PERIOD_FIELDS = DAY_FIELDS.slice(0, 11)
  .filter((name) => name !== 'preclose')
  .concat('pctChg')
const MINUTE_FIELDS = ['date', 'time', ...PERIOD_FIELDS.slice(1, 9)]

/** What a frequency is called in refusals, and the fields that it has. */
const FREQUENCIES: Readonly<Record<string, readonly [name: string, fields: readonly string[]]>> = {
  d: ['日线', DAY_FIELDS],
  w: ['周线', PERIOD_FIELDS],
  m: ['月线', PERIOD_FIELDS],
  '5': ['5分钟线', MINUTE_FIELDS],
  '15': ['15分钟线', MINUTE_FIELDS],
  '30': ['30分钟线', MINUTE_FIELDS],
  '60': ['60分钟线', MINUTE_FIELDS],
}

const fieldsOf = (text = ''): string[] => text.split(',').map((name) => name.trim())

const checkHistory = ({ params }: ApiContext): Refusal | undefined => {
  const refused = checkCode(params) ?? checkRange(params)
  if (refused !== undefined) return refused
  const [name, allowed] = FREQUENCIES[params.frequency ?? ''] ?? []
  if (name === undefined || allowed === undefined) return BAD_PARAMETER
  const fields = fieldsOf(params.fields)
  const unknown = fields.find((field) => !allowed.includes(field))
  if (unknown !== undefined) return badField(name, unknown)
  if (new Set(fields).size < fields.length) return REPEATED_FIELD
  return /^[123]$/.test(params.adjustflag ?? '') ? undefined : badField(name, params.adjustflag ?? '')
}

const selectIndex = (context: ApiContext, emit: Emit<Line>): void => {
  const { market, params } = context
  const line = createLine('3')
  const [from, to] = sessionsOf(params, market.calendar, market.lastSession)
  for (const bar of indexDays(context, from, to)) {
    fillIndexDay(context, bar, line)
    if (!emit(line)) return
  }
}

const selectHistory = (context: ApiContext, emit: Emit<Line>): void => {
  const { market, universe, params } = context
  const stock = universe.find(params.code ?? '')
  const { frequency } = params
  if (frequency === 'd' && params.code !== undefined && stock === undefined) return selectIndex(context, emit)
  // Funds, minutes and weeks of indices exist upstream; no market here has them.
  if (stock === undefined || !['d', 'w', 'm'].includes(frequency ?? '')) return
  const days = daysOf(context, stock)
  const line = createLine(params.adjustflag as AdjustFlag)
  const [start, end] = sessionsOf(params, market.calendar, market.lastSession)
  const from = Math.max(start, days.series.first)
  // A delisted stock has nothing after its last bar but what its suspensions say.
  const to = Math.min(end, Math.max(days.series.last, days.spells.at(-1)?.to ?? -1))
  if (frequency === 'd') {
    for (let session = from; session <= to; session++) {
      if (fillDay(context, stock, days, session, line) && !emit(line)) return
    }
  } else if (from <= end) {
    for (const period of periodsBetween(market.calendar, frequency === 'w' ? 'w' : 'm', from, end)) {
      if (period.from > to) return
      if (fillPeriod(context, stock, days, period, line) && !emit(line)) return
    }
  }
}

/** The session of a table of a whole day, -1 where there is no such table. */
export const tableSession = ({ market, params, depth }: ApiContext): number => {
  const { date = '' } = params
  const session = market.calendar.indexOf(compactDate(date))
  const isReached = depth === 'all' || (depth === 'newest' ? session === market.lastSession : date >= depth)
  return session <= market.lastSession && isReached ? session : -1
}

/** A server from before these tables does not know their types. */
export const checkTable = ({ params, depth }: ApiContext): Refusal | undefined =>
  depth === 'none' ? UNKNOWN_TYPE : checkDate(params)

const selectDay = (context: ApiContext, emit: Emit<Line>): void => {
  const session = tableSession(context)
  if (session < 0) return
  const line = createLine('3')
  for (const stock of context.universe.stocks) {
    if (fillDay(context, stock, daysOf(context, stock), session, line) && !emit(line)) return
  }
}

const dayTable = (
  method: string,
  type: string,
  answerType: string,
  select: (context: ApiContext, emit: Emit<Line>) => void,
): Api =>
  createApi<Line>({
    method,
    type,
    answerType,
    compressed: true,
    paged: false,
    params: ['date'],
    fields: DAY_FIELDS.join(','),
    check: checkTable,
    columns: () => COLUMNS,
    select,
  })

/** K lines of one stock over a range, and of all stocks on a day. */
export const K_DATA_APIS: readonly Api[] = [
  createApi<Line>({
    method: 'query_history_k_data_plus',
    type: '95',
    answerType: '96',
    compressed: true,
    params: ['code', 'fields', 'start', 'end', 'frequency', 'adjustflag'],
    fields: null,
    check: checkHistory,
    columns: ({ params }) =>
      fieldsOf(params.fields).map((name) => COLUMNS.find((column) => column.name === name) ?? nothing(name)),
    select: selectHistory,
  }),
  dayTable('query_daily_history_k_AStock', '98', '99', selectDay),
  dayTable('query_daily_history_k_ETF', '9A', '9B', () => undefined),
]
