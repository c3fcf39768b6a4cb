import type { LogLevel } from '../../db/queries/logs.ts'
import type { Run } from './run.ts'

/** What the event stream of a run tells, by the name of the event. */
export interface RunEventData {
  log: { at: string | null; level: LogLevel; message: string; details: unknown }
  progress: Pick<
    Run,
    | 'phase'
    | 'percent'
    | 'eta_seconds'
    | 'total'
    | 'done'
    | 'inserted'
    | 'updated'
    | 'unchanged'
    | 'rejected'
    | 'errors'
    | 'calls'
    | 'cells_total'
    | 'cells_done'
    | 'batches_total'
    | 'batches_done'
  >
  state: Pick<Run, 'status' | 'message'>
}
