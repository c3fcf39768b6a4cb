import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Tx } from '../../db/client.ts'
import { type DatedDataset, MERGES, type MergeCounts, type StagedLine } from '../../db/merge.ts'

export * from '../../db/merge.ts'

/**
 * What `mergeRows` is measured against: plain COPY of the same lines into the same table with its partitions and
 * indexes. No staging, no look at what is there: a row that exists already fails the whole answer.
 */
export async function mergeRows(
  tx: Tx,
  dataset: DatedDataset,
  lines: readonly StagedLine[],
  context: { source: string; runId: string; job: string },
): Promise<MergeCounts> {
  const { table, extraKey, values, fixed } = MERGES[dataset]
  const columns = ['instrument_id', 'symbol', 'trade_date', ...extraKey, ...Object.keys(values)]
  const constants = { ...fixed, source: context.source, run_id: context.runId, data_type: context.job }
  const all = [...columns, ...Object.keys(constants)].join(', ')
  const tail = `\t${Object.values(constants).join('\t')}\n`
  const sink = await tx.unsafe(`copy ${table} (${all}) from stdin`).writable()
  const chunks = function* () {
    for (let i = 0; i < lines.length; i += 1_000) yield lines.slice(i, i + 1_000).join(tail) + tail
  }
  await pipeline(Readable.from(chunks()), sink)
  return { inserted: lines.length, updated: 0, unchanged: 0 }
}
