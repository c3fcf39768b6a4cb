import { counted } from '../../market/counted.ts'
import { type Job, scopeOf } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'
import { announcedDays } from './announced.ts'
import { closedPeriods } from './closed-periods.ts'
import { auditedParams } from './audit.ts'
import type { Resolved, ScopeContext } from './context.ts'
import { missingDays } from './days.ts'
import { openFailures } from './failures.ts'
import { newestSession } from './newest.ts'
import { reportPeriods } from './reports.ts'
import { comparisonParams } from './sample.ts'

export type { Resolved, ScopeContext } from './context.ts'

/**
 * The parameters of a run with the dates that they leave open, found once the calendar and the stock list have come. Reads
 * only; the same database gives the same answer.
 *
 * @param runId what a sample is drawn by
 * @throws RangeError when the job cannot do anything as things are, with what to do instead
 */
export async function resolveParams(
  context: ScopeContext,
  job: Job,
  runId: string,
  params: RunParams,
): Promise<Resolved> {
  switch (scopeOf(job)) {
    case 'sample': {
      const drawn = await comparisonParams(context, runId, params)
      const note = `compares ${counted(drawn.symbols?.length ?? 0, 'symbol')} from ${drawn.start_date ?? ''} to ${drawn.end_date ?? ''}`
      return { params: drawn, notes: [note] }
    }
    case 'days':
      return await missingDays(context, params)
    case 'reports':
      return reportPeriods(context, params)
    case 'announced':
      return await announcedDays(context, params)
    case 'newest':
      return await newestSession(context, params)
    case 'weeks':
      return await closedPeriods(context, 'weekly', params)
    case 'months':
      return await closedPeriods(context, 'monthly', params)
    case 'audit':
      return await auditedParams(context, params)
    case 'failures':
      return await openFailures(context, params)
    default:
      return { params, notes: [] }
  }
}
