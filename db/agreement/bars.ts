import {
  AFTER_HOURS,
  agreeRule,
  BAR_FIELD_NAMES,
  BAR_FIELDS,
  type BarFieldName,
} from '../../market/tolerances.ts'
import { EXCHANGES } from '../../market/symbol.ts'
import type { Tx } from '../client.ts'
import { barSources, byPrecedence, type FieldAgreement, inSlice, type Slice, sliceParams } from './slice.ts'

/*
 * Daily bars of every two sources, field by field. A field is a bit, so that what was compared and what differs of a bar
 * is one number each until the few bars that differ are written down.
 */

const bitOf = (field: BarFieldName): number => 1 << BAR_FIELD_NAMES.indexOf(field)

/** Puts what differs into `difference`. Pairs that no bar has cost nothing. */
export async function compareBars(tx: Tx, slice: Slice): Promise<FieldAgreement[]> {
  const sources = await byPrecedence(tx, 'ohlc', await barSources(tx, slice))
  const counts: FieldAgreement[] = []
  for (const [i, a] of sources.entries())
    for (const b of sources.slice(i + 1)) counts.push(...(await comparePair(tx, slice, a, b)))
  // Two sources have no majority.
  if (sources.length > 2) await countVotes(tx)
  return counts
}

async function comparePair(tx: Tx, slice: Slice, a: string, b: string): Promise<FieldAgreement[]> {
  const [row = {}] = await tx.unsafe<Record<string, number>[]>(pairStatement(a, b), [
    ...sliceParams(slice),
    a,
    b,
  ])
  return BAR_FIELD_NAMES.map((field) => {
    const { compared, explained, disagreed } = {
      compared: row[`${field}_compared`] ?? 0,
      explained: row[`${field}_explained`] ?? 0,
      disagreed: row[`${field}_disagreed`] ?? 0,
    }
    return {
      dataset: 'bars',
      field,
      sourceA: a,
      sourceB: b,
      compared,
      agreed: compared - disagreed,
      explained,
      disagreed,
    }
  }).filter(({ compared }) => compared > 0)
}

function pairStatement(a: string, b: string): string {
  const sumOfBits = (conditions: string[]) =>
    BAR_FIELD_NAMES.map(
      (field, i) => `(coalesce(${conditions[i] ?? 'false'}, false))::int * ${bitOf(field)}`,
    ).join(' + ')
  const both = BAR_FIELD_NAMES.map((field) => `a.${field} is not null and b.${field} is not null`)
  const apart = BAR_FIELD_NAMES.map((field) => `not (${agreeCondition(field, a, b)})`)
  const values = (alias: string) =>
    `array[${BAR_FIELD_NAMES.map((field) => `${alias}.${field}${field === 'is_st' ? '::int' : ''}::numeric`).join(', ')}]`
  const counts = BAR_FIELD_NAMES.flatMap((field) =>
    ['compared', 'explained', 'differs'].map(
      (of) =>
        `count(*) filter (where ${of} & ${bitOf(field)} <> 0)::int as ${field}_${of === 'differs' ? 'disagreed' : of}`,
    ),
  )
  // The inner select ends with an offset so that it is judged once, and not wherever its outcome is named.
  return `with judged as materialized (
      select a.instrument_id, a.trade_date, j.compared, j.apart & j.explainable as explained, j.apart & ~j.explainable as differs,
        case when j.apart & ~j.explainable <> 0 then ${values('a')} end as values_a,
        case when j.apart & ~j.explainable <> 0 then ${values('b')} end as values_b
      from bars a join bars b on b.instrument_id = a.instrument_id and b.trade_date = a.trade_date
      cross join lateral (select ${sumOfBits(both)} as compared, ${sumOfBits(apart)} as apart,
        ${explainable(a, b)} as explainable offset 0) j
      where a.period = 'daily' and b.period = 'daily' and a.source = $4 and b.source = $5 and ${inSlice('a')} and ${inSlice('b')}
    ), stored as (
      insert into difference (instrument_id, trade_date, field, source_a, value_a, source_b, value_b)
      select j.instrument_id, j.trade_date, f.field, $4, j.values_a[f.place], $5, j.values_b[f.place]
      from judged j cross join (values ${BAR_FIELD_NAMES.map((field, i) => `('${field}', ${bitOf(field)}, ${i + 1})`).join(', ')}) f(field, bit, place)
      where j.differs & f.bit <> 0
    ) select ${counts.join(', ')} from judged`
}

/** SQL that is true when the values of a and b agree, null when one of them is missing. */
export function agreeCondition(field: BarFieldName, a: string, b: string): string {
  const rule = agreeRule(field, a, b)
  switch (rule.kind) {
    case 'equal':
      return `a.${field} = b.${field}`
    case 'rounded':
      return `round(a.${field}, ${rule.places}) = round(b.${field}, ${rule.places})`
    case 'within':
      return `within_tolerance(a.${field}, b.${field}, ${rule.absolute}, ${rule.relative})`
  }
}

/** SQL for the bits of fields whose difference the trade after hours explains; see AFTER_HOURS. */
function explainable(a: string, b: string): string {
  if (a !== AFTER_HOURS.leftOutBy && b !== AFTER_HOURS.leftOutBy) return '0'
  const [t, o] = a === AFTER_HOURS.leftOutBy ? ['a', 'b'] : ['b', 'a']
  const volume = agreeRule('volume', a, b)
  const amount = agreeRule('amount', a, b)
  if (volume.kind !== 'within' || amount.kind !== 'within') return '0'
  const suffixes = AFTER_HOURS.exchanges.map((exchange) => EXCHANGES[exchange].suffix).join('|')
  return `case when ${t}.trade_date >= '${AFTER_HOURS.from}' and ${t}.symbol ~ '\\.(${suffixes})$' and ${o}.volume > ${t}.volume
        and abs(${o}.amount - ${t}.amount - (${o}.volume - ${t}.volume) * ${t}.close)
          <= greatest(${amount.absolute}, ${amount.relative} * ${o}.amount) + ${volume.absolute} * ${t}.close
        then ${bitOf('volume') | bitOf('amount')} else 0 end`
}

/** Where three or more have a bar: a difference in a group that `bars_best` has a majority for is outvoted. */
async function countVotes(tx: Tx): Promise<void> {
  const groups = BAR_FIELD_NAMES.map((field) => `('${field}', '${BAR_FIELDS[field].group}')`).join(', ')
  // The offset lets the view see one key at a time instead of everything.
  await tx.unsafe(`
    update difference d set verdict = 'outvoted'
    from (select distinct instrument_id, trade_date from difference) k
    cross join lateral (
      select v.disputed_groups from bars_best v
      where v.instrument_id = k.instrument_id and v.trade_date = k.trade_date and v.period = 'daily' offset 0
    ) v, (values ${groups}) g(field, name)
    where d.instrument_id = k.instrument_id and d.trade_date = k.trade_date and g.field = d.field
      and not g.name = any(v.disputed_groups)`)
}
