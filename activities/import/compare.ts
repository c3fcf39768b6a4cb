import type { Sql } from '../../db/client.ts'
import { COMPARED_DATASETS, type ComparedDataset, recordAgreement } from '../../db/queries/agreement.ts'
import { logRun } from '../../db/queries/logs.ts'
import type { Survey } from './survey.ts'

/** Holds what came against what other sources have of the same cells; what differs is kept, and a line says how much. */
export async function compareImport(
  sql: Sql,
  runId: string,
  { dataset, from, to }: Survey,
  instruments: readonly number[],
): Promise<void> {
  if (!isCompared(dataset)) return
  const counts = await recordAgreement(sql, { dataset, from, to, instruments, runId })
  const sum = (of: 'compared' | 'disagreed') => counts.reduce((total, count) => total + count[of], 0)
  const [compared, differ] = [sum('compared'), sum('disagreed')]
  if (compared === 0) return
  await logRun(sql, {
    runId,
    level: differ > 0 ? 'warn' : 'info',
    message: `${compared} values of these cells are there of two sources; ${differ} of them differ${differ > 0 ? ': see agreement' : ''}`,
  })
}

const isCompared = (dataset: string): dataset is ComparedDataset =>
  (COMPARED_DATASETS as readonly string[]).includes(dataset)
