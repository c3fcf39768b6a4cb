import type { Tx } from '../client.ts'

/** The part of a comparison that one transaction does: a year at most, so that its joins stay small. */
export interface Slice {
  from: string
  to: string
  /** Null: all. */
  instruments: readonly number[] | null
}

/** How often two sources said the same about one field. Of the two, `sourceA` has the higher precedence. */
export interface FieldAgreement {
  dataset: string
  field: string
  sourceA: string
  sourceB: string
  /** Cells of which both have a value. */
  compared: number
  agreed: number
  /** Of those that agreed: how many only once the trade after hours was taken into account. */
  explained: number
  disagreed: number
}

/** Where the comparisons of a slice put what differs; `disputed` unless a vote of three or more says otherwise. */
export const DIFFERENCE_TABLE = `create temp table if not exists difference (
  instrument_id int not null, trade_date date not null, field text not null, source_a text not null, value_a numeric,
  source_b text not null, value_b numeric, verdict text not null default 'disputed') on commit delete rows`

/** Condition that holds for the rows of a slice, given as $1, $2 and $3 (see `sliceParams`). */
export const inSlice = (alias: string): string =>
  `${alias}.trade_date between $1 and $2 and ($3::int[] is null or ${alias}.instrument_id = any($3))`

export const sliceParams = ({ from, to, instruments }: Slice) => [from, to, instruments as number[] | null]

/** The best first by the precedence of a group of values; those that it does not name last. */
export async function byPrecedence(tx: Tx, group: string, sources: readonly string[]): Promise<string[]> {
  const rows = await tx<{ source: string }[]>`
    select s.source from unnest(${sources as string[]}::text[]) as s(source)
    left join value_precedence v on v.field_group = ${group} and v.source = s.source order by v.rank, s.source`
  return rows.map((row) => row.source)
}

/** Sources that have daily bars in a slice, in no order. */
export async function barSources(tx: Tx, slice: Slice): Promise<string[]> {
  const rows = await tx.unsafe<{ source: string }[]>(
    `select b.source from bars b where b.period = 'daily' and ${inSlice('b')} group by 1`,
    sliceParams(slice),
  )
  return rows.map((row) => row.source)
}
