import { type SourceName, SOURCE_NAMES, SOURCES } from '../../market/sources.ts'
import type { Exchange } from '../../market/symbol.ts'
import type { Sql } from '../client.ts'

/*
 * Stocks as a person asks for them: one instrument, whatever its codes and names were.
 */

/** A stock as the lists have it: the best of them, gaps filled from the others. */
export interface ListedStock {
  symbol: string
  name: string | null
  fullname: string | null
  cnspell: string | null
  area: string | null
  industry: string | null
  market: string | null
  board: string
  exchange: string
  list_status: string | null
  list_date: string | null
  delist_date: string | null
  is_hs: string | null
  /** Of the newest valuation that its lists were filled with, all of one day and one source; yuan. */
  total_mv: number | null
  pe: number | null
  pb: number | null
  valuation_date: string | null
}

export interface ListedWithCodes extends ListedStock {
  /** All that it has or had. */
  codes: string[]
}

/** The fields of a `ListedStock`, of `stock_best s` and `instrument i`. */
const listedFields = (sql: Sql) => sql`
  s.symbol, s.name, s.fullname, s.cnspell, s.area, s.industry, s.market, i.board, s.exchange, s.list_status,
  i.list_date, i.delist_date, s.is_hs, s.total_mv::float8, s.pe::float8, s.pb::float8,
  (select max(v.valuation_date) from stock_basic_info v
    where v.instrument_id = s.instrument_id and v.source = s.valuation_source) as valuation_date`

/** All that the lists name, by symbol. */
export async function readListed(sql: Sql): Promise<ListedWithCodes[]> {
  return await sql<ListedWithCodes[]>`
    select ${listedFields(sql)},
      array(select code from instrument_code c where c.instrument_id = i.id order by code) as codes
    from stock_best s join instrument i on i.id = s.instrument_id order by s.symbol collate "C"`
}

/** Changes with everything that `readListed` gives. */
export async function listedVersion(sql: Sql): Promise<string> {
  const [row] = await sql<{ version: string }[]>`
    select concat_ws(' ',
      (select concat(count(*), '-', sum(xmin::text::bigint)) from stock_basic_info),
      (select concat(count(*), '-', sum(xmin::text::bigint)) from instrument),
      (select concat(count(*), '-', sum(xmin::text::bigint)) from instrument_code),
      (select concat(count(*), '-', sum(xmin::text::bigint)) from value_precedence)) as version`
  return row?.version ?? ''
}

export interface Instrument {
  id: number
  /** The code that it has now. */
  symbol: string
  kind: string
  board: string
  exchange: Exchange
  list_date: string | null
  delist_date: string | null
  /** No list names it: it is known by its rows. */
  stub: boolean
  /** Oldest first. Null: since ever, or until now. */
  codes: { symbol: string; valid_from: string | null; valid_to: string | null; source: string }[]
  /** Oldest first, as each source tells them. */
  names: {
    name: string
    start_date: string
    end_date: string | null
    ann_date: string | null
    reason: string | null
    source: string
  }[]
}

/** The instrument behind any code that it has or had, with all its codes and names; null when there is none. */
export async function findInstrument(sql: Sql, symbol: string): Promise<Instrument | null> {
  const [found] = await sql<Instrument[]>`
    select i.id, i.kind, i.board, i.exchange, i.list_date, i.delist_date, i.stub,
      (select code from instrument_code where instrument_id = i.id order by valid_to is null desc, valid_to desc limit 1) as symbol,
      (select jsonb_agg(jsonb_build_object('symbol', code, 'valid_from', valid_from, 'valid_to', valid_to, 'source', source)
        order by valid_from nulls first, code) from instrument_code where instrument_id = i.id) as codes,
      coalesce((select jsonb_agg(jsonb_build_object('name', name, 'start_date', start_date, 'end_date', end_date,
        'ann_date', ann_date, 'reason', reason, 'source', source) order by start_date, source, name)
        from name_change where instrument_id = i.id), '[]') as names
    from instrument i join instrument_code c on c.instrument_id = i.id where c.code = ${symbol}`
  return found ?? null
}

/** What the lists say of an instrument; null when none names it. */
export async function listedStock(sql: Sql, id: number): Promise<ListedStock | null> {
  const [row] = await sql<ListedStock[]>`
    select ${listedFields(sql)} from stock_best s join instrument i on i.id = s.instrument_id where s.instrument_id = ${id}`
  return row ?? null
}

/** Stocks behind codes that they have or had. Indices are none, and neither is what was asked for by a code of nobody. */
export async function stockIds(sql: Sql, symbols: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql<{ code: string; id: number; stub: boolean }[]>`
    select c.code, i.id, i.stub from instrument_code c join instrument i on i.id = c.instrument_id
    where c.code = any(${symbols as string[]}) and i.kind = 'stock'`
  const there = await Promise.all(rows.map(async ({ id, stub }) => !stub || (await hasRows(sql, id))))
  return new Map(rows.filter((_, i) => there[i]).map((row) => [row.code, row.id]))
}

/** Whether a source has ever brought something of an instrument. */
export async function hasRows(sql: Sql, id: number): Promise<boolean> {
  const [row] = await sql<{ found: boolean }[]>`
    select exists (select from bars where instrument_id = ${id})
      or exists (select from daily_basic where instrument_id = ${id})
      or exists (select from adj_factor where instrument_id = ${id})
      or exists (select from financial_report where instrument_id = ${id})
      or exists (select from name_change where instrument_id = ${id}) as found`
  return row?.found ?? false
}

export interface SpecialInterval {
  /** `st` or `delisting`. */
  kind: string
  from_date: string
  /** The last day; null: to this day. */
  to_date: string | null
  source: string
  /** Known by names, or by flags on bars. */
  basis: string
}

/** When it was under special treatment, as each source knows it. */
export async function specialIntervals(sql: Sql, id: number): Promise<SpecialInterval[]> {
  return await sql<SpecialInterval[]>`
    select kind, from_date, to_date, source, basis from st_interval where instrument_id = ${id}
    order by from_date, kind, source, basis`
}

export interface CoveredDataset {
  dataset: string
  source: string
  /** First and last covered day of its life. */
  from_date: string
  to_date: string
  /** Days inside that are missing. */
  holes: number
}

/** What is covered of an instrument's life, by its own ranges and by those of the whole market. */
export async function coveredDatasets(
  sql: Sql,
  instrument: Pick<Instrument, 'id' | 'exchange'>,
): Promise<CoveredDataset[]> {
  const { id, exchange } = instrument
  const serving = SOURCE_NAMES.filter((name: SourceName) =>
    (SOURCES[name].exchanges as readonly Exchange[]).includes(exchange),
  )
  return await sql<CoveredDataset[]>`
    select c.dataset, c.source, lower(c.covered) as from_date, upper(c.covered) - 1 as to_date,
      (select count(*)::int from coverage_hole h where h.dataset = c.dataset and h.source = c.source
        and h.instrument_id = ${id} and h.accepted_at is null and h.reason <> 'absent_upstream') as holes
    from (
      select c.dataset, c.source, range_agg(c.ranges) * datemultirange(daterange(i.list_date, i.delist_date)) as covered
      from coverage c cross join instrument i
      where i.id = ${id} and (c.instrument_id = ${id} or c.instrument_id = 0 and c.source = any(${serving})
        and c.dataset not in ('index_bars', 'index_member'))
      group by c.dataset, c.source, i.list_date, i.delist_date
    ) c
    where not isempty(c.covered) order by c.dataset, c.source`
}
