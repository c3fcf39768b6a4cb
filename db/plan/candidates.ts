import {
  type CallLimits,
  type Capability,
  type CapabilityTable,
  depthKey,
  onlyRides,
  permitted,
} from '../../market/capability.ts'
import type { Dataset } from '../../market/datasets.ts'
import type { TradeDate } from '../../market/date.ts'
import type { SourceName } from '../../market/sources.ts'
import { roughRequests } from '../../planning/cheapest.ts'
import { ofExchanges } from '../../planning/exchanges.ts'
import { type MarketFacts, newestReady, resolveCapability } from '../../planning/market-facts.ts'
import { servedItems } from '../../planning/served.ts'
import { trackOf } from '../../planning/tracks.ts'
import type { PlanInstrument, ResolvedCapability, WantedItem } from '../../planning/types.ts'

/*
 * Who may bring a dataset, best first, and who is left out with the reason.
 */

/** A source as planning knows it: what it can do, in no way how. */
export interface PlanSource {
  capabilities: CapabilityTable
  /** The requests that make up a list. */
  partsOf(dataset: Dataset): readonly string[]
  limitsOf(budget: string): CallLimits
}

export interface RankedSource extends PlanSource {
  name: SourceName
  /** Interfaces that the account may not call. */
  deniedApis: ReadonlySet<string>
}

/** How far back by-date calls reach, as sampled; null: not even the newest session. */
export interface SampledDepth {
  source: string
  dataset: string
  from: TradeDate | null
}

export interface Skipped {
  source: SourceName
  reason: string
}

/** A source that is switched on, has the dataset and may be asked for it. */
export interface Candidate {
  name: SourceName
  source: PlanSource
  capability: Capability
}

/** A candidate with what it can do right now. */
export interface ReadyCandidate extends Candidate {
  resolved: ResolvedCapability
  lastReady: TradeDate | null
}

export interface Candidates {
  candidates: Candidate[]
  skipped: Skipped[]
  /** Sources that bring it with the answers of another dataset. */
  riders: { source: SourceName; ridesOn: Dataset }[]
}

/** The sources for a dataset, as far as that is known without its cells. */
export function candidatesOf(sources: readonly RankedSource[], dataset: Dataset): Candidates {
  const found: Candidates = { candidates: [], skipped: [], riders: [] }
  for (const source of sources) {
    const { name } = source
    const served = source.capabilities[dataset]
    const capability = served && (permitted(served, source.deniedApis) ?? served)
    if (!capability) found.skipped.push({ source: name, reason: 'lacks the dataset' })
    else if (source.deniedApis.has(capability.api))
      found.skipped.push({ source: name, reason: `permission: the account may not call ${capability.api}` })
    else if (capability.ridesOn && onlyRides(capability))
      found.riders.push({ source: name, ridesOn: capability.ridesOn })
    else found.candidates.push({ name, source, capability })
  }
  return found
}

/** @param depths what was sampled of any source */
export function readyCandidate(
  candidate: Candidate,
  dataset: Dataset,
  facts: { now: Date; depths: readonly SampledDepth[]; market: MarketFacts },
): ReadyCandidate {
  const { name, capability } = candidate
  const { calendar } = facts.market
  const known = facts.depths.find(
    (depth) => depth.source === name && depth.dataset === depthKey(dataset, capability),
  )
  return {
    ...candidate,
    resolved: resolveCapability(capability, { now: facts.now, calendar, depth: known?.from ?? null }),
    lastReady: newestReady(facts.now, capability, calendar),
  }
}

export const servesOf = ({ capability }: Candidate): ((instrument: PlanInstrument) => boolean) =>
  ofExchanges(capability.exchanges)

/** Those that serve the exchange of some instrument; all of them where there is no instrument. */
export function withExchange<C extends Candidate>(
  candidates: readonly C[],
  instruments: readonly PlanInstrument[],
): { kept: C[]; skipped: Skipped[] } {
  const has = (candidate: C) => instruments.length === 0 || instruments.some(servesOf(candidate))
  return parted(candidates, (candidate) => (has(candidate) ? null : 'lacks the exchange'))
}

/**
 * Those that may safely be asked for all that they have of what is wanted: the rest would take more than a day's calls.
 * The only one always stays, as does the first when none is left.
 */
export function withinLimits(
  candidates: readonly ReadyCandidate[],
  wanted: (candidate: ReadyCandidate) => readonly WantedItem[],
  market: MarketFacts,
): { kept: ReadyCandidate[]; skipped: Skipped[]; exceeding: ReadyCandidate[] } {
  const { kept: able, skipped: tooDear } = parted(candidates, (candidate) =>
    candidate.capability.forSingles && exceedsDay(candidate, wanted(candidate), market)
      ? 'it is for single symbols: the plan takes more than a day'
      : null,
  )
  if (tooDear.length > 0) {
    const rest = withinLimits(able, wanted, market)
    return { ...rest, skipped: [...tooDear, ...rest.skipped] }
  }
  if (candidates.length < 2) return { kept: [...candidates], skipped: [], exceeding: [] }
  const { kept, skipped } = parted(candidates, (candidate) =>
    exceedsDay(candidate, wanted(candidate), market) ? 'the plan exceeds what it may safely be asked' : null,
  )
  const [first] = candidates
  if (kept.length === 0 && first) kept.push(first)
  return {
    kept,
    skipped: skipped.filter(({ source }) => !kept.some(({ name }) => name === source)),
    exceeding: candidates.filter((candidate) => !kept.includes(candidate)),
  }
}

/** True when it would take more than a day's calls. */
export function exceedsDay(
  candidate: ReadyCandidate,
  wanted: readonly WantedItem[],
  market: MarketFacts,
): boolean {
  const { source, resolved, lastReady } = candidate
  const { perDay } = source.limitsOf(resolved.budget)
  if (perDay === null) return false
  const { calendar, byId, marketRows } = market
  const { served } = servedItems(wanted, { capability: resolved, calendar, lastReady })
  const tracks = served.map(({ instrument, ranges }) => trackOf(instrument, ranges, calendar))
  const context = {
    dataset: 'bars' as const,
    capability: resolved,
    instrumentsById: byId,
    calendar,
    marketRows,
  }
  return roughRequests(tracks, context) * (resolved.requestsPerCall ?? 1) > perDay
}

function parted<C extends Candidate>(
  candidates: readonly C[],
  reasonFor: (candidate: C) => string | null,
): { kept: C[]; skipped: Skipped[] } {
  const kept: C[] = []
  const skipped: Skipped[] = []
  for (const candidate of candidates) {
    const reason = reasonFor(candidate)
    if (reason === null) kept.push(candidate)
    else skipped.push({ source: candidate.name, reason })
  }
  return { kept, skipped }
}
