import { counted } from '../../market/counted.ts'
import type { RunParams } from '../../market/run-params.ts'
import { type FailureRow, retryableFailures } from '../queries/failures.ts'
import { instrumentIds } from '../queries/planning.ts'
import type { Resolved, ScopeContext } from './context.ts'

/**
 * Open failures that may be tried again: those that were asked for by their ids, whatever their count, else all that have
 * tries left and lie within the symbols and dates of the parameters.
 */
export async function openFailures({ sql }: ScopeContext, params: RunParams): Promise<Resolved> {
  const { symbols, start_date, end_date, ...rest } = params
  const found = await retryableFailures(sql, {
    ids: params.failures,
    instruments: symbols && [...(await instrumentIds(sql, symbols)).values()],
    from: start_date,
    to: end_date,
  })
  return { params: { ...rest, failures: found.map(({ id }) => id) }, notes: [noteOf(found)] }
}

function noteOf(found: readonly FailureRow[]): string {
  if (found.length === 0) return 'no failure is open that may be tried again'
  const byDataset = new Map<string, number>()
  for (const { dataset } of found) byDataset.set(dataset, (byDataset.get(dataset) ?? 0) + 1)
  const parts = [...byDataset].map(([dataset, n]) => `${n} of ${dataset}`)
  return `${counted(found.length, 'open failure is', 'open failures are')} tried once more: ${parts.join(', ')}`
}
