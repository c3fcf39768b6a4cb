import type { WorkflowClientInterceptor } from '@temporalio/client'
import { defaultPayloadConverter } from '@temporalio/common'
import type { Tracing } from '../../tracing/tracing.ts'
import { toCarrier, TRACE_HEADER } from '../../workflows/contract/trace-context.ts'

/** Gives each workflow that is started the trace of who starts it. */
export const traceStarts = (tracing: Tracing): WorkflowClientInterceptor => ({
  startWithDetails: (input, next) =>
    tracing.inSpan(
      {
        name: `StartWorkflow:${input.workflowType}`,
        kind: 'producer',
        attributes: { 'temporal.workflow_id': input.options.workflowId },
      },
      (span) => {
        const carrier = defaultPayloadConverter.toPayload(toCarrier(span.context))
        return next({ ...input, headers: { ...input.headers, [TRACE_HEADER]: carrier } })
      },
    ),
})
