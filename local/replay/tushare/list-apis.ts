import type { CalendarDay } from '../calendar.ts'
import type { CodeChange, Instrument, NameSpell } from '../market.ts'
import { createApi } from './api.ts'
import type { Api, ApiContext, Column, Emit } from './api.ts'

const list = (text: string | undefined): ReadonlySet<string> | undefined =>
  text === undefined ? undefined : new Set(text.split(',').map((part) => part.trim()))

const textColumn = <Row>(name: string, value: (row: Row) => string | null, hidden = false): Column<Row> => ({
  name,
  hidden,
  write: (out, row) => out.text(value(row)),
})

const STOCK_COLUMNS: readonly Column<Instrument>[] = [
  textColumn('ts_code', (s) => s.code),
  textColumn('symbol', (s) => s.code.split('.')[0] ?? ''),
  textColumn('name', (s) => s.name),
  textColumn('area', (s) => s.area),
  textColumn('industry', (s) => s.industry),
  textColumn('fullname', (s) => s.fullname, true),
  textColumn('enname', (s) => s.enname, true),
  textColumn('cnspell', (s) => s.cnspell),
  textColumn('market', (s) => s.market),
  textColumn('exchange', (s) => s.exchange, true),
  textColumn('curr_type', (s) => s.currency, true),
  textColumn('list_status', (s) => s.status, true),
  textColumn('list_date', (s) => s.listDate),
  textColumn('delist_date', (s) => s.delistDate, true),
  textColumn('is_hs', (s) => s.isHs, true),
  textColumn('act_name', (s) => s.actName),
  textColumn('act_ent_type', (s) => s.actEntType),
]

const selectStocks = ({ market, params }: ApiContext, emit: Emit<Instrument>): void => {
  // Delisted stocks only come when asked for: the default list is the survivors.
  const statuses = list(params.list_status ?? 'L')
  const codes = list(params.ts_code)
  const fits = (wanted: string | undefined, value: string | null): boolean =>
    wanted === undefined || (value !== null && wanted.split(',').includes(value))
  for (const stock of market.instruments) {
    const chosen =
      stock.status !== null &&
      statuses?.has(stock.status) === true &&
      (codes?.has(stock.code) ?? true) &&
      fits(params.exchange, stock.exchange) &&
      fits(params.market, stock.market) &&
      fits(params.name, stock.name) &&
      fits(params.is_hs, stock.isHs)
    if (chosen && !emit(stock)) return
  }
}

interface CalendarRow {
  readonly day: CalendarDay
  readonly exchange: string
}

const selectDays = ({ market, params }: ApiContext, emit: Emit<CalendarRow>): void => {
  const exchange = params.exchange ?? 'SSE'
  // Beijing has no calendar of its own upstream; futures exchanges are not played here.
  if (exchange !== 'SSE' && exchange !== 'SZSE') return
  const { days } = market.calendar
  const { start_date: start = '0', end_date: end = '9', is_open: open } = params
  for (let i = days.length - 1; i >= 0; i--) {
    const day = days[i]
    if (day === undefined || day.date < start || day.date > end) continue
    if (open !== undefined && open !== (day.open ? '1' : '0')) continue
    if (!emit({ day, exchange })) return
  }
}

const selectCodeChanges = ({ market, params }: ApiContext, emit: Emit<CodeChange>): void => {
  const [old, current] = [list(params.o_code), list(params.n_code)]
  for (const change of market.codeChanges()) {
    const chosen = (old?.has(change.oldCode) ?? true) && (current?.has(change.newCode) ?? true)
    if (chosen && !emit(change)) return
  }
}

const selectNames = ({ market, params }: ApiContext, emit: Emit<NameSpell>): void => {
  const codes = list(params.ts_code)
  const { start_date: start, end_date: end } = params
  for (const { id, code } of market.instruments) {
    if (codes !== undefined && !codes.has(code)) continue
    for (const spell of [...market.names(id)].reverse()) {
      // The dates filter the announcement: a spell whose announcement is unknown is lost by them.
      const announced = spell.announced ?? ''
      if (start !== undefined && announced < start) continue
      if (end !== undefined && (announced === '' || announced > end)) continue
      if (!emit(spell)) return
    }
  }
}

/** Lists and calendars. */
export const LIST_APIS: readonly Api[] = [
  createApi({ name: 'stock_basic', points: 2000, cap: 6000, columns: STOCK_COLUMNS, select: selectStocks }),
  createApi<CalendarRow>({
    name: 'trade_cal',
    points: 2000,
    cap: 10_000,
    columns: [
      textColumn('exchange', (row) => row.exchange),
      textColumn('cal_date', (row) => row.day.date),
      { name: 'is_open', write: (out, { day }) => out.fixed(day.open ? 1 : 0, 0) },
      textColumn('pretrade_date', (row) => row.day.previousSession, true),
    ],
    select: selectDays,
  }),
  createApi<CodeChange>({
    name: 'bse_mapping',
    // Its page says 120, reports of 2025 say that a free account gets `daily` and nothing else.
    points: 2000,
    cap: 1000,
    isOffered: (market) => market.offers.codeChanges,
    columns: [
      textColumn('name', (change) => change.name),
      textColumn('o_code', (change) => change.oldCode),
      textColumn('n_code', (change) => change.newCode),
      textColumn('list_date', (change) => change.listDate),
    ],
    select: selectCodeChanges,
  }),
  createApi<NameSpell>({
    name: 'namechange',
    points: 2000,
    cap: 10_000,
    isOffered: (market) => market.offers.nameChanges,
    columns: [
      textColumn('ts_code', (spell) => spell.code),
      textColumn('name', (spell) => spell.name),
      textColumn('start_date', (spell) => spell.from),
      textColumn('end_date', (spell) => spell.to),
      textColumn('ann_date', (spell) => spell.announced),
      textColumn('change_reason', (spell) => spell.reason),
    ],
    select: selectNames,
  }),
]
