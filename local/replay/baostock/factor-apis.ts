import { isoDate } from '../decimal.ts'
import { createApi, textColumn } from './api.ts'
import type { Api, ApiContext, Column, Emit } from './api.ts'
import { checkCode, checkRange, sessionsOf } from './dates.ts'
import type { FactorEvent } from './factors.ts'
import { checkTable, tableSession } from './k-data.ts'

interface Row {
  readonly code: string
  readonly date: string
  readonly event: FactorEvent
}

const factor = (name: string, value: (event: FactorEvent) => number): Column<Row> => ({
  name,
  write: (out, { event }) => out.fixed(value(event), 6, 6),
})

const COLUMNS: readonly Column<Row>[] = [
  textColumn('code', (row) => row.code),
  textColumn('dividOperateDate', (row) => row.date),
  factor('foreAdjustFactor', ({ fore }) => fore),
  factor('backAdjustFactor', ({ back }) => back),
  // The same as the one before in every recorded row.
  factor('adjustFactor', ({ back }) => back),
]
const FIELDS = COLUMNS.map(({ name }) => name).join(',')

const rowOf = ({ market }: ApiContext, code: string, event: FactorEvent): Row => ({
  code,
  event,
  date: isoDate(market.calendar.sessions[event.session] ?? ''),
})

const selectStock = (context: ApiContext, emit: Emit<Row>): void => {
  const { market, universe, params, isPublished } = context
  const stock = universe.find(params.code ?? '')
  if (stock === undefined) return
  const { id } = stock.instrument
  const [from, to] = sessionsOf(params, market.calendar, market.lastSession)
  for (const event of universe.eventsOf(id).list) {
    if (event.session < from || event.session > to || !isPublished(id, event.session)) continue
    if (!emit(rowOf(context, stock.code, event))) return
  }
}

const selectDay = (context: ApiContext, emit: Emit<Row>): void => {
  const session = tableSession(context)
  for (const { code, instrument } of context.universe.stocks) {
    const event = context.universe.eventsOf(instrument.id).list.find((found) => found.session === session)
    if (event === undefined || !context.isPublished(instrument.id, session)) continue
    if (!emit(rowOf(context, code, event))) return
  }
}

/** Adjustment factors: a row for each ex-date, of one stock or of one day. */
export const FACTOR_APIS: readonly Api[] = [
  createApi<Row>({
    method: 'query_adjust_factor',
    type: '15',
    answerType: '16',
    params: ['code', 'start', 'end'],
    fields: FIELDS,
    check: ({ params }) => checkCode(params) ?? checkRange(params),
    columns: () => COLUMNS,
    select: selectStock,
  }),
  createApi<Row>({
    method: 'query_daily_adjust_factor',
    type: '9C',
    answerType: '9D',
    compressed: true,
    paged: false,
    params: ['date'],
    fields: FIELDS,
    check: checkTable,
    columns: () => COLUMNS,
    select: selectDay,
  }),
]
