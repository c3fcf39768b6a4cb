import { logRun } from '../db/queries/logs.ts'
import type { SourceCall } from '../market/capability.ts'
import { SourceError } from '../sources/errors.ts'
import type { Work } from './batch-work.ts'

/**
 * Some symbols may have no rows. A market without a single one on an open day is an upstream in trouble; on the newest day
 * it is one that is late, and can do all the rest.
 */
export function noRow({ source, lastReady }: Work, { dataset, from, to }: SourceCall): SourceError {
  const isLate = from === to && to === lastReady
  return new SourceError({
    source: source.name,
    api: dataset,
    errorClass: isLate ? 'NotPublished' : 'Transient',
    upstreamMessage: `no row for the whole market from ${from ?? ''} to ${to ?? ''}`,
  })
}

/** True for a day that an upstream does not have yet. */
export const isNotPublished = (error: unknown): error is SourceError =>
  error instanceof SourceError && error.errorClass === 'NotPublished'

/** Says that the batch went on without the newest day: others may bring it before anybody sees its failure. */
export async function noteLate({ deps, input, batch }: Work, { message }: SourceError): Promise<void> {
  await logRun(deps.db.sql, {
    runId: input.runId,
    level: 'warn',
    message: `${batch.dataset} batch ${input.seq} goes on without the newest day: ${message}`,
  })
}
