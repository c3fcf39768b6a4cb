import { AFTER_HOURS, agreeRule, BAR_FIELD_NAMES, type BarFieldName } from '../../market/tolerances.ts'
import type { Sql } from '../client.ts'
import { type BarRegion, barsIn, type Fragment } from './region.ts'
import type { Precedence } from './survey.ts'

/*
 * One bar for each instrument and date out of those of several sources: what the view `bars_best` gives, for bars as of any
 * moment, and faster. Nearly everywhere the first source by precedence agrees with the second one, which settles the vote
 * of up to three; only the rest is put before `pick_bar_sources`.
 */

const VALUES = ['open', 'high', 'low', 'close', 'pre_close', 'change', 'pct_chg', 'volume', 'amount', 'is_st']
const KEPT = ['period_start', 'is_final', ...VALUES]

/** Of so many sources two that agree are a majority. */
const TWO_ARE_ENOUGH = 3

/**
 * Columns: instrument_id, trade_date, period_start, is_final, the values, source (that of the prices) and disputed.
 *
 * @param sources those that have bars in the region
 */
export function electedBars(
  sql: Sql,
  region: BarRegion,
  sources: readonly string[],
  precedence: Precedence,
): Fragment {
  const order = inOrder(sources, precedence)
  const [only] = order ?? []
  if (only === undefined || order === null || order.length > TWO_ARE_ENOUGH)
    return judged(sql, region, barsIn(sql, region), precedence)
  if (order.length === 1) return ofSource(sql, region, only)
  const columns = sql.unsafe(KEPT.join(', '))
  // The rows that agree come as they are; the keys of the others are looked up once more.
  return sql`
    with joined as materialized (${joined(sql, region, order)})
    select instrument_id, trade_date, ${columns}, source, false as disputed from joined where settled
    union all
    ${judged(sql, region, sql`select b.* from (${barsIn(sql, region)}) b join joined j using (instrument_id, trade_date) where not j.settled`, precedence)}`
}

/** The bars of one source. */
export const ofSource = (sql: Sql, region: BarRegion, source: string): Fragment => sql`
  select instrument_id, trade_date, period_start, is_final, open, high, low, close, pre_close,
    coalesce(close - pre_close, change) as change, pct_chg, volume, amount, is_st, source, false as disputed
  from (${barsIn(sql, region, source)}) b`

/** The sources by precedence; null where groups of fields have different ones. */
function inOrder(sources: readonly string[], precedence: Precedence): string[] | null {
  const orders = Object.values(precedence).map((order) => {
    const place = (source: string) => (order.includes(source) ? order.indexOf(source) : order.length)
    return [...sources].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
  })
  const [first = []] = orders
  return orders.every((order) => order.join() === first.join()) ? first : null
}

/** Rows of two or three sources side by side, with the first one's values and whether the vote is settled. */
function joined(sql: Sql, region: BarRegion, order: readonly string[]): Fragment {
  const aliases = order.map((_, i) => `s${i}`)
  const [first, ...others] = order.map((source, i) => sql`(${barsIn(sql, region, source)}) ${sql(`s${i}`)}`)
  if (!first) throw new RangeError('no source')
  const tables = others.reduce(
    (left, each) => sql`${left} full join ${each} using (instrument_id, trade_date)`,
    first,
  )
  const firstOf = (column: string) => `coalesce(${aliases.map((a) => `${a}.${column}`).join(', ')})`
  const columns = ['source', ...KEPT.filter((c) => c !== 'change')].map((c) => `${firstOf(c)} as ${c}`)
  const pairs = aliases.flatMap((a, i) => aliases.slice(i + 1).map((b) => [a, b] as const))
  const agrees = pairs.map(
    ([a, b]) => `when ${a}.source is not null and ${b}.source is not null then ${agree(a, b, order)}`,
  )
  const apart = pairs.map(([a, b]) => `${a}.is_st <> ${b}.is_st`).join(' or ')
  return sql`
    select instrument_id, trade_date, ${sql.unsafe(columns.join(', '))},
      ${sql.unsafe(`coalesce(${firstOf('close')} - ${firstOf('pre_close')}, ${firstOf('change')})`)} as change,
      ${sql.unsafe(`coalesce(case ${agrees.join(' ')} else true end and not coalesce(${apart}, false), false)`)} as settled
    from ${tables}`
}

/** SQL that is true when two rows have all fields and agree in them, by the absolute part of each tolerance. */
function agree(a: string, b: string, order: readonly string[]): string {
  const nameOf = (alias: string) => order[Number(alias.slice(1))] ?? ''
  const fields = BAR_FIELD_NAMES.filter((field): field is Exclude<BarFieldName, 'is_st'> => field !== 'is_st')
  const conditions = fields.map((field) => {
    const rule = agreeRule(field, nameOf(a), nameOf(b))
    switch (rule.kind) {
      case 'equal':
        return `${a}.${field} = ${b}.${field}`
      case 'rounded':
        return `round(${a}.${field}, ${rule.places}) = round(${b}.${field}, ${rule.places})`
      case 'within':
        return `abs(${a}.${field} - ${b}.${field}) <= ${rule.absolute}`
    }
  })
  return conditions.join(' and ')
}

/** The whole vote, by the function that the view `bars_best` uses. */
function judged(sql: Sql, { period }: BarRegion, rows: Fragment, precedence: Precedence): Fragment {
  const arrays = ['source', 'symbol', ...KEPT].map((c) => `array_agg(${c} order by source) as ${c}`)
  const { ohlc, volume, amount, pre_close, st } = precedence
  return sql`
    select instrument_id, trade_date, period_start[pick[1]] as period_start, is_final[pick[1]] as is_final, open[pick[1]] as open,
      high[pick[1]] as high, low[pick[1]] as low, close[pick[1]] as close, pre_close[pick[4]] as pre_close,
      coalesce(close[pick[1]] - pre_close[pick[4]], change[pick[5]]) as change, pct_chg[pick[5]] as pct_chg,
      volume[pick[2]] as volume, amount[pick[3]] as amount, is_st[pick[6]] as is_st, source[pick[1]] as source,
      pick[7] > 0 as disputed
    from (
      select *, case cardinality(source) when 1 then array[1, 1, 1, 1, 1, 1, 0]
        else pick_bar_sources(source, open, high, low, close, volume, amount, pre_close, pct_chg, is_st,
          ${period === 'daily'} and trade_date >= ${AFTER_HOURS.from} and symbol[1] not like '%.BJ',
          ${ohlc as string[]}::text[], ${volume as string[]}::text[], ${amount as string[]}::text[], ${pre_close as string[]}::text[], ${st as string[]}::text[]) end as pick
      from (
        select instrument_id, trade_date, ${sql.unsafe(arrays.join(', '))}
        from (${rows}) b group by instrument_id, trade_date
      ) g
    ) p`
}
