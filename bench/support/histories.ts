import { Client, Connection } from '@temporalio/client'
import type { System } from './system.ts'
import { runWorkflowId } from '../../workflows/contract/ids.ts'

/** One execution in the chain of a run. */
export interface Segment {
  events: number
  bytes: number
  /** The largest payload, and where it is. */
  largest: { bytes: number; where: string }
}

/** Every execution of a run's workflow, oldest first, as Temporal keeps them. */
export async function segmentsOf(system: System, runId: string): Promise<Segment[]> {
  const connection = await Connection.connect({ address: system.stack.addresses.temporal })
  try {
    const client = new Client({ connection, namespace: system.namespace })
    const workflowId = runWorkflowId(runId)
    const segments: Segment[] = []
    let execution: string | undefined
    for (;;) {
      const handle: ReturnType<typeof client.workflow.getHandle> = client.workflow.getHandle(
        workflowId,
        execution,
      )
      const { events } = await handle.fetchHistory()
      const [first] = events ?? []
      segments.unshift(measure(events ?? []))
      const before: string | null | undefined =
        first?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId
      if (!before) return segments
      execution = before
    }
  } finally {
    await connection.close()
  }
}

function measure(events: readonly object[]): Segment {
  const segment: Segment = { events: events.length, bytes: 0, largest: { bytes: 0, where: 'none' } }
  for (const event of events) {
    for (const [name, value] of Object.entries(event)) {
      if (!name.endsWith('EventAttributes') || value === null) continue
      for (const bytes of payloadsIn(value)) {
        segment.bytes += bytes
        if (bytes > segment.largest.bytes)
          segment.largest = { bytes, where: name.replace('EventAttributes', '') }
      }
    }
  }
  return segment
}

/** Sizes of all payloads below a value: objects with `data` and `metadata`. */
function payloadsIn(value: unknown): number[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  if ('data' in value && 'metadata' in value && value.data instanceof Uint8Array) return [value.data.length]
  return Object.values(value).flatMap(payloadsIn)
}
