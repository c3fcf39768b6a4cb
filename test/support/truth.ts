import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplayMarket } from '../../local/replay/market.ts'
import { symbolsOfToday } from '../../db/bars/survey.ts'
import type { Sql } from '../../db/client.ts'

/**
 * Every difference between the bars of a market and those of the database, as text; empty when they are equal. Both go by the
 * codes of today: a bar keeps the one that it came under.
 */
export async function barDifferences(
  sql: Sql,
  market: ReplayMarket,
  wanted: (symbol: string, date: string) => boolean = () => true,
): Promise<string[]> {
  const stored = new Map<string, string>()
  const codes = await symbolsOfToday(sql)
  const rows = sql<{ id: number; date: string; row: string }[]>`
    select instrument_id as id, trade_date as date, concat_ws(' ', trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close),
      coalesce(trim_scale(pre_close)::text, 'null'), coalesce(trim_scale(change)::text, 'null'), coalesce(trim_scale(pct_chg)::text, 'null'),
      volume, trim_scale(amount)) as row
    from bars where period = 'daily' and source = 'tushare'`
  for await (const page of rows.cursor(20_000))
    for (const { id, date, row } of page) stored.set(`${codes.get(id) ?? '?'} ${date}`, row)
  const differences: string[] = []
  for (const bar of market.truthBars()) {
    if (!wanted(bar.symbol, bar.trade_date)) continue
    const key = `${bar.symbol} ${bar.trade_date}`
    const truth = [
      bar.open,
      bar.high,
      bar.low,
      bar.close,
      bar.pre_close,
      bar.change,
      bar.pct_chg,
      bar.volume,
      bar.amount,
    ].join(' ')
    const row = stored.get(key)
    if (row !== truth) differences.push(`${key}: ${row ?? 'nothing'} instead of ${truth}`)
    stored.delete(key)
  }
  for (const key of stored.keys()) differences.push(`${key}: not in the market`)
  return differences
}

/** The same for adjustment factors. */
export async function factorDifferences(
  sql: Sql,
  market: ReplayMarket,
  wanted: (symbol: string, date: string) => boolean = () => true,
): Promise<string[]> {
  const stored = new Map<string, string>()
  const codes = await symbolsOfToday(sql)
  const rows = sql<{ id: number; date: string; row: string }[]>`
    select instrument_id as id, trade_date as date, trim_scale(factor)::text as row from adj_factor where source = 'tushare'`
  for await (const page of rows.cursor(20_000))
    for (const { id, date, row } of page) stored.set(`${codes.get(id) ?? '?'} ${date}`, row)
  const differences: string[] = []
  for (const { symbol, trade_date, factor } of market.truthFactors()) {
    if (!wanted(symbol, trade_date)) continue
    const key = `${symbol} ${trade_date}`
    if (stored.get(key) !== factor)
      differences.push(`${key}: ${stored.get(key) ?? 'nothing'} instead of ${factor}`)
    stored.delete(key)
  }
  for (const key of stored.keys()) differences.push(`${key}: not in the market`)
  return differences
}

const TABLES = [
  'bars',
  'adj_factor',
  'suspension',
  'stock_basic_info',
  'trade_calendar',
  'instrument',
  'instrument_code',
  'revision',
]

/**
 * Row versions written to the market's tables since the database was made: unchanged data must write none. Every backend
 * reports in its own time, up to 10 s late, so it is waited until all rows that are there were reported. Indices are instruments from the migration on,
 * and statistics are not copied with the template: these two tables say nothing about who has reported.
 */
export async function rowVersions(sql: Sql): Promise<number> {
  const counts = TABLES.map((table) => `select '${table}' as name, count(*) as n from ${table}`).join(
    ' union all ',
  )
  const deadline = Date.now() + 90_000
  for (;;) {
    await sql`select pg_stat_force_next_flush()`
    const [row] = await sql.unsafe<{ versions: number; reported: boolean }[]>(`
      with stored as (${counts}), written as (
        select c.name, sum(n_tup_ins)::int as inserted, sum(n_tup_ins + n_tup_upd + n_tup_del)::int as versions
        from stored c join pg_stat_user_tables t on t.relname = c.name or t.relname like c.name || '\\_%' and c.name = 'bars'
        group by c.name
      ) select sum(w.versions)::int as versions, bool_and(w.inserted >= s.n or w.name like 'instrument%') as reported
      from written w join stored s using (name)`)
    if (row?.reported || Date.now() > deadline) return row?.versions ?? 0
    await sleep(100)
  }
}

/**
 * Every bar of a market that no source has brought, and every price of any source that is not the market's, as text;
 * empty when the sources together have all of it. Not compared: what upstreams round in ways of their own.
 */
export async function priceDifferences(
  sql: Sql,
  market: ReplayMarket,
  wanted: (symbol: string, date: string) => boolean = () => true,
): Promise<string[]> {
  const stored = new Map<string, Set<string>>()
  const rows = sql<{ key: string; source: string; row: string }[]>`
    select symbol || ' ' || trade_date as key, source, concat_ws(' ', trim_scale(open), trim_scale(high), trim_scale(low),
      trim_scale(close)) as row from bars where period = 'daily'`
  for await (const page of rows.cursor(20_000))
    for (const { key, row } of page) stored.set(key, (stored.get(key) ?? new Set()).add(row))
  const differences: string[] = []
  for (const { symbol, trade_date, open, high, low, close } of market.truthBars()) {
    const key = `${symbol} ${trade_date}`
    const truth = [open, high, low, close].join(' ')
    const prices = [...(stored.get(key) ?? [])]
    if (wanted(symbol, trade_date) && (prices.length !== 1 || prices[0] !== truth))
      differences.push(`${key}: ${prices.join(' and ') || 'nothing'} instead of ${truth}`)
    stored.delete(key)
  }
  for (const key of stored.keys()) differences.push(`${key}: not in the market`)
  return differences
}
