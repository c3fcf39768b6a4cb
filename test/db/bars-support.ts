import type { Sql } from '../../db/client.ts'
import { type BarsQuery, readBars } from '../../db/queries/bars.ts'

export interface DayOf {
  date: string
  close?: number
  open?: number
  high?: number
  low?: number
  preClose?: number | null
  volume?: number
}

/** Opens a stock with its codes, the oldest first, each valid until the next one. */
export async function addStock(
  sql: Sql,
  codes: readonly string[],
  life: { listDate?: string | null; delistDate?: string | null } = {},
): Promise<number> {
  const { listDate = '2024-01-02', delistDate = null } = life
  const [row] = await sql<{ id: number }[]>`
    insert into instrument (board, exchange, list_date, delist_date) values ('main', 'SSE', ${listDate}, ${delistDate}) returning id`
  const id = row?.id ?? 0
  for (const [i, code] of codes.entries()) {
    const validTo = i < codes.length - 1 ? '2024-01-05' : null
    await sql`insert into instrument_code (code, instrument_id, valid_to, source) values (${code}, ${id}, ${validTo}, 'tushare')`
  }
  return id
}

/** Bars as a source served them: open, high and low are the close unless they are given, pre_close is a yuan less. */
export async function addBars(
  sql: Sql,
  id: number,
  days: readonly DayOf[],
  differs: {
    source?: string
    period?: string
    symbol?: string
    periodStart?: string
    isFinal?: boolean
  } = {},
): Promise<void> {
  const {
    source = 'tushare',
    period = 'daily',
    symbol = '600000.SH',
    periodStart = null,
    isFinal = true,
  } = differs
  const rows = days.map(
    ({
      date,
      close = 10,
      open = close,
      high = Math.max(open, close),
      low = Math.min(open, close),
      preClose = close - 1,
      volume = 100,
    }) => ({
      instrument_id: id,
      trade_date: date,
      period,
      source,
      symbol,
      period_start: periodStart,
      is_final: isFinal,
      open,
      high,
      low,
      close,
      pre_close: preClose,
      change: preClose === null ? null : close - preClose,
      pct_chg: preClose === null ? null : Number(((close / preClose - 1) * 100).toFixed(4)),
      volume,
      amount: volume * close,
    }),
  )
  await sql`insert into bars ${sql(rows)}`
}

/** Factor rows of a source, with what it has answered for when that is given. */
export async function addFactors(
  sql: Sql,
  id: number,
  factors: readonly (readonly [string, number])[],
  about: { source?: string; covers?: string } = {},
): Promise<void> {
  const { source = 'tushare', covers } = about
  for (const [date, factor] of factors)
    await sql`insert into adj_factor (instrument_id, trade_date, source, symbol, factor) values (${id}, ${date}, ${source}, '600000.SH', ${factor})`
  if (covers !== undefined)
    await sql`insert into coverage (dataset, instrument_id, source, ranges) values ('adj_factor', ${id}, ${source}, ${covers})`
}

/** Every day of 2024 but weekends is a session, and so is every day of the first week of 2025. */
export const addCalendar = async (sql: Sql): Promise<void> => {
  await sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d::date, extract(isodow from d) < 6, 'tushare' from generate_series('2024-01-01'::date, '2024-12-31', '1 day') d`
}

const DEFAULTS: Omit<BarsQuery, 'instruments'> = {
  period: 'daily',
  from: '1990-01-01',
  to: '2024-12-31',
  adjust: 'none',
  anchor: null,
  source: 'tushare',
  asOf: null,
  settled: '2024-12-31',
}

export type NamedRow = Record<string, string | number | boolean | null>

/** The rows of an answer as objects; `ids` are instruments, or null for the whole market. */
export async function barsOf(
  sql: Sql,
  ids: readonly number[] | null,
  differs: Partial<BarsQuery> = {},
): Promise<NamedRow[]> {
  const instruments = ids === null ? null : new Map(ids.map((id) => [id, `#${id}`]))
  const reading = await readBars(sql, { ...DEFAULTS, instruments, ...differs })
  const names = reading.columns.map(({ name }) => name)
  const rows: NamedRow[] = []
  for await (const lot of reading.rows())
    for (const row of lot) rows.push(Object.fromEntries(names.map((name, i) => [name, row[i] ?? null])))
  return rows
}

/** Some columns of rows, decimals as numbers. */
export const pick = (rows: readonly NamedRow[], ...names: string[]): NamedRow[string][][] =>
  rows.map((row) =>
    names.map((name) => {
      const value = row[name] ?? null
      return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value
    }),
  )

/** The time in which the factors below are known. */
export const YEAR = '{[2024-01-02,2025-01-01)}'
/** A stock whose price halves on the 4th: one share became two. */
export const SPLIT = [
  { date: '2024-01-02', close: 20, preClose: 19 },
  { date: '2024-01-03', close: 22, preClose: 20 },
  { date: '2024-01-04', close: 12, preClose: 11 },
  { date: '2024-01-05', close: 9, preClose: 12 },
]
export const FACTORS = [
  ['2024-01-02', 1.5],
  ['2024-01-03', 1.5],
  ['2024-01-04', 3],
  ['2024-01-05', 3],
] as const

/** Adds that stock with its factors. */
export async function splitStock(sql: Sql): Promise<number> {
  const id = await addStock(sql, ['600000.SH'])
  await addBars(sql, id, SPLIT)
  await addFactors(sql, id, FACTORS, { covers: YEAR })
  return id
}
