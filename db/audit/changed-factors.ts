import type { Tx } from '../client.ts'

/*
 * Factors are cumulative: one that changed may have changed all those before it or after it. Where the change begins
 * inside what an answer brought, the rows before it stand: they are equal. Where it reaches back to the first row of the
 * answer, nobody knows how far it goes on, and all earlier factors of that stock become holes, which a run over their dates
 * asks for again in a call or two. Bars are not read again for it: raw prices do not depend on factors.
 */

/** Makes earlier factors holes where the change of an answer reaches back to its first row. */
export async function markChangedFactors(
  tx: Tx,
  { source, runId, from }: { source: string; runId: string; from: string },
): Promise<void> {
  await tx`
    insert into coverage_hole (dataset, instrument_id, trade_date, source, reason)
    select 'adj_factor', f.instrument_id, f.trade_date, ${source}, 'factor_changed'
    from (
      select distinct r.instrument_id from revision r
      where r.known_to >= now() and r.dataset = 'adj_factor' and r.source = ${source} and r.run_id = ${runId}
        and r.trade_date = (select min(a.trade_date) from adj_factor a
          where a.instrument_id = r.instrument_id and a.source = ${source} and a.trade_date >= ${from})
    ) changed join adj_factor f on f.instrument_id = changed.instrument_id and f.source = ${source} and f.trade_date < ${from}
    order by f.instrument_id, f.trade_date
    on conflict do nothing`
}
