import type { Sql, Tx } from '../client.ts'

/** What the tables hold of one date. */
export interface DayCounts {
  date: string
  /** Bars of listed instruments, each instrument once whatever sources have it. */
  present: number
  suspended: number
  /** Rows whose prices are out of order or whose amount does not fit them. */
  blocked: number
}

/** What a check is about. */
export interface DayRange {
  from: string
  to: string
  instruments: readonly number[] | null
  /** Those that some source serves: cells of the others are not missed. */
  exchanges: readonly string[]
}

/** Bars, whole-day suspensions without a bar, and rows that cannot be true, per session of a range. */
export async function countDays(sql: Sql, range: DayRange): Promise<DayCounts[]> {
  const sessions = await sql<{ date: string }[]>`
    select trade_date as date from trade_calendar
    where exchange = 'SSE' and is_open and trade_date between ${range.from} and ${range.to} order by 1`
  // One after the other and joined here: freshly loaded tables have no statistics yet, and a planner that believes them
  // empty joins in squares.
  const present = new Map((await countBars(sql, range)).map((row) => [row.date, row]))
  const suspended = new Map((await countSuspended(sql, range)).map((row) => [row.date, row.n]))
  return sessions.map(({ date }) => ({
    date,
    present: present.get(date)?.n ?? 0,
    blocked: present.get(date)?.blocked ?? 0,
    suspended: suspended.get(date) ?? 0,
  }))
}

async function countBars(sql: Sql, range: DayRange): Promise<{ date: string; n: number; blocked: number }[]> {
  return await sql.begin(async (tx) => {
    await tx`set local enable_nestloop = off`
    return await tx<{ date: string; n: number; blocked: number }[]>`
      select b.trade_date as date, count(distinct b.instrument_id)::int as n,
        count(*) filter (where b.high < greatest(b.open, b.close, b.low) or b.low > least(b.open, b.close)
          or (b.volume > 0 and not b.amount / b.volume between b.low * 0.98 and b.high * 1.02))::int as blocked
      from bars b join instrument i on i.id = b.instrument_id and not i.stub
      where b.period = 'daily' and b.trade_date between ${range.from} and ${range.to} and ${chosen(tx, 'b', range)}
        and i.exchange = any(${range.exchanges as string[]})
        and (i.list_date is null or b.trade_date >= i.list_date) and (i.delist_date is null or b.trade_date < i.delist_date)
      group by 1`
  })
}

async function countSuspended(sql: Sql, range: DayRange): Promise<{ date: string; n: number }[]> {
  return await sql<{ date: string; n: number }[]>`
    select s.trade_date as date, count(distinct s.instrument_id)::int as n
    from suspension s join instrument i on i.id = s.instrument_id and not i.stub
    where s.trade_date between ${range.from} and ${range.to} and s.suspend_type = 'S' and s.suspend_timing is null
      and ${chosen(sql, 's', range)} and i.exchange = any(${range.exchanges as string[]})
      and (i.list_date is null or s.trade_date >= i.list_date) and (i.delist_date is null or s.trade_date < i.delist_date)
      and not exists (select from bars b where b.instrument_id = s.instrument_id and b.trade_date = s.trade_date and b.period = 'daily')
    group by 1`
}

const chosen = (sql: Sql | Tx, table: 'b' | 's', { instruments }: DayRange) =>
  instruments === null ? sql`true` : sql`${sql(`${table}.instrument_id`)} = any(${instruments as number[]})`

/** Cells that a date lacks. */
export interface Missing {
  /** The first of them by code. */
  symbols: string[]
  /** True when some source knows the suspensions of each: then they are missing, else they may be suspended. */
  known: boolean
}

/**
 * What a date lacks: listed, not suspended that whole day, no bar of any source.
 *
 * @param served exchanges that a source's knowledge of the whole market extends to
 */
export async function missingOn(
  sql: Sql,
  date: string,
  range: Pick<DayRange, 'instruments' | 'exchanges'>,
  served: Readonly<Record<string, readonly string[]>>,
  limit: number,
): Promise<Missing> {
  const { instruments, exchanges } = range
  const pairs = Object.entries(served).flatMap(([source, list]) => list.map((exchange) => [source, exchange]))
  const rows = await sql<{ code: string; known: boolean }[]>`
    select c.code, exists (
      select from coverage v where v.dataset = 'suspension' and v.ranges @> ${date}::date and (v.instrument_id = i.id
        or (v.instrument_id = 0 and (v.source, i.exchange) in (
          select * from unnest(${pairs.map(([s]) => s ?? '')}::text[], ${pairs.map(([, e]) => e ?? '')}::text[]))))
    ) as known
    from instrument i join instrument_code c on c.instrument_id = i.id and c.valid_to is null
    where i.kind = 'stock' and not i.stub and (${instruments === null} or i.id = any(${(instruments ?? []) as number[]}))
      and i.exchange = any(${exchanges as string[]})
      and (i.list_date is null or i.list_date <= ${date}) and (i.delist_date is null or i.delist_date > ${date})
      and not exists (select from bars b where b.instrument_id = i.id and b.trade_date = ${date} and b.period = 'daily')
      and not exists (select from suspension s where s.instrument_id = i.id and s.trade_date = ${date} and s.suspend_type = 'S' and s.suspend_timing is null)
    order by c.code`
  return { symbols: rows.slice(0, limit).map((row) => row.code), known: rows.every((row) => row.known) }
}

export interface GateRow {
  date: string
  expected: number
  present: number
  suspended: number
  state: string
  reasons: object
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
