import { SESSION_CELLS } from '../audit/cells.ts'
import type { Sql } from '../client.ts'

/*
 * What speaks for or against the data: gates, differences between sources, refused rows, corrections. Pages go by id, the
 * newest first; `before` is the last id of the page before.
 */

export interface EvidenceFilter {
  datasets?: readonly string[] | undefined
  /** Null: all. */
  instruments: readonly number[] | null
  source?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

interface Page {
  before?: number | undefined
  limit: number
}

export interface GateView {
  dataset: string
  trade_date: string
  expected: number
  present: number
  suspended: number
  state: string
  reasons: Record<string, unknown>
  checked_at: string
}

type GateFilter = Omit<EvidenceFilter, 'instruments' | 'source'> & { state?: string | undefined }

/** A page of gates, newest dates first. */
export async function listGates(
  sql: Sql,
  filter: GateFilter & { after?: Pick<GateView, 'trade_date' | 'dataset'> | undefined; limit: number },
): Promise<GateView[]> {
  const { after, limit } = filter
  return await sql<GateView[]>`
    select g.* from day_gate g where ${gates(sql, filter)}
      and (${after === undefined} or g.trade_date < ${after?.trade_date ?? null}::date
        or (g.trade_date = ${after?.trade_date ?? null}::date and g.dataset > ${after?.dataset ?? ''}))
    order by g.trade_date desc, g.dataset limit ${limit}`
}

/** How many dates of each dataset are in which state. */
export async function countGates(
  sql: Sql,
  filter: GateFilter,
): Promise<{ dataset: string; state: string; dates: number; first: string; last: string }[]> {
  return await sql`
    select dataset, state, count(*)::int as dates, min(trade_date) as first, max(trade_date) as last
    from day_gate g where ${gates(sql, filter)} group by 1, 2 order by 1, 2`
}

const gates = (sql: Sql, { datasets, from, to, state }: GateFilter) => sql`
  (${datasets === undefined} or g.dataset = any(${(datasets ?? []) as string[]}))
  and (${state ?? null}::text is null or g.state = ${state ?? null})
  and (${from ?? null}::date is null or g.trade_date >= ${from ?? null}::date)
  and (${to ?? null}::date is null or g.trade_date <= ${to ?? null}::date)`

export interface Difference {
  id: number
  dataset: string
  symbol: string | null
  trade_date: string
  field: string
  source_a: string
  value_a: string | null
  source_b: string
  value_b: string | null
  verdict: string
  run_id: string | null
  first_seen_at: string
  last_seen_at: string
}

/** A page of values that sources differ about. */
export async function listDifferences(
  sql: Sql,
  filter: EvidenceFilter & Page & { field?: string | undefined; verdict?: string | undefined },
): Promise<Difference[]> {
  const { field = null, verdict = null, source = null } = filter
  return await sql<Difference[]>`
    select x.id::float8 as id, x.dataset, c.code as symbol, x.trade_date, x.field, x.source_a, x.value_a::text, x.source_b,
      x.value_b::text, x.verdict, x.run_id, x.first_seen_at, x.last_seen_at
    from agreement x left join instrument_code c on c.instrument_id = x.instrument_id and c.valid_to is null
    where ${about(sql, filter)} and ${ofInstruments(sql, filter)} and (${source}::text is null or ${source} in (x.source_a, x.source_b))
      and (${field}::text is null or x.field = ${field}) and (${verdict}::text is null or x.verdict = ${verdict})
    order by x.id desc limit ${filter.limit}`
}

export interface RefusedRow {
  id: number
  run_id: string
  dataset: string
  source: string
  symbol: string | null
  trade_date: string | null
  reason: string
  raw: string
  at: string
}

/** A page of rows that could not be true. */
export async function listQuarantine(
  sql: Sql,
  filter: Omit<EvidenceFilter, 'instruments'> &
    Page & { symbols?: readonly string[] | undefined; runId?: string | undefined },
): Promise<RefusedRow[]> {
  const { symbols, runId = null, source = null } = filter
  return await sql<RefusedRow[]>`
    select x.id::float8 as id, x.run_id, x.dataset, x.source, x.symbol, x.trade_date, x.reason, x.raw, x.at from quarantine x
    where ${about(sql, filter)} and (${symbols === undefined} or x.symbol = any(${(symbols ?? []) as string[]}))
      and (${runId}::uuid is null or x.run_id = ${runId}) and (${source}::text is null or x.source = ${source})
    order by x.id desc limit ${filter.limit}`
}

export interface Revision {
  id: number
  dataset: string
  symbol: string | null
  trade_date: string
  source: string
  /** Field → what it was and what it became, as text: numbers of any size. */
  changes: Record<string, { old: string | null; new: string | null }>
  known_from: string
  known_to: string
  run_id: string | null
}

const CURRENT = Object.entries(SESSION_CELLS)
  .map(
    ([dataset, { table, where }]) => `when '${dataset}' then (select to_jsonb(x) from ${table} x
      where x.instrument_id = r.instrument_id and x.trade_date = r.trade_date and x.source = r.source and ${where})`,
  )
  .join(' ')

/** A page of values that an upstream has changed. What they became is what the next change found, or the row of now. */
export async function listRevisions(sql: Sql, filter: EvidenceFilter & Page): Promise<Revision[]> {
  const { source = null } = filter
  return await sql<Revision[]>`
    with page as (
      select x.* from revision x
      where ${about(sql, filter)} and ${ofInstruments(sql, filter)} and (${source}::text is null or x.source = ${source})
      order by x.id desc limit ${filter.limit}
    ), followed as (
      select r.*, coalesce((select n.old from revision n where n.dataset = r.dataset and n.instrument_id = r.instrument_id
          and n.trade_date = r.trade_date and n.source = r.source and n.id > r.id order by n.id limit 1),
        case r.dataset ${sql.unsafe(CURRENT)} end) as became
      from page r
    )
    select r.id::float8 as id, r.dataset, c.code as symbol, r.trade_date, r.source, r.known_from, r.known_to, r.run_id,
      coalesce((select jsonb_object_agg(o.key, jsonb_build_object('old', o.value #>> '{}', 'new', r.became -> o.key #>> '{}'))
        from jsonb_each(r.old) o where o.value is distinct from coalesce(r.became -> o.key, 'null')), '{}') as changes
    from followed r left join instrument_code c on c.instrument_id = r.instrument_id and c.valid_to is null
    order by r.id desc`
}

const about = (
  sql: Sql,
  { datasets, from, to, before }: Omit<EvidenceFilter, 'instruments'> & { before?: number | undefined },
) => sql`
  (${datasets === undefined} or x.dataset = any(${(datasets ?? []) as string[]}))
  and (${from ?? null}::date is null or x.trade_date >= ${from ?? null}::date)
  and (${to ?? null}::date is null or x.trade_date <= ${to ?? null}::date)
  and (${before ?? null}::bigint is null or x.id < ${before ?? null})`

const ofInstruments = (sql: Sql, { instruments }: Pick<EvidenceFilter, 'instruments'>) =>
  instruments === null ? sql`true` : sql`x.instrument_id = any(${instruments as number[]})`
