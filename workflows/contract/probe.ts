import type { SourceErrorClass } from '../../market/source-errors.ts'
import type { SourcePlace } from './messages.ts'

/*
 * A person asks whether the sources answer: no run, so no row in the database. One execution for each time that it is
 * asked.
 */

export const PROBE_SOURCES_WORKFLOW = 'probeSources'

export const probeWorkflowId = (id: string): string => `probe/${id}`

// A person waits for it. Sources allow themselves more, up to two minutes, but who answers that slowly is no help now.
export const PROBE_LIMIT_MS = 15_000
/** From the request to the result, so with the wait for a worker. */
export const PROBE_TOTAL_LIMIT_MS = 20_000

export interface ProbeSourcesInput {
  /** Asked all at once. */
  places: SourcePlace[]
}

export interface ProbedPlace extends SourcePlace {
  up: boolean
  /** What was wrong; also set where it answered with a refusal, e.g. of the token. */
  errorClass: SourceErrorClass | null
  message: string
  latencyMs: number | null
  /** When it may be asked again; 0 when it is up. */
  restingUntilMs: number
  /** It was asked and said nothing in time: its breaker does not know of it. */
  silent: boolean
}
