import type { IndexBar } from '../indices.ts'
import { indexChange } from '../indices.ts'
import { createApi } from './api.ts'
import type { Api, ApiContext, Column, Emit } from './api.ts'

interface BarRow {
  readonly code: string
  readonly date: string
  readonly bar: IndexBar
}

const points = (name: string, value: (bar: IndexBar) => number): Column<BarRow> => ({
  name,
  write: (out, { bar }) => out.fixed(value(bar), 4),
})

const BAR_COLUMNS: readonly Column<BarRow>[] = [
  { name: 'ts_code', write: (out, row) => out.ascii(row.code) },
  { name: 'trade_date', write: (out, row) => out.ascii(row.date) },
  points('close', (bar) => bar.close),
  points('open', (bar) => bar.open),
  points('high', (bar) => bar.high),
  points('low', (bar) => bar.low),
  points('pre_close', (bar) => bar.preClose),
  points('change', (bar) => bar.close - bar.preClose),
  points('pct_chg', indexChange),
  // Lots, thousand yuan.
  { name: 'vol', write: (out, { bar }) => out.fixed(bar.volume, 2) },
  { name: 'amount', write: (out, { bar }) => out.fixed(bar.amount, 3) },
]

const isAsked = (date: string, { trade_date, start_date, end_date }: ApiContext['params']): boolean =>
  (trade_date === undefined || date === trade_date) &&
  (start_date === undefined || date >= start_date) &&
  (end_date === undefined || date <= end_date)

const selectBars = ({ market, params }: ApiContext, emit: Emit<BarRow>): void => {
  const code = params.ts_code ?? ''
  for (const bar of market.indices.bars(code).toReversed()) {
    const date = market.calendar.sessions[bar.session] ?? ''
    if (isAsked(date, params) && !emit({ code, date, bar })) return
  }
}

interface MemberRow {
  readonly index: string
  readonly code: string
  readonly date: string
  readonly weight: number | null
}

const selectMembers = ({ market, params }: ApiContext, emit: Emit<MemberRow>): void => {
  const index = params.index_code ?? ''
  for (const { session, members } of market.indices.lists(index).toReversed()) {
    const date = market.calendar.sessions[session] ?? ''
    if (!isAsked(date, params)) continue
    for (const member of members) if (!emit({ index, date, ...member })) return
  }
}

/** Bars and members of indices. */
export const INDEX_APIS: readonly Api[] = [
  createApi({
    name: 'index_daily',
    points: 2000,
    cap: 8000,
    required: ['ts_code'],
    columns: BAR_COLUMNS,
    select: selectBars,
  }),
  createApi<MemberRow>({
    name: 'index_weight',
    points: 2000,
    cap: 6000,
    required: ['index_code'],
    columns: [
      { name: 'index_code', write: (out, row) => out.ascii(row.index) },
      { name: 'con_code', write: (out, row) => out.ascii(row.code) },
      { name: 'trade_date', write: (out, row) => out.ascii(row.date) },
      {
        name: 'weight',
        write: (out, row) => (row.weight === null ? out.raw('null') : out.fixed(row.weight, 4)),
      },
    ],
    select: selectMembers,
  }),
]
