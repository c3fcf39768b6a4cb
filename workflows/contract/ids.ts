import type { SourceName } from '../../market/sources.ts'

/** Workflows and the activities that touch no upstream. */
export const TASK_QUEUE = 'ashare-sync'

/** Batches of a source run on its own queue, so that a slow upstream holds up no other work. */
export const sourceTaskQueue = (source: SourceName): string => `ashare-sync-${source}`

/** One workflow id per run, whatever its attempt: two executions of a run cannot be open at once. */
export const runWorkflowId = (runId: string): string => `sync/${runId}`

/** Registered on the server at start; they make runs findable in the Temporal Web UI. */
export const SEARCH_ATTRIBUTES = {
  SyncJob: 'Keyword',
  SyncRunId: 'Keyword',
  SyncSource: 'Keyword',
  SyncState: 'Keyword',
} as const
