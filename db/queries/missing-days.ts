import { kindOf } from '../../market/datasets.ts'
import { SESSION_CELLS, servedPairs, sparseSources } from '../audit/cells.ts'
import { inSlices } from '../audit/slices.ts'
import type { Sql, Tx } from '../client.ts'
import { notSuspended } from '../suspended.ts'
import { beginnings } from './beginnings.ts'
import type { DayRange } from './verify.ts'

/** Cells of a day, by code. */
export interface NamedCells {
  count: number
  /** The first of them. */
  symbols: string[]
}

/** Cells that a date lacks. */
export interface Missing {
  /** Those that nothing explains. */
  open: NamedCells
  /** How many of them some source has covered; 0 where that was not asked for. */
  brought: number
  /** Those that no upstream has, or that a person accepted. */
  absent: NamedCells
  /** True when some source knows the suspensions of each open one: then they are missing, else they may be suspended. */
  known: boolean
}

// Names of a day: enough to act on, small enough for a list.
const NAMED = 50

/** What some days lack: listed, not suspended that whole day, no row of any source. A day that lacks nothing is left out. */
export async function missingOn(
  sql: Sql,
  dates: readonly string[],
  range: DayRange,
): Promise<Map<string, Missing>> {
  const found = await inSlices(range, async (slice) => {
    const inside = dates.filter((date) => date >= slice.from && date <= slice.to)
    return inside.length === 0 ? [] : await missingIn(sql, inside, { ...range, ...slice })
  })
  return new Map(
    found.flat().map(({ date, open, openSymbols, brought, absent, absentSymbols, known }) => [
      date,
      {
        open: { count: open, symbols: openSymbols ?? [] },
        brought,
        absent: { count: absent, symbols: absentSymbols ?? [] },
        known: known ?? true,
      },
    ]),
  )
}

interface MissingDay {
  date: string
  open: number
  openSymbols: string[] | null
  brought: number
  absent: number
  absentSymbols: string[] | null
  known: boolean | null
}

async function missingIn(sql: Sql, dates: readonly string[], range: DayRange): Promise<MissingDay[]> {
  const { dataset, instruments, exchanges, tellBrought = false } = range
  const { table, where, traded } = SESSION_CELLS[dataset]
  return await sql.begin(async (tx) => {
    // As for every count over a year: tables without statistics must not be joined in squares.
    await tx.unsafe('set local enable_nestloop = off; set local enable_mergejoin = off')
    return await tx<MissingDay[]>`
      with days as materialized (select unnest(${dates as string[]}::date[]) as d),
      universe as materialized (
        select i.id, i.exchange, c.code, coalesce(i.list_date, '-infinity') as listed, coalesce(i.delist_date, 'infinity') as delisted
        from instrument i join instrument_code c on c.instrument_id = i.id and c.valid_to is null
        where i.kind = ${kindOf(dataset)} and not i.stub and i.exchange = any(${exchanges as string[]})
          and ${instruments === null ? tx`true` : tx`i.id = any(${instruments as number[]})`}
      ), lacking as materialized (
        select u.id, u.exchange, u.code, d from days join universe u on d >= u.listed and d < u.delisted
        where not exists (select from ${tx(table)} x where x.instrument_id = u.id and x.trade_date = d and ${tx.unsafe(where)}
            and x.trade_date between ${range.from} and ${range.to})
          and ${traded ? notSuspended(tx, ['u.id', 'd'], range) : tx`true`} and ${notSparse(tx, range)}
      ), absences as materialized (${absences(tx, range)}),
      known_market as materialized (${coveredMarket(tx, 'suspension', servedPairs())}),
      own_market as materialized (${coveredMarket(tx, dataset, servedPairs())}),
      judged as materialized (
        select d, code collate "C" as code, a.id is not null as absent,
          ${traded ? isCovered(tx, 'm', 'suspension') : tx`true`} as known,
          ${tellBrought ? isCovered(tx, 'o', dataset) : tx`false`} as brought
        from lacking l left join absences a using (id, d)
          left join known_market m using (exchange, d) left join own_market o using (exchange, d)
      )
      select d::text as date, count(*) filter (where not absent)::int as open, count(*) filter (where absent)::int as absent,
        count(*) filter (where brought and not absent)::int as brought,
        (array_agg(code order by code) filter (where not absent))[1:${NAMED}] as "openSymbols",
        (array_agg(code order by code) filter (where absent))[1:${NAMED}] as "absentSymbols",
        bool_and(known) filter (where not absent) as known
      from judged group by d`
  })
}

/** Not covered by a source that has no row for a cell in which nothing happened. */
function notSparse(tx: Tx, { dataset }: DayRange) {
  const sparse = sparseSources(dataset)
  if (sparse.length === 0) return tx`true`
  return tx`not exists (select from (${coveredMarket(tx, dataset, servedPairs(sparse))}) m where m.exchange = u.exchange and m.d = days.d)
    and not exists (select from coverage v where v.dataset = ${dataset} and v.instrument_id = u.id and v.source = any(${sparse})
      and v.ranges @> d)`
}

/** Exchange and day of what sources cover as a whole market. */
const coveredMarket = (tx: Tx, dataset: string, [sources, exchanges]: [string[], string[]]) => tx`
  select distinct p.exchange, days.d from days join coverage v on v.ranges @> d
    join unnest(${sources}::text[], ${exchanges}::text[]) as p(source, exchange) on p.source = v.source
  where v.dataset = ${dataset} and v.instrument_id = 0`

/** Looked up instrument by instrument only where no source has the whole market of that day. */
const isCovered = (
  tx: Tx,
  market: 'm' | 'o',
  dataset: string,
) => tx`case when ${tx(market)}.d is not null then true else exists (
  select from coverage v where v.dataset = ${dataset} and v.instrument_id = l.id and v.ranges @> l.d) end`

/** Cells that are known to be nowhere: by two answers, by a person's word, or because they lie before an index began. */
const absences = (tx: Tx, { dataset, from, to }: DayRange) => tx`
  select distinct h.instrument_id as id, h.trade_date as d
  from coverage_hole h left join (${beginnings(tx, dataset)}) b on b.id = h.instrument_id
  where h.dataset = ${dataset} and h.trade_date between ${from} and ${to}
    and (h.reason = 'absent_upstream' or h.accepted_at is not null or h.reason = 'missing' and h.trade_date < b.first)`
