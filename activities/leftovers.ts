import type { Sql, Tx } from '../db/client.ts'
import { type Leftover, leftoversOf } from '../db/queries/shortfalls.ts'
import { counted } from '../market/counted.ts'

/**
 * What each source left undone, in words, one line for each dataset: that others brought it must not hide it. Rows that
 * were refused, of lists as well, are told with the place where they are kept.
 */
export async function leftoverLines(sql: Sql | Tx, runId: string): Promise<string[]> {
  return (await leftoversOf(sql, runId)).map((leftover) => lineOf(runId, leftover))
}

function lineOf(runId: string, leftover: Leftover): string {
  const { dataset, source, failures, failure, refused, refusal, missing } = leftover
  const kept = `/api/quarantine?run_id=${runId}&dataset=${dataset}&source=${source}`
  const parts = [
    failures > 0 ? `${counted(failures, 'failure')} (${failure ?? 'no reason'})` : null,
    refused > 0 ? `${counted(refused, 'row')} refused (${refusal ?? 'no reason'})` : null,
    missing > 0 ? `${counted(missing, 'cell')} missing in its answers` : null,
  ].filter((part) => part !== null)
  return `${dataset} of ${source}: ${parts.join(', ')}${refused > 0 ? `; what was refused: GET ${kept}` : ''}`
}
