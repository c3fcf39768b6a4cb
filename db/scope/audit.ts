import type { RunParams } from '../../market/run-params.ts'
import { coveredSpan } from '../audit/covered-span.ts'
import { SESSION_DATASETS } from '../audit/cells.ts'
import type { Resolved, ScopeContext } from './context.ts'

/**
 * What a check is about: the dates that were asked for, else all that some source has brought. It mends and brings nothing
 * new. Which cells are lost is found by the run itself, since that writes.
 */
export async function auditedParams({ sql }: ScopeContext, params: RunParams): Promise<Resolved> {
  const span = await coveredSpan(sql, SESSION_DATASETS)
  if (span === null) {
    const hint =
      'nothing has been brought yet, so there is nothing to check: run daily_history or full_history first'
    return { params: { ...params, mend: true }, notes: [hint] }
  }
  const start_date = params.start_date ?? span.from
  const end_date = params.end_date ?? span.to
  return {
    params: { ...params, start_date, end_date, mend: true },
    notes: [
      `checks what is there from ${start_date} to ${end_date}; cells that turn out to be lost are asked for besides`,
    ],
  }
}
