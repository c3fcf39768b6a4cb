import {
  CancellationScope,
  executeChild,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  setCurrentDetails,
  sleep,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow'
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common'
import { describeParams } from '../market/describe-params.ts'
import { endedByCancel } from './cancelled.ts'
import { runWorkflowId } from './contract/ids.ts'
import type { SyncRunInput } from './contract/messages.ts'
import type { EndedRun, ScheduledResult, ScheduledSyncInput } from './contract/schedule.ts'
import { abandonRun, patient } from './proxies.ts'
import type { syncRun } from './sync-run.ts'

/*
 * What a schedule starts; it lives until its run has ended, so that the next start of the schedule waits meanwhile.
 *
 *   superseded  → over
 *   lock taken  → the run as a child; started by the reconciler already → its end is waited for
 *   run failed  → once more after a while, unless its reason lasts
 *   cancelled   → over: a run under way is cancelled, one that has not begun leaves no row that waits
 */

// Outages of minutes are the usual reason; a third try meets the end of a longer one.
const TRY_AGAIN_AFTER_MS: readonly number[] = [5 * 60_000, 15 * 60_000]

const START = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME)
const JOB = defineSearchAttributeKey('SyncJob', SearchAttributeType.KEYWORD)
const RUN_ID = defineSearchAttributeKey('SyncRunId', SearchAttributeType.KEYWORD)
const STATE = defineSearchAttributeKey('SyncState', SearchAttributeType.KEYWORD)

/** One start of a job by its schedule. */
export async function scheduledSync(input: ScheduledSyncInput): Promise<ScheduledResult> {
  const waits = input.tryAgainAfterMs ?? TRY_AGAIN_AFTER_MS
  for (let tries = 1; ; tries++) {
    const result = { ...(await tryOnce(input, uuid4())), tries }
    const wait = waits[tries - 1]
    if (!result.isWorthATry || wait === undefined) return resultOf(result)
    const when = new Date(Date.now() + wait).toISOString()
    setCurrentDetails(`try ${tries} failed: ${result.message ?? ''}\n\nthe next one begins at ${when}`)
    await sleep(wait)
  }
}

interface Try extends Pick<ScheduledResult, 'outcome' | 'runId' | 'message'> {
  isWorthATry: boolean
}

const resultOf = ({ outcome, runId, tries, message }: Try & { tries: number }): ScheduledResult => ({
  outcome,
  runId,
  tries,
  message,
})

async function tryOnce({ job, params }: ScheduledSyncInput, runId: string): Promise<Try> {
  const { workflowId, typedSearchAttributes, startTime } = workflowInfo()
  const nominalTime = (typedSearchAttributes.get(START) ?? startTime).toISOString()
  setCurrentDetails(`waits for the lock, for ${nominalTime}`)
  try {
    const opened = await patient.openScheduledRun({ runId, job, params, nominalTime, requestId: workflowId })
    if (opened.kind === 'superseded') {
      const message = `run ${opened.by} began later and has brought it all`
      return { outcome: 'superseded', runId: opened.by, message, isWorthATry: false }
    }
    setCurrentDetails(`run \`${runId}\``)
    const { status, ...end } = await perform(
      { runId, epoch: opened.epoch, job, requestId: workflowId },
      describeParams(params),
    )
    return { outcome: status, runId, ...end }
  } catch (error) {
    if (endedByCancel(error)) await CancellationScope.nonCancellable(() => abandonRun({ runId }))
    throw error
  }
}

/** The end of the run as the database has it, whoever started its workflow and however that ended. */
async function perform(input: SyncRunInput, what: string): Promise<EndedRun> {
  const { runId, epoch, job } = input
  let isOurs = true
  try {
    await executeChild<typeof syncRun>('syncRun', {
      workflowId: runWorkflowId(runId),
      args: [input],
      memo: { runId, job, epoch, requestId: input.requestId },
      typedSearchAttributes: new TypedSearchAttributes([
        { key: JOB, value: job },
        { key: RUN_ID, value: runId },
        { key: STATE, value: 'pending' },
      ]),
      // Whoever ends this one from outside means the run, which is to end after the commit at hand.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `${job} · ${what}`,
      staticDetails: `Run \`${runId}\` of **${job}**: ${what}.`,
    })
  } catch (error) {
    if (endedByCancel(error)) throw error
    isOurs = !(error instanceof WorkflowExecutionAlreadyStartedError)
  }
  try {
    return await patient.awaitRun({ runId })
  } catch (error) {
    if (endedByCancel(error) && !isOurs) await cancelOther(runId)
    throw error
  }
}

/** The reconciler started it, so that no cancellation reaches it from here by itself. */
async function cancelOther(runId: string): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    await getExternalWorkflowHandle(runWorkflowId(runId)).cancel()
  }).catch(() => undefined)
}
