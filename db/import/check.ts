import type { Sql } from '../client.ts'
import { type StagedDataset, valueColumns } from './stage.ts'

/*
 * What can be told of a row only beside all others, or once its units are known: raw rows become rows that may be merged.
 */

/** Factors from the file's units to shares and yuan. */
export interface Scales {
  volume: number
  amount: number
  /** Numbers of shares and market values of a valuation. */
  worth: number
}

const WORTH_COLUMNS = ['total_share', 'float_share', 'free_share', 'total_mv', 'circ_mv']

/** The value of a column in canonical units, SQL. */
function scaled(column: string, { volume, amount, worth }: Scales): string {
  if (column === 'volume') return `round(r.volume * ${volume}) as volume`
  if (column === 'amount') return `(r.amount * ${amount})::numeric(22,4) as amount`
  if (column === 'factor') return 'r.factor::numeric(20,8) as factor'
  if (WORTH_COLUMNS.includes(column)) {
    const value = `r.${column} * ${worth}`
    return `(${value})${column.endsWith('_mv') ? '::numeric(22,4)' : ''} as ${column}`
  }
  return `r.${column}`
}

/**
 * True where the mean price lies outside the day's range, SQL: the guard of market/units.ts. What counts in whole lots may
 * lack almost one of them.
 */
export function unitBroken({ volume, amount }: Pick<Scales, 'volume' | 'amount'>): string {
  const shares = `(r.volume * ${volume})`
  const yuan = `(r.amount * ${amount})`
  const slack = volume === 1 ? 0 : volume
  return `case when r.volume = 0 then r.amount <> 0 else
    not (${yuan} between r.low * 0.98 * (${shares} - ${slack}) and r.high * 1.02 * (${shares} + ${slack})) end`
}

/** Why a row cannot be taken, SQL; null where it can. */
function reasonOf(dataset: StagedDataset, scales: Scales): string {
  const ofBars = `when abs(r.volume * ${scales.volume} - round(r.volume * ${scales.volume})) > 0.01 then 'volume is not a whole number of shares'
      when ${unitBroken(scales)} then 'amount / volume is outside the range of prices: wrong unit or adjusted prices'`
  return `case
      when i.kind <> 'stock' then 'the code of an index'
      when s.trade_date is null then 'no session on that day'
      when r.trade_date > $1::date then 'the session is not over, or its data is not settled yet'
      ${dataset === 'bars' ? ofBars : ''}
    end`
}

export interface CheckedCounts {
  /** Rows that were there twice with the same values. */
  duplicates: number
}

/**
 * Raw rows → `import_rows` in canonical units, sorted by instrument and date; what cannot be true goes to
 * `import_rejected`. Of two rows of one day that differ nobody knows which one is right: both are refused.
 *
 * @param settled the last session whose data is final by now
 */
export async function checkRows(
  sql: Sql,
  dataset: StagedDataset,
  scales: Scales,
  settled: string,
): Promise<CheckedCounts> {
  const columns = valueColumns(dataset)
  const key = ['coalesce(c.instrument_id, 0)', "case when c.instrument_id is null then r.symbol else '' end"]
  await sql.unsafe(
    `create temp table import_rows as
    select ${key[0] ?? ''} as instrument_id, ${key[1] ?? ''} as unknown_symbol, r.symbol, r.trade_date, r.line,
      ${columns.map((column) => scaled(column, scales)).join(', ')},
      count(*) over (partition by ${key.join(', ')}, r.trade_date) > 1 as is_repeated,
      ${reasonOf(dataset, scales)} as reason
    from import_raw r
      left join instrument_code c on c.code = r.symbol
      left join instrument i on i.id = c.instrument_id
      left join trade_calendar s on s.exchange = 'SSE' and s.is_open and s.trade_date = r.trade_date
    order by 1, 2, r.trade_date`,
    [settled],
  )
  await sql.unsafe(`drop table import_raw; analyze import_rows`)
  const duplicates = await settleRepeated(sql, columns)
  await sql.unsafe(`
    insert into import_rejected (line, symbol, trade_date, reason, raw)
    select line, symbol, trade_date, reason, left((to_jsonb(x) - '{is_repeated,reason,line,instrument_id,unknown_symbol}'::text[])::text, 4000)
    from import_rows x where reason is not null`)
  await sql.unsafe(`delete from import_rows where reason is not null`)
  await sql.unsafe(`create index on import_rows (instrument_id, unknown_symbol); analyze import_rows`)
  return { duplicates }
}

async function settleRepeated(sql: Sql, columns: readonly string[]): Promise<number> {
  await sql.unsafe(`
    update import_rows set reason = 'another row of the same day says something else'
    where is_repeated and (instrument_id, unknown_symbol, trade_date) in (
      select instrument_id, unknown_symbol, trade_date from import_rows where is_repeated and reason is null
      group by 1, 2, 3 having count(distinct row(${columns.join(', ')})) > 1) and reason is null`)
  const { count } = await sql.unsafe(`
    delete from import_rows where ctid in (
      select ctid from (
        select ctid, row_number() over (partition by instrument_id, unknown_symbol, trade_date order by line) as nth
        from import_rows where is_repeated and reason is null
      ) x where nth > 1)`)
  return count
}

/** How many traded rows each pair of units would put inside the range of prices of its day. */
export interface UnitTrial {
  volume: number
  amount: number
  fitting: number
}

// A million rows say as much as twenty.
const TRIED_ROWS = 1_000_000

/** Tries pairs of units on the raw rows of bars; a large file is sampled evenly. */
export async function tryUnits(
  sql: Sql,
  pairs: readonly Pick<Scales, 'volume' | 'amount'>[],
): Promise<{ traded: number; trials: UnitTrial[] }> {
  const [size] = await sql<{ rows: number }[]>`select count(*) as rows from import_raw`
  const step = Math.max(1, Math.floor((size?.rows ?? 0) / TRIED_ROWS))
  const counts = pairs.map((pair) => `count(*) filter (where not (${unitBroken(pair)}))`)
  const [row] = await sql.unsafe<{ traded: number; fitting: number[] }[]>(
    `select count(*) as traded, array[${counts.join(', ')}]::int[] as fitting
    from import_raw r where r.volume > 0 and r.amount > 0 and r.line % ${step} = 0`,
  )
  return {
    traded: row?.traded ?? 0,
    trials: pairs.map((pair, i) => ({ ...pair, fitting: row?.fitting[i] ?? 0 })),
  }
}

/** Whether worth and price of raw valuations fit each other, and the middle of all numbers of shares. */
export async function tryWorth(
  sql: Sql,
): Promise<{ compared: number; fitting: number; shares: number | null; hasWorth: boolean }> {
  const [row] = await sql<{ compared: number; fitting: number; shares: number | null; hasWorth: boolean }[]>`
    select count(*) filter (where total_mv > 0 and close > 0 and total_share > 0) as compared,
      count(*) filter (where total_mv between 0.9 * close * total_share and 1.1 * close * total_share and total_mv > 0) as fitting,
      (percentile_cont(0.5) within group (order by coalesce(total_share, float_share, total_mv / nullif(close, 0))::float8)) as shares,
      bool_or(coalesce(total_share, float_share, free_share, total_mv, circ_mv) is not null) as "hasWorth"
    from import_raw`
  return row ?? { compared: 0, fitting: 0, shares: null, hasWorth: false }
}
