import { defaultPayloadConverter, type Headers } from '@temporalio/common'
import {
  ContinueAsNew,
  isCancellation,
  proxySinks,
  type WorkflowInterceptors,
  workflowInfo,
} from '@temporalio/workflow'
import {
  formatTraceparent,
  parseTraceparent,
  spanIdOf,
  TRACE_HEADER,
  type TraceContext,
  traceIdOf,
  type TraceSinks,
} from './contract/trace-context.ts'

/*
 * Hands the trace that an execution was started with on to its activities, children and next execution, and tells when it
 * ended. Everything follows from the history: no header came in, none goes out. No random number is drawn and no promise
 * is put between, so that histories replay whether they were recorded with traces or without.
 */

const { traces } = proxySinks<TraceSinks>()

const contextIn = (headers: Headers): TraceContext | null => {
  const payload = headers[TRACE_HEADER]
  if (!payload) return null
  const carrier = defaultPayloadConverter.fromPayload<{ traceparent?: unknown }>(payload)
  return parseTraceparent(carrier.traceparent)
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
  let own: TraceContext | null = null
  const withTrace = <T extends { readonly headers: Headers }>(input: T): T => {
    if (own === null) return input
    const carrier = defaultPayloadConverter.toPayload({ traceparent: formatTraceparent(own) })
    return { ...input, headers: { ...input.headers, [TRACE_HEADER]: carrier } }
  }
  return {
    inbound: [
      {
        execute: (input, next) => {
          const parent = contextIn(input.headers)
          own = parent && { ...parent, spanId: spanIdOf(workflowInfo().runId) }
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
        scheduleActivity: (input, next) => next(withTrace(input)),
        startChildWorkflowExecution: (input, next) => next(withTrace(input)),
        continueAsNew: (input, next) => next(withTrace(input)),
      },
    ],
  }
}
