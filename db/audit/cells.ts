import { CAPABILITIES } from '../../market/capabilities.ts'
import { type Dataset, DATASET_NAMES, DATASETS } from '../../market/datasets.ts'
import {
  exchangesOf,
  ROW_SOURCES,
  type RowSource,
  SOURCE_NAMES,
  type SourceName,
} from '../../market/sources.ts'
import type { Exchange } from '../../market/symbol.ts'

/*
 * Datasets with one row per instrument and session: those whose days can be counted and whose cells can be looked for.
 */

export type SessionDataset = Extract<Dataset, 'bars' | 'adj_factor' | 'daily_basic' | 'index_bars'>

interface SessionCells {
  table: string
  /** Rows `x` of the table that count. */
  where: string
  /** No row on days without trade. Factors have one, and indices always trade. */
  traded: boolean
}

export const SESSION_CELLS: Readonly<Record<SessionDataset, SessionCells>> = {
  bars: { table: 'bars', where: "x.period = 'daily'", traded: true },
  adj_factor: { table: 'adj_factor', where: 'true', traded: false },
  daily_basic: { table: 'daily_basic', where: 'true', traded: true },
  index_bars: { table: 'index_bars', where: 'true', traded: false },
}

export const SESSION_DATASETS = DATASET_NAMES.filter(
  (dataset): dataset is SessionDataset => DATASETS[dataset].cell === 'session',
)

/** Sources that have rows of a dataset only where something changed: a cell without a row lacks nothing there. */
export const sparseSources = (dataset: Dataset): SourceName[] =>
  SOURCE_NAMES.filter((source) => CAPABILITIES[source][dataset]?.sparse === true)

/** Exchanges that coverage of a source's whole market extends to. */
export const servedBy = (source: RowSource): readonly Exchange[] => exchangesOf(source)

/** Pairs of source and exchange, one list each: for `unnest`. */
export function servedPairs(sources: readonly RowSource[] = ROW_SOURCES): [string[], string[]] {
  const pairs = sources.flatMap((source) => servedBy(source).map((exchange) => [source, exchange] as const))
  return [pairs.map(([source]) => source), pairs.map(([, exchange]) => exchange)]
}
