import type { Client } from '@temporalio/client'
import type { SourceErrorClass } from '../../../market/source-errors.ts'
import type { SourceName } from '../../../market/sources.ts'
import type { BatchOutcome, ClosedRun, ProbeOutcome } from '../../../workflows/contract/messages.ts'

/** What the Temporal Web UI shows of one call of an activity that asks a source. */
export interface Attempt {
  activity: 'syncBatch' | 'probeSource'
  source: SourceName
  /** `bars batch 4 on tushare, isolating` */
  summary: string
  /** Of a refusal for the rate that is waited for: RateLimited. */
  errorClass: SourceErrorClass | null
  reason: string | null
  /** Epoch milliseconds. */
  startedMs: number
  endedMs: number
  /** Until when the place rests because of it; null when it need not. */
  restingUntilMs: number | null
}

export interface SeenInUi {
  attempts: Attempt[]
  /** Everything that can be read of it there, one text a line. */
  text: string
}

interface Payload {
  data?: Uint8Array | null
}

// What the Web UI asks to show the details of a workflow.
const METADATA_QUERY = '__temporal_workflow_metadata'

/** What the Web UI shows as the current details of a run; empty before its first step. */
export async function currentDetails(client: Client, workflowId: string): Promise<string> {
  const { currentDetails: details } = await client.workflow
    .getHandle(workflowId)
    .query<{ currentDetails?: string }>(METADATA_QUERY)
  return details ?? ''
}

type Asked = Pick<Attempt, 'activity' | 'source' | 'summary' | 'startedMs'>

/** The history of a run as it is so far. */
export async function seenInUi(client: Client, workflowId: string): Promise<SeenInUi> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory()
  const calls = new Map<string, Asked>()
  const attempts: Attempt[] = []
  const texts: string[] = []
  for (const event of events ?? []) {
    const begun = event.activityTaskScheduledEventAttributes
    const activity = begun?.activityType?.name
    if (activity === 'syncBatch' || activity === 'probeSource') {
      const { source } = decoded(begun?.input?.payloads) as { source: SourceName }
      const summary = decoded([event.userMetadata?.summary ?? {}]) as string
      calls.set(String(event.eventId), { activity, source, summary, startedMs: 0 })
    }
    const started = event.activityTaskStartedEventAttributes
    const call = calls.get(String(started?.scheduledEventId))
    if (call) call.startedMs = msOf(event.eventTime)
    const ended = event.activityTaskCompletedEventAttributes
    const asked = calls.get(String(ended?.scheduledEventId))
    if (asked) {
      const outcome = decoded(ended?.result?.payloads) as BatchOutcome | ProbeOutcome
      attempts.push({ ...asked, ...troubleIn(outcome), endedMs: msOf(event.eventTime) })
    }
    const closed = event.workflowExecutionCompletedEventAttributes
    if (closed) texts.push(...((decoded(closed.result?.payloads) as ClosedRun).notes ?? []))
  }
  texts.push(...attempts.map(({ summary, reason }) => `${summary}: ${reason ?? ''}`))
  return { attempts, text: texts.join('\n') }
}

interface Timestamp {
  seconds?: { toNumber(): number } | null
  nanos?: number | null
}

const msOf = (at: Timestamp | null | undefined): number =>
  (at?.seconds?.toNumber() ?? 0) * 1_000 + (at?.nanos ?? 0) / 1e6

function decoded(payloads: Payload[] | null | undefined): unknown {
  const data = payloads?.[0]?.data
  return data ? JSON.parse(Buffer.from(data).toString()) : null
}

function troubleIn(
  outcome: BatchOutcome | ProbeOutcome,
): Pick<Attempt, 'errorClass' | 'reason' | 'restingUntilMs'> {
  if ('up' in outcome) {
    const { errorClass, message, restingUntilMs } = outcome
    if (errorClass !== null) return { errorClass, reason: message, restingUntilMs: restingUntilMs || null }
  } else if (outcome.kind === 'failed') {
    const { errorClass, message, restingUntilMs } = outcome
    return { errorClass, reason: message, restingUntilMs }
  } else if (outcome.kind === 'wait')
    return { errorClass: 'RateLimited', reason: outcome.reason, restingUntilMs: null }
  return { errorClass: null, reason: null, restingUntilMs: null }
}
