import { resolveInstruments } from '../instruments.ts'
import type { Sql } from '../client.ts'
import { MERGES } from '../merge.ts'
import { type StagedDataset, valueColumns } from './stage.ts'

/* What the rows that may be merged come to, and how they are cut. */

/** The rows of one instrument. */
export interface StagedInstrument {
  /** 0 where no list names its symbol. */
  id: number
  /** As in the file; an instrument whose code changed may have several. */
  symbols: string[]
  rows: number
  from: string
  to: string
  /** Sessions between its first and its last row. */
  sessions: number
}

export async function stagedInstruments(sql: Sql): Promise<StagedInstrument[]> {
  return await sql<StagedInstrument[]>`
    with positions as materialized (
      select trade_date, row_number() over (order by trade_date) as n from trade_calendar where exchange = 'SSE' and is_open
    )
    select x.*, l.n - f.n + 1 as sessions from (
      select instrument_id as id, array_agg(distinct symbol) as symbols, count(*) as rows,
        min(trade_date) as from, max(trade_date) as to
      from import_rows group by instrument_id, unknown_symbol
    ) x join positions f on f.trade_date = x.from join positions l on l.trade_date = x.to
    order by x.id, x.symbols`
}

/** A session with rows. */
export interface StagedDay {
  date: string
  rows: number
}

export async function stagedDays(sql: Sql): Promise<StagedDay[]> {
  return await sql<StagedDay[]>`
    select trade_date as date, count(*) as rows from import_rows group by 1 order by 1`
}

/** Instruments with a row on one of the dates. */
export async function stagedOn(sql: Sql, dates: readonly string[]): Promise<number[]> {
  const rows = await sql<{ id: number }[]>`
    select distinct instrument_id as id from import_rows where trade_date = any(${dates as string[]}::date[]) order by 1`
  return rows.map(({ id }) => id)
}

/** What of the rows is in the table already, under the same source. */
export interface PresentCounts {
  missing: number
  different: number
  equal: number
}

export async function presentCounts(
  sql: Sql,
  dataset: StagedDataset,
  source: string,
): Promise<PresentCounts> {
  const { table, fixed } = MERGES[dataset]
  const differs = valueColumns(dataset).map((c) => `(x.${c} is not null and x.${c} is distinct from t.${c})`)
  const own = Object.entries(fixed).map(([c, v]) => `and t.${c} = '${v}'`)
  const [row] = await sql.unsafe<PresentCounts[]>(
    `select count(*) filter (where t.instrument_id is null) as missing,
      count(*) filter (where t.instrument_id is not null and (${differs.join(' or ')})) as different,
      count(*) filter (where t.instrument_id is not null and not (${differs.join(' or ')})) as equal
    from import_rows x left join ${table} t on t.instrument_id = x.instrument_id and t.trade_date = x.trade_date
      and t.source = $1 ${own.join(' ')}`,
    [source],
  )
  return row ?? { missing: 0, different: 0, equal: 0 }
}

/** Gives symbols that no list names instruments of their own, as an answer of an upstream would. */
export async function openUnknown(sql: Sql, symbols: readonly string[], source: string): Promise<void> {
  if (symbols.length === 0) return
  const ids = await sql.begin((tx) => resolveInstruments(tx, symbols, source))
  await sql`
    update import_rows x set instrument_id = u.id, unknown_symbol = ''
    from unnest(${[...ids.keys()]}::text[], ${[...ids.values()]}::int[]) as u(symbol, id)
    where x.instrument_id = 0 and x.symbol = u.symbol`
}

/** Rows of some instruments as COPY lines, in the order of their key. */
export async function stagedLines(
  sql: Sql,
  dataset: StagedDataset,
  instruments: readonly number[],
): Promise<string[]> {
  const columns = valueColumns(dataset).map((c) => `coalesce(${c}::text, '\\N')`)
  const rows = await sql.unsafe<{ line: string }[]>(
    `select concat_ws(E'\\t', instrument_id, symbol, trade_date, ${columns.join(', ')}) as line
    from import_rows where instrument_id = any($1) order by instrument_id, trade_date`,
    [instruments as number[]],
  )
  return rows.map(({ line }) => line)
}
