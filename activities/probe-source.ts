import { SourceError } from '../sources/errors.ts'
import type { ProbeOutcome, SourcePlace } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import { withHeartbeat } from './heartbeat.ts'
import { BudgetLater, fetchContext } from './upstream.ts'

/** One cheap live request: is the source up? A refusal for the rate is an answer, so the source is up. */
export async function probeSource(deps: ActivityDeps, input: SourcePlace): Promise<ProbeOutcome> {
  const source = deps.sources.get(input.source)
  if (!source)
    return {
      up: false,
      errorClass: null,
      message: `${input.source} is not switched on here`,
      restingUntilMs: 0,
    }
  return await withHeartbeat(async (signal) => {
    try {
      const { latencyMs } = await source.probe(fetchContext(deps.db.sql, source, signal), input.site)
      return {
        up: true,
        errorClass: null,
        message: `answered in ${Math.round(latencyMs)} ms`,
        restingUntilMs: 0,
      }
    } catch (error) {
      if (error instanceof BudgetLater)
        return { up: true, errorClass: 'RateLimited', message: error.message, restingUntilMs: 0 }
      if (!(error instanceof SourceError)) throw error
      const up = error.errorClass === 'RateLimited' || error.errorClass === 'PermissionDenied'
      return { up, errorClass: error.errorClass, message: error.message, restingUntilMs: 0 }
    }
  })
}
