import { addDays } from '../../market/date.ts'
import { compareBars } from '../agreement/bars.ts'
import { compareFactorSteps } from '../agreement/factor-steps.ts'
import {
  DIFFERENCE_TABLE,
  type FieldAgreement,
  inSlice,
  type Slice,
  sliceParams,
} from '../agreement/slice.ts'
import { compareSuspensions } from '../agreement/suspensions.ts'
import type { Sql, Tx } from '../client.ts'
import { repeatOnConflict } from '../errors.ts'

export type { FieldAgreement } from '../agreement/slice.ts'

const COMPARISONS = {
  bars: compareBars,
  adj_factor: compareFactorSteps,
  suspension: compareSuspensions,
} as const satisfies Record<string, (tx: Tx, slice: Slice) => Promise<FieldAgreement[]>>

export type ComparedDataset = keyof typeof COMPARISONS
export const COMPARED_DATASETS = Object.keys(COMPARISONS) as ComparedDataset[]

export interface ComparedRegion {
  /** Null: all. */
  instruments: readonly number[] | null
  from: string
  to: string
}

// Two runs that compare the same days would meet on the same rows in any order.
const AGREEMENT_LOCK = 7_316_206

/**
 * Compares every two sources that have rows in a region, year by year, and makes `agreement` say what differs beyond
 * tolerance: new differences are added, old ones dated anew, those that are gone removed. Weekly and monthly bars follow
 * from daily ones and are not compared; fields such as `weekly.close` are those of agreement/vendor.ts.
 *
 * @returns counts per field and pair, without pairs that share no cell
 */
export async function recordAgreement(
  sql: Sql,
  region: ComparedRegion & { dataset: ComparedDataset; runId: string | null },
): Promise<FieldAgreement[]> {
  const totals = new Map<string, FieldAgreement>()
  for (const slice of slicesOf(region)) {
    const counts = await repeatOnConflict(() =>
      sql.begin(async (tx) => {
        await tx`select pg_advisory_xact_lock(${AGREEMENT_LOCK})`
        await tx.unsafe(DIFFERENCE_TABLE)
        // Freshly loaded tables have no statistics, and a planner that believes them empty joins in squares.
        await tx`set local enable_nestloop = off`
        const found = await COMPARISONS[region.dataset](tx, slice)
        await storeDifferences(tx, region, slice)
        return found
      }),
    )
    for (const count of counts) addTo(totals, count)
  }
  return [...totals.values()]
}

function* slicesOf({ from, to, instruments }: ComparedRegion): Generator<Slice> {
  // The partitions of `bars`: one before 1996, then one a year.
  for (let start = from; start <= to;) {
    const end = start < '1996-01-01' ? '1995-12-31' : `${start.slice(0, 4)}-12-31`
    yield { from: start, to: end < to ? end : to, instruments }
    start = addDays(end, 1)
  }
}

function addTo(totals: Map<string, FieldAgreement>, count: FieldAgreement): void {
  const key = [count.field, count.sourceA, count.sourceB].join(' ')
  const known = totals.get(key) ?? { ...count, compared: 0, agreed: 0, explained: 0, disagreed: 0 }
  totals.set(key, {
    ...known,
    compared: known.compared + count.compared,
    agreed: known.agreed + count.agreed,
    explained: known.explained + count.explained,
    disagreed: known.disagreed + count.disagreed,
  })
}

/** Makes the slice of `agreement` equal to what `difference` holds. */
async function storeDifferences(
  tx: Tx,
  { dataset, runId }: { dataset: string; runId: string | null },
  slice: Slice,
): Promise<void> {
  await tx`analyze difference`
  await tx.unsafe(
    `delete from agreement g where g.dataset = $4 and ${inSlice('g')} and position('.' in g.field) = 0 and not exists (
      select from difference d where d.instrument_id = g.instrument_id and d.trade_date = g.trade_date
        and d.field = g.field and d.source_a = g.source_a and d.source_b = g.source_b)`,
    [...sliceParams(slice), dataset],
  )
  await tx`
    insert into agreement as g (dataset, instrument_id, trade_date, field, source_a, value_a, source_b, value_b, verdict, run_id)
    select ${dataset}, instrument_id, trade_date, field, source_a, value_a, source_b, value_b, verdict, ${runId}
    from difference
    on conflict (dataset, instrument_id, trade_date, field, source_a, source_b) do update set value_a = excluded.value_a,
      value_b = excluded.value_b, verdict = excluded.verdict, run_id = coalesce(excluded.run_id, g.run_id), last_seen_at = now()`
}
