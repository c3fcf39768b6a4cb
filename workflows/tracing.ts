import { defaultPayloadConverter, type Headers } from '@temporalio/common'
import {
  ContinueAsNew,
  isCancellation,
  proxySinks,
  type WorkflowInterceptors,
  workflowInfo,
} from '@temporalio/workflow'
import {
  fromCarrier,
  spanIdOf,
  toCarrier,
  TRACE_HEADER,
  type TraceCarrier,
  type TraceContext,
  traceIdOf,
  type TraceSinks,
} from './contract/trace-context.ts'

/*
 * Hands the trace of an execution on to its children and its next execution, and to activities the one that it was started
 * with: without any, a worker knows from the execution's id what its trace is. Tells when an execution ended. Everything
 * follows from the history: no random number is drawn and no promise is put between, so that histories replay whether they
 * were recorded with traces or without.
 */

const { traces } = proxySinks<TraceSinks>()

const contextIn = (headers: Headers): TraceContext | null => {
  const payload = headers[TRACE_HEADER]
  return payload ? fromCarrier(defaultPayloadConverter.fromPayload<TraceCarrier>(payload)) : null
}

function tellEnd(parent: TraceContext | null, error: unknown): void {
  const { runId, runStartTime, unsafe } = workflowInfo()
  if (unsafe.isReplaying) return
  const failed = error !== undefined && !(error instanceof ContinueAsNew) && !isCancellation(error)
  traces.ended({
    traceId: parent?.traceId ?? traceIdOf(runId),
    spanId: spanIdOf(runId),
    parentSpanId: parent?.spanId ?? null,
    sampled: parent?.sampled ?? null,
    startMs: runStartTime.getTime(),
    endMs: Date.now(),
    failure: failed ? (error instanceof Error ? error.name : 'Error') : null,
  })
}

/** Part of the workflow bundle; the SDK calls it for each execution. */
export const interceptors = (): WorkflowInterceptors => {
  let parent: TraceContext | null = null
  const withTrace = <T extends { readonly headers: Headers }>(input: T): T => {
    const { runId } = workflowInfo()
    const { traceId, sampled } = parent ?? { traceId: traceIdOf(runId), sampled: null }
    const own = toCarrier({ traceId, spanId: spanIdOf(runId), sampled })
    return {
      ...input,
      headers: { ...input.headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(own) },
    }
  }
  return {
    inbound: [
      {
        execute: (input, next) => {
          parent = contextIn(input.headers)
          const done = next(input)
          done.then(
            () => tellEnd(parent, undefined),
            (error: unknown) => tellEnd(parent, error),
          )
          return done
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(parent ? withTrace(input) : input),
        startChildWorkflowExecution: (input, next) => next(withTrace(input)),
        continueAsNew: (input, next) => next(withTrace(input)),
      },
    ],
  }
}
