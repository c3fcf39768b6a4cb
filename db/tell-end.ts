import type { NotificationEvent } from '../market/notifications.ts'
import type { Tx } from './client.ts'
import { type LogLevel, logRun } from './queries/logs.ts'
import { addNotice } from './queries/notifications.ts'

interface Telling {
  level: LogLevel
  /** To those who are notified. */
  notice?: { event: NotificationEvent; words: string }
}

const BY_STATUS: Readonly<Record<string, Telling>> = {
  failed: { level: 'error', notice: { event: 'run_failed', words: 'failed' } },
  terminated: { level: 'warn', notice: { event: 'run_failed', words: 'was terminated' } },
  success_with_errors: { level: 'warn', notice: { event: 'run_with_errors', words: 'ended with errors' } },
}
const QUIET: Telling = { level: 'info' }

/** An end of a run, in words without secrets. */
export interface RunEnd {
  runId: string
  /** Each owner ends once. */
  epoch: number
  job: string
  status: string
  /** For the log, behind the status. */
  line: string
  /** For the notice. */
  text: string
  errorClass?: string | null
}

/** Says in the log how a run ended and, where somebody should hear of it, in a notice. Part of the transaction that ends it. */
export async function tellEnd(tx: Tx, end: RunEnd): Promise<void> {
  const { runId, epoch, job, status, line, text, errorClass } = end
  const { level, notice } = BY_STATUS[status] ?? QUIET
  await logRun(tx, { runId, level, message: `${status}: ${line}` })
  if (!notice) return
  await addNotice(tx, {
    event: notice.event,
    title: `${job} ${notice.words}`,
    text,
    details: { run_id: runId, job, status, ...(errorClass === undefined ? {} : { error_class: errorClass }) },
    dedup: `run/${runId}/${epoch}`,
  })
}
