import type { BatchRow } from '../db/queries/batches.ts'
import type { Source } from '../sources/contract.ts'
import type { BatchInput } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import type { LoadedRun, MarketFacts } from './run-context.ts'

/** A batch that is being worked on, with all that its calls need. */
export interface Work {
  deps: ActivityDeps
  input: BatchInput
  run: LoadedRun
  batch: BatchRow
  source: Source
  market: MarketFacts
  signal: AbortSignal
}

/** In the last stage of a job a symbol is done when its last batch is; retries count nothing again. */
export const countsSymbols = ({ batch, run }: Work) => batch.stage === run.stages.length - 1
