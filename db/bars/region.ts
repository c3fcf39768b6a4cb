import type postgres from 'postgres'
import type { Period } from '../../market/datasets.ts'
import type { TradeDate } from '../../market/date.ts'
import { MERGES } from '../merge.ts'
import type { Sql } from '../client.ts'

/** A part of a statement. */
export type Fragment = postgres.PendingQuery<postgres.Row[]>

/** Stored bars of one period. Instruments and dates go into statements by value: so they reach keys and partitions. */
export interface BarRegion {
  period: Period
  /** Null: the whole market. */
  instruments: readonly number[] | null
  /** First and last trade date. */
  from: TradeDate
  to: TradeDate
  /** Bars as they were known at that moment, in ISO 8601; null: as they are known now. */
  asOf: string | null
}

/** Which rows of `bars`, as `b`, belong to a region. */
export const inRegion = (sql: Sql, { period, instruments, from, to }: BarRegion): Fragment => sql`
  b.period = ${period} and b.trade_date between ${from} and ${to}
  ${instruments === null ? sql`` : ofInstruments(sql, instruments)}`

/** Of one instrument bars come by date as they are: an index of a partition behind that of the one before. */
const ofInstruments = (sql: Sql, instruments: readonly number[]): Fragment =>
  instruments.length === 1
    ? sql`and b.instrument_id = ${instruments[0] ?? 0}`
    : sql`and b.instrument_id = any(${instruments as number[]})`

const VALUES = Object.entries(MERGES.bars.values)
const KEY = 'b.instrument_id, b.trade_date, b.source, b.symbol, b.period_start, b.is_final'

/**
 * Rows of `bars` in a region, of one source or of all.
 *
 * A row as of a moment is the one in the table if it was written by then, else the revision that held then. A row with
 * neither did not exist. Revisions are kept of daily bars.
 */
export function barsIn(sql: Sql, region: BarRegion, source: string | null = null): Fragment {
  const ofSource = source === null ? sql`` : sql`and b.source = ${source}`
  const where = sql`${inRegion(sql, region)} ${ofSource}`
  const values = (alias: string) => VALUES.map(([name]) => `${alias}.${name}`).join(', ')
  const now = sql`select ${sql.unsafe(`${KEY}, ${values('b')}`)} from bars b where ${where}`
  const { asOf } = region
  if (asOf === null) return now
  const old = sql.unsafe(VALUES.map(([name, type]) => `${name} ${type}`).join(', '))
  return sql`
    ${now} and b.updated_at <= ${asOf}
    union all
    select ${sql.unsafe(`${KEY}, ${values('r')}`)}
    from bars b cross join lateral (
      select o.* from revision v cross join lateral jsonb_to_record(v.old) as o(${old})
      where v.dataset = 'bars' and v.instrument_id = b.instrument_id and v.trade_date = b.trade_date
        and v.source = b.source and v.known_from <= ${asOf} and v.known_to > ${asOf}
      limit 1
    ) r
    where ${where} and b.updated_at > ${asOf}`
}
