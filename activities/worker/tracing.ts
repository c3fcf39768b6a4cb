import type { Context } from '@temporalio/activity'
import { defaultPayloadConverter } from '@temporalio/common'
import type { ActivityInterceptors, InjectedSinks, WorkerOptions } from '@temporalio/worker'
import type { Attributes, Tracing } from '../../tracing/tracing.ts'
import {
  fromCarrier,
  TRACE_HEADER,
  type TraceCarrier,
  type TraceSinks,
} from '../../workflows/contract/trace-context.ts'

/** What a worker needs so that traces go through it; without traces it only takes what workflows say and drops it. */
export function tracingOptions(tracing: Tracing | null): Pick<WorkerOptions, 'sinks' | 'interceptors'> {
  const sinks: InjectedSinks<TraceSinks> = {
    traces: {
      ended: {
        fn: ({ workflowId, runId, workflowType }, execution) =>
          tracing?.executionEnded(`RunWorkflow:${workflowType}`, execution, {
            'temporal.workflow_id': workflowId,
            'temporal.run_id': runId,
          }),
      },
    },
  }
  if (tracing === null) return { sinks }
  return { sinks, interceptors: { activity: [(context) => traceActivity(tracing, context)] } }
}

/** A span for each attempt, inside that of its workflow. */
const traceActivity = (tracing: Tracing, { info }: Context): ActivityInterceptors => ({
  inbound: {
    execute: (input, next) => {
      const { workflowExecution: execution } = info
      const payload = input.headers[TRACE_HEADER]
      const carrier = payload && defaultPayloadConverter.fromPayload<TraceCarrier>(payload)
      const parent = fromCarrier(carrier) ?? (execution ? tracing.traceOf(execution.runId) : null)
      const attributes: Attributes = {
        'temporal.activity_id': info.activityId,
        'temporal.attempt': info.attempt,
        'temporal.task_queue': info.taskQueue,
        ...(execution && { 'temporal.workflow_id': execution.workflowId }),
      }
      const name = `RunActivity:${info.activityType}`
      return tracing.inSpan({ name, kind: 'consumer', attributes, parent }, () => next(input))
    },
  },
})
