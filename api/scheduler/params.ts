import type { z } from '@hono/zod-openapi'
import type { Job } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'
import { jobRequest, type runParams, toRunParams } from '../schemas/run.ts'

// A schedule keeps them in Temporal, where payloads stay small.
const MOST_BYTES = 8_000

/**
 * Parameters of a scheduled job.
 *
 * @returns what is wrong with them, in words
 */
export function scheduledParams(
  job: Job,
  given: z.output<typeof runParams>,
): { params: RunParams; problems: [] } | { params: null; problems: string[] } {
  const checked = jobRequest.safeParse({ job, params: given })
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    return { params: null, problems }
  }
  const params = toRunParams(checked.data.params)
  return JSON.stringify(params).length > MOST_BYTES
    ? { params: null, problems: ['params: too many symbols for a schedule: leave them out, which means all'] }
    : { params, problems: [] }
}
