import type { Sql } from '../client.ts'
import { copyChunks, copyInto, copyText, MERGES } from '../merge.ts'

/*
 * Rows of a file on their way into the tables, in temporary tables of one connection: nothing is left of them when the
 * process dies, and the file may be in any order and of any size. All queries of an import that name them go over a pool
 * of one connection.
 */

export type StagedDataset = 'bars' | 'adj_factor' | 'daily_basic'

/** A row of the file; values in the order of the dataset's merge, in the units of the file. */
export interface RawRow {
  line: number
  symbol: string
  trade_date: string
  values: readonly (string | boolean | null)[]
}

export interface RawRejected {
  line: number
  symbol: string | null
  trade_date: string | null
  reason: string
  raw: string
}

export const valueColumns = (dataset: StagedDataset): string[] => Object.keys(MERGES[dataset].values)

/** Makes the temporary tables empty and new. */
export async function openStage(sql: Sql, dataset: StagedDataset): Promise<void> {
  const columns = valueColumns(dataset).map((c) => `${c} ${c === 'is_st' ? 'boolean' : 'numeric'}`)
  await sql.unsafe(`
    drop table if exists import_raw, import_rows, import_rejected;
    create temp table import_raw (line bigint not null, symbol text not null, trade_date date not null, ${columns.join(', ')});
    create temp table import_rejected (line bigint not null, symbol text, trade_date date, reason text not null, raw text not null);
    set work_mem = '64MB'; set client_min_messages = warning`)
}

/** Adds a lot of rows. */
export async function addRaw(
  sql: Sql,
  rows: readonly RawRow[],
  rejected: readonly RawRejected[],
): Promise<void> {
  await sql.begin(async (tx) => {
    if (rows.length > 0) await copyInto(tx, 'import_raw', copyChunks(rows.map(lineOf)))
    if (rejected.length > 0) await copyInto(tx, 'import_rejected', copyChunks(rejected.map(rejectedLine)))
  })
}

const lineOf = ({ line, symbol, trade_date, values }: RawRow): string =>
  `${line}\t${symbol}\t${trade_date}\t${values.map(copyText).join('\t')}`

// The quarantine keeps as much.
const RAW_CHARACTERS = 4_000

const rejectedLine = ({ line, symbol, trade_date, reason, raw }: RawRejected): string =>
  [String(line), symbol, trade_date, reason, raw.slice(0, RAW_CHARACTERS)].map(copyText).join('\t')

/** What is refused, by reason. */
export interface RefusedCount {
  reason: string
  rows: number
  /** The first of them, as `line 12: 600000.SH 2024-01-02`. */
  example: string
}

export async function refusedCounts(sql: Sql): Promise<RefusedCount[]> {
  return await sql<RefusedCount[]>`
    select reason, count(*) as rows,
      (array_agg(concat_ws(' ', 'line ' || line || ':', symbol, trade_date::text) order by line))[1] as example
    from import_rejected group by 1 order by 2 desc, 1 limit 1000`
}

/** Refused rows of some symbols; `withOthers`: also those of symbols of which no row can be taken. */
export async function refusedOf(
  sql: Sql,
  symbols: readonly string[],
  withOthers: boolean,
): Promise<{ symbol: string | null; trade_date: string | null; reason: string; raw: string }[]> {
  return await sql`
    select symbol, trade_date, reason, 'line ' || line || ': ' || raw as raw from import_rejected r
    where symbol = any(${symbols as string[]}) or (${withOthers} and (symbol is null or not exists (
      select from import_rows x where x.symbol = r.symbol)))
    order by line`
}
