import { beginProbe, noteSuccess, noteTrouble, restOf } from '../db/health.ts'
import { SOURCE_ERRORS } from '../market/source-errors.ts'
import { SourceError } from '../sources/errors.ts'
import type { ProbeOutcome, SourcePlace } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import { withHeartbeat } from './heartbeat.ts'
import { troubleOf } from './trouble.ts'
import { BudgetLater, fetchContext } from './upstream.ts'

// Another worker probes: its result is there soon after.
const OTHERS_RESULT_MS = 2_000

/**
 * One cheap live request: is the place up? A refusal for the rate is an answer, so it is. While its rest is not over
 * nothing is sent, and over all workers one at a time probes.
 */
export async function probeSource(deps: ActivityDeps, place: SourcePlace): Promise<ProbeOutcome> {
  const source = (await deps.sources.current()).sources.get(place.source)
  if (!source) return down(null, `${place.source} is not switched on here`, Date.now() + OTHERS_RESULT_MS)
  const { sql } = deps.db
  const rest = await restOf(sql, place)
  if (rest) return down(null, rest.reason, rest.untilMs)
  if (!(await beginProbe(sql, place))) return down(null, 'another worker asks', Date.now() + OTHERS_RESULT_MS)
  return await withHeartbeat(async (signal) => {
    try {
      const { latencyMs } = await source.probe(fetchContext(sql, source, signal), place.site)
      await noteSuccess(sql, place, { calls: 1, latencyMs })
      return { ...up(null, `answered in ${Math.round(latencyMs)} ms`), latencyMs }
    } catch (error) {
      if (error instanceof BudgetLater) return up('RateLimited', error.message)
      if (!(error instanceof SourceError)) throw error
      const { errorClass, message } = error
      if (SOURCE_ERRORS[errorClass].next === 'rest') {
        const { untilMs } = await noteTrouble(sql, place, troubleOf(deps, error))
        return down(errorClass, message, untilMs)
      }
      // It answered: whatever it refused is the matter of the one who asks for it.
      await noteSuccess(sql, place, { calls: 1 })
      return up(errorClass, message)
    }
  })
}

const up = (errorClass: ProbeOutcome['errorClass'], message: string): ProbeOutcome => ({
  up: true,
  errorClass,
  message,
  restingUntilMs: 0,
})

const down = (errorClass: ProbeOutcome['errorClass'], message: string, untilMs: number): ProbeOutcome => ({
  up: false,
  errorClass,
  message,
  restingUntilMs: untilMs,
})
