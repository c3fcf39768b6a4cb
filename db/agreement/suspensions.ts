import type { Tx } from '../client.ts'
import { suspendedAllDay } from '../suspended.ts'
import { barSources, type FieldAgreement, inSlice, type Slice, sliceParams } from './slice.ts'
import { compareSpoken } from './spoken.ts'

/**
 * Cells that some source has as suspended for the whole day (1), and whatever else is said of them: a bar with volume, or
 * a suspension for a part of the day (0).
 */
const SPOKEN = `
  with cells as materialized (
    select distinct s.instrument_id, s.trade_date from suspension s
    where ${suspendedAllDay('s')} and ${inSlice('s')}
  )
  select instrument_id, trade_date, source, max(suspended)::numeric as value, 0::numeric as tolerance
  from (
    select s.instrument_id, s.trade_date, s.source, (s.suspend_timing is null)::int as suspended
    from suspension s join cells c on c.instrument_id = s.instrument_id and c.trade_date = s.trade_date
    where s.suspend_type = 'S' and ${inSlice('s')}
    union all
    select b.instrument_id, b.trade_date, b.source, 0
    from bars b join cells c on c.instrument_id = b.instrument_id and c.trade_date = b.trade_date
    where b.period = 'daily' and b.volume > 0 and ${inSlice('b')}
  ) said group by 1, 2, 3`

/** Puts stocks that one source has as suspended and another saw trade into `difference`. */
export async function compareSuspensions(tx: Tx, slice: Slice): Promise<FieldAgreement[]> {
  const named = await tx.unsafe<{ source: string }[]>(
    `select s.source from suspension s where s.suspend_type = 'S' and ${inSlice('s')} group by 1`,
    sliceParams(slice),
  )
  if (named.length === 0) return []
  const sources = [...new Set([...named.map((row) => row.source), ...(await barSources(tx, slice))])]
  return await compareSpoken(
    tx,
    slice,
    { dataset: 'suspension', field: 'suspended', group: 'suspension', sources },
    SPOKEN,
  )
}
