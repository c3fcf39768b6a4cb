import type { Fragment } from '../bars/region.ts'
import type { Sql } from '../client.ts'
import { MERGES } from '../merge.ts'

/*
 * Valuations of several sources as one: what the view `daily_basic_best` gives, as of any moment. Each group of fields is of
 * one source, since its parts belong together.
 */

/** Group → its fields. */
export const VALUATION_GROUPS = {
  turnover: ['turnover_rate', 'turnover_rate_f', 'volume_ratio'],
  annual: ['pe', 'ps', 'dv_ratio', 'dv_ttm'],
  pe_ttm: ['pe_ttm'],
  pe_dynamic: ['pe_dynamic'],
  pb: ['pb'],
  ps_ttm: ['ps_ttm'],
  pcf_ncf_ttm: ['pcf_ncf_ttm'],
  shares: ['total_share', 'float_share', 'free_share'],
  worth: ['total_mv', 'circ_mv'],
} as const satisfies Record<string, readonly string[]>

const GROUPS = Object.entries(VALUATION_GROUPS)
const FIELDS = GROUPS.flatMap(([, fields]) => fields)
const has = (fields: readonly string[]) =>
  `coalesce(${fields.map((field) => `d.${field}`).join(', ')}) is not null`

export interface ValuationRegion {
  /** Null: the whole market. */
  instruments: readonly number[] | null
  from: string
  to: string
  /** ISO 8601; null: now. */
  asOf: string | null
}

export const inValuationRegion = (sql: Sql, { instruments, from, to }: ValuationRegion): Fragment => sql`
  t.trade_date between ${from} and ${to}
  ${instruments === null ? sql`` : sql`and t.instrument_id = any(${instruments as number[]})`}`

/** Rows of `daily_basic`, of one source or of all, as they were known. */
export function valuationsIn(sql: Sql, region: ValuationRegion, source: string | null): Fragment {
  const { asOf } = region
  const ofSource = source === null ? sql`` : sql`and t.source = ${source}`
  const where = sql`${inValuationRegion(sql, region)} ${ofSource}`
  const select = (alias: string) =>
    sql.unsafe(`t.instrument_id, t.trade_date, t.source, ${FIELDS.map((f) => `${alias}.${f}`).join(', ')}`)
  const now = sql`select ${select('t')} from daily_basic t where ${where}`
  if (asOf === null) return now
  const old = sql.unsafe(
    Object.entries(MERGES.daily_basic.values)
      .map(([name, type]) => `${name} ${type}`)
      .join(', '),
  )
  return sql`
    ${now} and t.updated_at <= ${asOf}
    union all
    select ${select('r')} from daily_basic t cross join lateral (
      select o.* from revision v cross join lateral jsonb_to_record(v.old) as o(${old})
      where v.dataset = 'daily_basic' and v.instrument_id = t.instrument_id and v.trade_date = t.trade_date
        and v.source = t.source and v.known_from <= ${asOf} and v.known_to > ${asOf}
      limit 1
    ) r
    where ${where} and t.updated_at > ${asOf}`
}

/**
 * One row for each instrument and date: the fields, then the source of each group. With rows of one source only there is
 * nothing to elect.
 */
export function electedValuations(sql: Sql, rows: Fragment, isOneSource: boolean): Fragment {
  if (isOneSource) {
    const sources = GROUPS.map(
      ([group, fields]) => `case when ${has(fields)} then d.source end as ${group}_source`,
    )
    return sql`select d.instrument_id, d.trade_date, ${sql.unsafe([...FIELDS.map((f) => `d.${f}`), ...sources].join(', '))} from (${rows}) d`
  }
  const first = (value: string, fields: readonly string[], name: string) =>
    `(array_agg(d.${value} order by v.rank, d.source) filter (where ${has(fields)}))[1] as ${name}`
  const columns = [
    ...GROUPS.flatMap(([, fields]) => fields.map((field) => first(field, fields, field))),
    ...GROUPS.map(([group, fields]) => first('source', fields, `${group}_source`)),
  ]
  return sql`
    select d.instrument_id, d.trade_date, ${sql.unsafe(columns.join(', '))}
    from (${rows}) d left join value_precedence v on v.field_group = 'valuation' and v.source = d.source
    group by d.instrument_id, d.trade_date`
}
