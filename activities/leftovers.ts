import type { Sql, Tx } from '../db/client.ts'
import { type Leftover, leftoversOf } from '../db/queries/shortfalls.ts'
import { counted } from '../market/counted.ts'

/**
 * What each source left undone, in words, one line for each dataset: that others brought it must not hide it.
 */
export async function leftoverLines(sql: Sql | Tx, runId: string): Promise<string[]> {
  return (await leftoversOf(sql, runId)).map(lineOf)
}

function lineOf({ dataset, source, failures, failure, refused, refusal, missing }: Leftover): string {
  const parts = [
    failures > 0 ? `${counted(failures, 'failure')} (${failure ?? 'no reason'})` : null,
    refused > 0 ? `${counted(refused, 'row')} refused (${refusal ?? 'no reason'})` : null,
    missing > 0 ? `${counted(missing, 'cell')} missing in its answers` : null,
  ].filter((part) => part !== null)
  return `${dataset} of ${source}: ${parts.join(', ')}`
}
