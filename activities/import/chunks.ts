import type { Sql } from '../../db/client.ts'
import type { AnswerCommit, Claim } from '../../db/commit.ts'
import { deriveBars, lockDerivedBars } from '../../db/derive-bars.ts'
import { coverStaged } from '../../db/import/cover.ts'
import { refusedOf } from '../../db/import/stage.ts'
import { type StagedInstrument, stagedLines } from '../../db/import/survey.ts'
import { copyChunks, mergeRows } from '../../db/merge.ts'
import type { SourceCall } from '../../market/capability.ts'
import { IMPORT_JOB } from '../../market/jobs.ts'
import { IMPORT_SOURCE } from '../../market/sources.ts'
import type { Region } from '../../planning/types.ts'
import type { ImportDataset } from '../../sources/import/forms.ts'

/** Some instruments with all of their rows: what one transaction writes. */
export interface Chunk {
  instruments: readonly StagedInstrument[]
  rows: number
  from: string
  to: string
}

// A second or two of writing, and a few megabytes. Weeks and months of an instrument are made once, since all of its days
// come together.
const CHUNK_ROWS = 30_000

/** Cuts instruments into chunks, in their order: about `chunkRows` rows in each, and never a part of an instrument. */
export function chunksOf(instruments: readonly StagedInstrument[], chunkRows = CHUNK_ROWS): Chunk[] {
  const chunks: Chunk[] = []
  let own: StagedInstrument[] = []
  let rows = 0
  for (const instrument of instruments) {
    if (own.length > 0 && rows + instrument.rows > chunkRows) {
      chunks.push(chunkOf(own))
      own = []
      rows = 0
    }
    own.push(instrument)
    rows += instrument.rows
  }
  if (own.length > 0) chunks.push(chunkOf(own))
  return chunks
}

const chunkOf = (instruments: readonly StagedInstrument[]): Chunk => ({
  instruments,
  rows: instruments.reduce((sum, { rows }) => sum + rows, 0),
  from: instruments.reduce((first, { from }) => (from < first ? from : first), instruments[0]?.from ?? ''),
  to: instruments.reduce((last, { to }) => (to > last ? to : last), ''),
})

/** The chunk as a batch of one call. */
export function batchOf(dataset: ImportDataset, chunk: Chunk): { region: Region; calls: SourceCall[] } {
  const { instruments, rows, from, to } = chunk
  const symbols = instruments.flatMap((each) => each.symbols)
  return {
    region: {
      kind: 'symbols',
      from,
      to,
      items: instruments.map((each) => ({ id: each.id, from: each.from, to: each.to })),
    },
    calls: [{ dataset, symbols, from, to, part: null, rows }],
  }
}

/** What the chunk commits: rows, what exactly they cover, and the weeks and months that follow from them. */
export async function commitOf(
  sql: Sql,
  dataset: ImportDataset,
  chunk: Chunk,
  claim: Claim,
  withOthers: boolean,
): Promise<AnswerCommit> {
  const { from, to, rows } = chunk
  const instruments = chunk.instruments.map(({ id }) => id)
  const staged = copyChunks(await stagedLines(sql, dataset, instruments))
  const symbols = chunk.instruments.flatMap((each) => each.symbols)
  const context = { source: IMPORT_SOURCE, runId: claim.runId, job: IMPORT_JOB, from, to }
  const region = { source: IMPORT_SOURCE, instruments, from, to }
  return {
    claim,
    dataset,
    merge: async (tx) => {
      const counts = await mergeRows(tx, dataset, staged, context)
      if (dataset === 'bars') await lockDerivedBars(tx, region)
      await coverStaged(tx, dataset, region)
      if (dataset === 'bars') await deriveBars(tx, region, context)
      return counts
    },
    // Not a region: exactly the cells of its rows, see coverStaged.
    cover: null,
    alongside: [],
    isFollowed: false,
    resolves: false,
    missing: [],
    suspensionExplains: false,
    rejected: await refusedOf(sql, symbols, withOthers),
    requests: 0,
    cells: rows,
    countsSymbols: true,
  }
}
