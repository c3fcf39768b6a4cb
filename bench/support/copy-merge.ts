import type { Sql, Tx } from '../../db/client.ts'
import { copyChunks, copyInto, type DatedDataset, MERGES, type MergeCounts, type StagedRows } from '../../db/merge.ts'

export * from '../../db/merge.ts'

/**
 * What `mergeRows` is measured against: plain COPY of the same bytes into the same table with its partitions and
 * indexes. No staging, no look at what is there: a row that exists already fails the whole answer.
 */
export async function mergeRows(tx: Tx, dataset: DatedDataset, rows: StagedRows): Promise<MergeCounts> {
  const { table, extraKey, values } = MERGES[dataset]
  const columns = ['instrument_id', 'symbol', 'trade_date', ...extraKey, ...Object.keys(values)]
  const fresh = unseen(rows)
  await copyInto(tx, `${table} (${columns.join(', ')})`, fresh)
  return { inserted: fresh.count, updated: 0, unchanged: rows.count - fresh.count }
}

const seen = new Set<string>()

/** Calls overlap here and there, and COPY has no way to leave out what is there already. */
function unseen(rows: StagedRows): StagedRows {
  const lines = rows.chunks.flatMap((chunk) => chunk.toString('latin1').slice(0, -1).split('\n'))
  const fresh = lines.filter((line) => {
    const key = line.slice(0, line.indexOf('\t', line.indexOf('\t') + 12))
    return seen.size < seen.add(key).size
  })
  return fresh.length === lines.length ? rows : copyChunks(fresh)
}

/** Lets the tables fill in what is the same in every row of a run, which COPY cannot. */
export async function prepareForCopy(sql: Sql): Promise<void> {
  for (const { table, fixed } of Object.values(MERGES)) {
    const constants = { ...fixed, source: 'tushare', run_id: RUN, data_type: 'daily_history' }
    const defaults = Object.entries(constants).map(([name, value]) => `alter ${name} set default '${value}'`)
    await sql.unsafe(`alter table ${table} ${defaults.join(', ')}`)
  }
}

// The run is not known before it starts: any value of that width does.
const RUN = '00000000-0000-4000-8000-000000000000'
