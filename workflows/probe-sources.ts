import { ActivityFailure, isCancellation, proxyActivities, TimeoutFailure } from '@temporalio/workflow'
import type { SyncActivities } from './contract/activities.ts'
import { sourceTaskQueue } from './contract/ids.ts'
import type { SourcePlace } from './contract/messages.ts'
import {
  PROBE_LIMIT_MS,
  PROBE_TOTAL_LIMIT_MS,
  type ProbedPlace,
  type ProbeSourcesInput,
} from './contract/probe.ts'

/** Asks every place once, all at the same time. None of them can hold up or spoil what the others said. */
export async function probeSources({ places }: ProbeSourcesInput): Promise<ProbedPlace[]> {
  return await Promise.all(places.map(probe))
}

async function probe(place: SourcePlace): Promise<ProbedPlace> {
  const { probeSource } = proxyActivities<SyncActivities>({
    taskQueue: sourceTaskQueue(place.source),
    startToCloseTimeout: PROBE_LIMIT_MS,
    scheduleToCloseTimeout: PROBE_TOTAL_LIMIT_MS,
    // A hang that comes first says most.
    retry: { maximumAttempts: 1 },
    summary: `test of ${place.source} ${place.site}`,
  })
  try {
    const { latencyMs = null, ...outcome } = await probeSource(place)
    return { ...place, ...outcome, latencyMs, silent: false }
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
    return { ...place, ...silence(error.cause), up: false, latencyMs: null, restingUntilMs: 0 }
  }
}

function silence(cause: Error | undefined): Pick<ProbedPlace, 'errorClass' | 'message' | 'silent'> {
  if (!(cause instanceof TimeoutFailure))
    return { errorClass: null, message: cause?.message ?? 'the probe ended without a result', silent: false }
  if (cause.timeoutType === 'START_TO_CLOSE') {
    const message = `no answer within ${PROBE_LIMIT_MS / 1_000} s: it hangs, or a run takes all of its turns`
    return { errorClass: 'Transient', message, silent: true }
  }
  const message = `no worker took it within ${PROBE_TOTAL_LIMIT_MS / 1_000} s: see its log`
  return { errorClass: null, message, silent: false }
}
