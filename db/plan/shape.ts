import type { Capability } from '../../market/capability.ts'
import type { Dataset } from '../../market/datasets.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { RunSettings } from '../../market/run-settings.ts'
import type { SourceName } from '../../market/sources.ts'
import type { MarketFacts } from '../../planning/market-facts.ts'
import type { DateRange, WantedItem } from '../../planning/types.ts'
import type { Sql } from '../client.ts'
import type { NewBatch } from '../queries/batches.ts'
import type { StoredCoverage } from '../queries/planning.ts'
import type { Candidate, RankedSource, ReadyCandidate, SampledDepth, Skipped } from './candidates.ts'

/** What planning depends on besides the parameters of the run. */
export interface PlanContext extends RunSettings {
  sql: Sql
  /** Sources that are switched on, the preferred one first. */
  sources: readonly RankedSource[]
  depths: readonly SampledDepth[]
  /** Lists that came a short while ago are asked for again: the run is about them. */
  listsAgain: boolean
  now: () => Date
}

/** One dataset with dates and those who may bring it, of whom there is one at least. */
export interface DatedInput {
  context: PlanContext
  params: RunParams
  dataset: Dataset
  candidates: readonly ReadyCandidate[]
  skipped: Skipped[]
  market: MarketFacts
  /** What comes with answers that are planned already. */
  along?: readonly StoredCoverage[]
  /** The run is about these cells alone; absent: about all that its parameters name. */
  only?: readonly WantedItem[]
}

/** A source that may do batches of a dataset. */
export interface PlannedSource {
  source: SourceName
  site: string
  /** Only batches that name it: of the others there are more than it may safely be asked. */
  boundOnly?: true
}

/** Batches that are planned, and counted, for one source. */
export interface PlannedPart {
  source: SourceName
  capability: Capability
  batches: NewBatch[]
  /** Rows that one answer can hold of these cells at most; null where that is not known. */
  largestAnswer: number | null
}

/** Batches of one dataset and who may bring them. When all sources do everything there is one for each of them. */
export interface DatasetPlan {
  dataset: Dataset
  /** The one that most of it is planned for; null when nobody can bring it. */
  source: SourceName | null
  capability: Capability | null
  /** Those that name a source are for that one alone. */
  batches: NewBatch[]
  parts: PlannedPart[]
  range: DateRange | null
  /** Best first. */
  sources: PlannedSource[]
  skipped: Skipped[]
  /** What a person should know of it, e.g. an exchange that nobody serves. */
  notes: string[]
}

/** The plan of a dataset that some candidates may bring, best first. */
export function planOf(
  dataset: Dataset,
  candidates: readonly Candidate[],
  known: Partial<Omit<DatasetPlan, 'source' | 'capability' | 'batches'>>,
): DatasetPlan {
  const { parts = [] } = known
  const [first] = candidates
  return {
    dataset,
    source: parts[0]?.source ?? first?.name ?? null,
    capability: parts[0]?.capability ?? first?.capability ?? null,
    batches: parts.flatMap((part) => part.batches),
    parts,
    range: null,
    sources: candidates.map(placeOf),
    skipped: [],
    notes: [],
    ...known,
  }
}

export const placeOf = ({ name, capability }: Candidate): PlannedSource => ({
  source: name,
  site: capability.site,
})

/** A part of a plan; bound batches are for the candidate alone. */
export const partOf = (
  { name, capability }: Candidate,
  batches: readonly NewBatch[],
  { bound = false, largestAnswer = null }: { bound?: boolean; largestAnswer?: number | null } = {},
): PlannedPart => ({
  source: name,
  capability,
  batches: bound ? batches.map((batch) => ({ ...batch, source: name })) : [...batches],
  largestAnswer,
})
