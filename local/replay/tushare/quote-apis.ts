import type { Suspension } from '../market.ts'
import { BarSeries, CLOSE, FactorRuns, HIGH, LOW, OPEN, PRE_CLOSE } from '../series.ts'
import { createApi } from './api.ts'
import type { Api, ApiContext, Column, Emit } from './api.ts'
import { readQuoteQuery, visitNewestFirst } from './quote-query.ts'

interface DailyRow {
  code: string
  date: string
  series: BarSeries
  row: number
}

const price = (name: string, word: number): Column<DailyRow> => ({
  name,
  write: (out, { series, row }) => out.fixed(series.price(row, word), 2),
})

const DAILY_COLUMNS: readonly Column<DailyRow>[] = [
  { name: 'ts_code', write: (out, row) => out.ascii(row.code) },
  { name: 'trade_date', write: (out, row) => out.ascii(row.date) },
  price('open', OPEN),
  price('high', HIGH),
  price('low', LOW),
  price('close', CLOSE),
  price('pre_close', PRE_CLOSE),
  {
    name: 'change',
    write: (out, { series, row }) => out.fixed(series.price(row, CLOSE) - series.price(row, PRE_CLOSE), 2),
  },
  { name: 'pct_chg', write: (out, { series, row }) => out.fixed(series.pctChange(row), 4) },
  // Lots of 100 shares, thousand yuan.
  { name: 'vol', write: (out, { series, row }) => out.fixed(series.volume(row), 2) },
  { name: 'amount', write: (out, { series, row }) => out.fixed(series.amount(row), 3) },
]

const selectDaily = ({ market, params, isPublished }: ApiContext, emit: Emit<DailyRow>): void => {
  const query = readQuoteQuery(market, params)
  if (query === undefined) return
  const { instruments } = query
  const { sessions } = market.calendar
  const all = instruments.map(({ id }) => market.bars(id))
  const out: DailyRow = { code: '', date: '', series: EMPTY_BARS, row: 0 }
  visitNewestFirst(query, all, (index, session) => {
    const series = all[index] ?? EMPTY_BARS
    const row = series.rowAt(session)
    const instrument = instruments[index]
    if (row < 0 || instrument === undefined || !isPublished(instrument.id, session)) return true
    out.code = instrument.code
    out.date = sessions[session] ?? ''
    out.series = series
    out.row = row
    return emit(out)
  })
}

const EMPTY_BARS = new BarSeries(0, 0)

interface FactorRow {
  code: string
  date: string
  factor: number
}

const selectFactors = ({ market, params }: ApiContext, emit: Emit<FactorRow>): void => {
  const query = readQuoteQuery(market, params)
  if (query === undefined) return
  const { instruments } = query
  const { sessions } = market.calendar
  const all = instruments.map(({ id }) => market.factors(id))
  const out: FactorRow = { code: '', date: '', factor: 0 }
  visitNewestFirst(query, all, (index, session) => {
    out.factor = (all[index] ?? EMPTY_FACTORS).at(session)
    if (out.factor === 0) return true
    out.code = instruments[index]?.code ?? ''
    out.date = sessions[session] ?? ''
    return emit(out)
  })
}

const EMPTY_FACTORS = new FactorRuns(new Uint16Array(0), new Uint16Array(0), new Float64Array(0))

interface SuspensionRow {
  code: string
  date: string
  timing: string | null
  type: 'S' | 'R'
}

/** The rows of one spell: S on each of its sessions, R on the first session after a whole-day one. */
function* spellRows(
  spell: Suspension,
  from: number,
  to: number,
): Generator<readonly [session: number, type: 'S' | 'R']> {
  for (let at = Math.max(from, spell.from); at <= Math.min(to, spell.to); at++) yield [at, 'S']
  const resumed = spell.to + 1
  if (spell.timing === null && spell.resumes && resumed >= from && resumed <= to) yield [resumed, 'R']
}

const selectSuspensions = ({ market, params }: ApiContext, emit: Emit<SuspensionRow>): void => {
  const query = readQuoteQuery(market, params)
  if (query === undefined) return
  const rows: (SuspensionRow & { readonly session: number })[] = []
  for (const { id, code } of query.instruments) {
    for (const spell of market.suspensions(id)) {
      if (spell.to + 1 < query.from || spell.from > query.to) continue
      for (const [session, type] of spellRows(spell, query.from, query.to)) {
        if (params.suspend_type !== undefined && params.suspend_type !== type) continue
        const date = market.calendar.sessions[session] ?? ''
        rows.push({ code, date, timing: type === 'S' ? spell.timing : null, type, session })
      }
    }
  }
  rows.sort((a, b) => b.session - a.session)
  for (const row of rows) if (!emit(row)) return
}

/** Quotes by code lists and dates. Points and caps as the documentation or its users name them. */
export const QUOTE_APIS: readonly Api[] = [
  createApi({ name: 'daily', points: 120, cap: 6000, columns: DAILY_COLUMNS, select: selectDaily }),
  createApi<FactorRow>({
    name: 'adj_factor',
    points: 2000,
    cap: 6000,
    columns: [
      { name: 'ts_code', write: (out, row) => out.ascii(row.code) },
      { name: 'trade_date', write: (out, row) => out.ascii(row.date) },
      { name: 'adj_factor', write: (out, row) => out.fixed(row.factor, 4) },
    ],
    select: selectFactors,
  }),
  createApi<SuspensionRow>({
    name: 'suspend_d',
    points: 2000,
    cap: 5000,
    isOffered: (market) => market.offers.suspensions,
    columns: [
      { name: 'ts_code', write: (out, row) => out.ascii(row.code) },
      { name: 'trade_date', write: (out, row) => out.ascii(row.date) },
      { name: 'suspend_timing', write: (out, row) => out.text(row.timing) },
      { name: 'suspend_type', write: (out, row) => out.ascii(row.type) },
    ],
    select: selectSuspensions,
  }),
]
