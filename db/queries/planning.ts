import { SessionCalendar } from '../../market/calendar.ts'
import type { InstrumentKind } from '../../market/datasets.ts'
import { exchangesOf, type RowSource } from '../../market/sources.ts'
import { ofExchanges } from '../../planning/exchanges.ts'
import type { PlanInstrument } from '../../planning/types.ts'
import type { SourceCoverage } from '../../planning/wanted.ts'
import { parseMultirange } from '../../planning/wanted.ts'
import type { Sql, Tx } from '../client.ts'

/** All open days that are known, those to come included. The market has one calendar: Shanghai's; Beijing publishes none of its own. */
export async function loadCalendar(sql: Sql): Promise<SessionCalendar> {
  const rows = await sql<{ d: string }[]>`
    select trade_date as d from trade_calendar where exchange = 'SSE' and is_open
    order by trade_date`
  return new SessionCalendar(rows.map((row) => row.d))
}

/** The last day that the calendar names, open or closed; null before it has come. */
export async function calendarEnd(sql: Sql): Promise<string | null> {
  const [row] = await sql<{ end: string | null }[]>`
    select max(trade_date)::text as end from trade_calendar where exchange = 'SSE'`
  return row?.end ?? null
}

/** Every instrument of a kind with its present code. A stub is one that no list names: it has rows, or was asked for by its code. */
export async function loadInstruments(
  sql: Sql,
  kind: InstrumentKind = 'stock',
): Promise<(PlanInstrument & { stub: boolean })[]> {
  return await sql<(PlanInstrument & { stub: boolean })[]>`
    select i.id, c.code as symbol, i.list_date as "listDate", i.delist_date as "delistDate", i.stub
    from instrument i join instrument_code c on c.instrument_id = i.id and c.valid_to is null
    where i.kind = ${kind} order by i.id`
}

/** Ids behind any code that an instrument has or had. */
export async function instrumentIds(sql: Sql | Tx, symbols: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql<{ code: string; id: number }[]>`
    select code, instrument_id as id from instrument_code where code = any(${symbols as string[]})`
  return new Map(rows.map((row) => [row.code, row.id]))
}

export interface StoredCoverage extends SourceCoverage {
  source: RowSource
}

/** What each source has covered of a dataset. Cells that are absent upstream, or that a person accepted, are no holes any more: they are not asked again. */
export async function loadCoverage(
  sql: Sql,
  dataset: string,
  sources: readonly RowSource[],
): Promise<StoredCoverage[]> {
  const ranges = await sql<{ id: number; source: string; ranges: string }[]>`
    select instrument_id as id, source, ranges::text as ranges from coverage where dataset = ${dataset} and source = any(${sources as string[]})`
  const holes = await sql<{ id: number; source: string; dates: string[] }[]>`
    select instrument_id as id, source, array_agg(trade_date::text order by trade_date) as dates from coverage_hole
    where dataset = ${dataset} and source = any(${sources as string[]}) and reason <> 'absent_upstream'
      and accepted_at is null group by 1, 2`
  return sources.map((source) => ({
    source,
    serves: ofExchanges(exchangesOf(source)),
    ranges: new Map(ranges.filter((r) => r.source === source).map((r) => [r.id, parseMultirange(r.ranges)])),
    holes: new Map(holes.filter((h) => h.source === source).map((h) => [h.id, h.dates])),
  }))
}
