import { kindOf } from '../../market/datasets.ts'
import { SESSION_CELLS, type SessionDataset, servedPairs, sparseSources } from '../audit/cells.ts'
import { inSlices } from '../audit/slices.ts'
import type { Sql, Tx } from '../client.ts'
import { suspendedAllDay } from '../suspended.ts'

/** What the tables hold of one date. */
export interface DayCounts {
  date: string
  /** Listed instruments with a row, each once whatever sources have it. */
  present: number
  /** Those without a row because they did not trade. */
  suspended: number
}

/** What a check is about. */
export interface DayRange {
  dataset: SessionDataset
  from: string
  to: string
  /** Null: all. */
  instruments: readonly number[] | null
  /** Those that some source serves: cells of the others are not missed. */
  exchanges: readonly string[]
  /** Whether to tell cells that were brought once from those that never were. */
  tellBrought?: boolean
  /** The sessions to judge; all of them where it is left out. */
  days?: ReadonlySet<string>
}

/** Rows, and whole-day suspensions without a row, per session of a range. */
export async function countDays(sql: Sql, range: DayRange): Promise<DayCounts[]> {
  const sessions = await sql<{ date: string }[]>`
    select trade_date as date from trade_calendar
    where exchange = 'SSE' and is_open and trade_date between ${range.from} and ${range.to} order by 1`
  const present = new Map<string, number>()
  const suspended = new Map<string, number>()
  await inSlices(range, async (slice) => {
    // One after the other and joined here: freshly loaded tables have no statistics yet, and a planner that believes them
    // empty joins in squares.
    for (const { date, n } of await countRows(sql, { ...range, ...slice })) present.set(date, n)
    if (!SESSION_CELLS[range.dataset].traded) return
    for (const { date, n } of await countSuspended(sql, { ...range, ...slice })) suspended.set(date, n)
  })
  return sessions.map(({ date }) => ({
    date,
    present: present.get(date) ?? 0,
    suspended: suspended.get(date) ?? 0,
  }))
}

interface DateCount {
  date: string
  n: number
}

async function countRows(sql: Sql, range: DayRange): Promise<DateCount[]> {
  const { table, where } = SESSION_CELLS[range.dataset]
  return await sql.begin(async (tx) => {
    await tx`set local enable_nestloop = off`
    return await tx<DateCount[]>`
      select x.trade_date as date, count(*)::int as n
      from (
        select distinct * from (
          select instrument_id, trade_date from ${tx(table)} x
          where ${tx.unsafe(where)} and x.trade_date between ${range.from} and ${range.to} ${sparseCells(tx, range)}
        ) x
      ) x join instrument i on i.id = x.instrument_id and not i.stub
      where ${ofLife(tx, 'x', range)} group by 1`
  })
}

/** Cells that a source covers without a row of their own. */
function sparseCells(tx: Tx, { dataset, from, to }: DayRange) {
  const sparse = sparseSources(dataset)
  if (sparse.length === 0) return tx``
  const [sources, exchanges] = servedPairs(sparse)
  const covered = tx`coverage v join trade_calendar c on c.exchange = 'SSE' and c.is_open
    and c.trade_date between ${from} and ${to} and v.ranges @> c.trade_date`
  return tx`union all select v.instrument_id, c.trade_date from ${covered}
      where v.dataset = ${dataset} and v.source = any(${sparse}) and v.instrument_id <> 0
    union all select i.id, c.trade_date from ${covered}
      join unnest(${sources}::text[], ${exchanges}::text[]) as p(source, exchange) on p.source = v.source
      join instrument i on i.exchange = p.exchange
      where v.dataset = ${dataset} and v.instrument_id = 0`
}

async function countSuspended(sql: Sql, range: DayRange): Promise<DateCount[]> {
  const { table, where } = SESSION_CELLS[range.dataset]
  return await sql<DateCount[]>`
    select s.trade_date as date, count(distinct s.instrument_id)::int as n
    from suspension s join instrument i on i.id = s.instrument_id and not i.stub
    where s.trade_date between ${range.from} and ${range.to} and ${sql.unsafe(suspendedAllDay('s'))}
      and ${ofLife(sql, 's', range)}
      and not exists (select from ${sql(table)} x where x.instrument_id = s.instrument_id and x.trade_date = s.trade_date and ${sql.unsafe(where)})
    group by 1`
}

/** Instruments that a check is about, on dates on which they were listed. */
const ofLife = (sql: Sql | Tx, table: 'x' | 's', { dataset, instruments, exchanges }: DayRange) =>
  sql`i.kind = ${kindOf(dataset)} and i.exchange = any(${exchanges as string[]})
    and ${instruments === null ? sql`true` : sql`i.id = any(${instruments as number[]})`}
    and (i.list_date is null or ${sql(`${table}.trade_date`)} >= i.list_date)
    and (i.delist_date is null or ${sql(`${table}.trade_date`)} < i.delist_date)`

/** A day's check as it is stored. */
export interface GateRow {
  date: string
  expected: number
  present: number
  suspended: number
  state: string
  reasons: object
}

/** The days of a range that were judged before. */
export async function judgedDays(
  sql: Sql,
  { dataset, from, to }: Pick<DayRange, 'dataset' | 'from' | 'to'>,
): Promise<Set<string>> {
  const rows = await sql<{ date: string }[]>`
    select trade_date as date from day_gate where dataset = ${dataset} and trade_date between ${from} and ${to}`
  return new Set(rows.map(({ date }) => date))
}

/** Stores what the gate found, dated; a state that did not change is only dated anew. */
export async function storeGates(sql: Sql, dataset: string, gates: readonly GateRow[]): Promise<void> {
  await sql`
    insert into day_gate (dataset, trade_date, expected, present, suspended, state, reasons)
    select ${dataset}, date, expected, present, suspended, state, reasons
    from jsonb_to_recordset(${sql.json(gates as never)}) as g(date date, expected int, present int, suspended int, state text, reasons jsonb)
    order by date
    on conflict (dataset, trade_date) do update set expected = excluded.expected, present = excluded.present,
      suspended = excluded.suspended, state = excluded.state, reasons = excluded.reasons, checked_at = now()`
}
