import { type Dataset, DATASETS } from '../../market/datasets.ts'
import type { Want } from '../../market/run-params.ts'
import { precedenceOf, ROW_SOURCES } from '../../market/sources.ts'
import type { MarketFacts } from '../../planning/market-facts.ts'
import type { DateRange, PlanInstrument, WantedItem } from '../../planning/types.ts'
import { type SourceCoverage, subtractCovered, subtractUnmixed } from '../../planning/wanted.ts'
import type { Sql } from '../client.ts'
import { type Reread, withReread } from './reread.ts'
import { type Candidate, servesOf } from './candidates.ts'
import { loadCoverage, type StoredCoverage } from '../queries/planning.ts'

/*
 * Which cells are wanted: those of a range without what is covered, where it depends on the parameters of the run whose
 * coverage counts.
 */

/** What a candidate is planned for. */
export interface Share<C extends Candidate> {
  candidate: C
  items: WantedItem[]
}

/** What every source has brought, the switched off ones and imports too; nothing when all is to be asked again. */
export const loadCovered = async (
  sql: Sql,
  dataset: Dataset,
  refresh: boolean | undefined,
): Promise<StoredCoverage[]> => (refresh ? [] : await loadCoverage(sql, dataset, ROW_SOURCES))

/** Those whose coverage makes a cell that `planned` would bring unwanted. */
export function counting(
  covered: readonly StoredCoverage[],
  want: Want,
  planned: Candidate,
): StoredCoverage[] {
  switch (want) {
    case 'any':
      return [...covered]
    case 'upgrade':
      return covered.filter(({ source }) => precedenceOf(source) <= precedenceOf(planned.name))
    case 'each':
      return covered.filter(({ source }) => source === planned.name)
  }
}

const byPrecedence = (a: Candidate, b: Candidate) => precedenceOf(a.name) - precedenceOf(b.name)

/** Instruments by the candidate that is planned for them, which is the first that serves their exchange. */
function planned<C extends Candidate>(
  instruments: readonly PlanInstrument[],
  candidates: readonly C[],
): Map<C, PlanInstrument[]> {
  const serving = candidates.map((candidate) => ({ candidate, serves: servesOf(candidate) }))
  const shares = new Map<C, PlanInstrument[]>()
  for (const instrument of instruments) {
    const first = serving.find(({ serves }) => serves(instrument))
    if (!first) continue
    const own = shares.get(first.candidate)
    if (own) own.push(instrument)
    else shares.set(first.candidate, [instrument])
  }
  return shares
}

/**
 * The wanted cells of a dataset by who is planned for them. An upgrade is planned for the source of the best precedence,
 * anything else for the one that comes first.
 */
export function wantedShares<C extends Candidate>(options: {
  dataset: Dataset
  instruments: readonly PlanInstrument[]
  candidates: readonly C[]
  want: Want
  range: DateRange
  covered: readonly StoredCoverage[]
  reread: Reread
  market: MarketFacts
}): Share<C>[] {
  const { dataset, candidates, want, range, covered, reread } = options
  const { calendar } = options.market
  const ordered = want === 'upgrade' ? candidates.toSorted(byPrecedence) : candidates
  return [...planned(options.instruments, ordered)].map(([candidate, instruments]) => {
    const sources = counting(covered, want, candidate)
    const wanted = { instruments, range, calendar, covered: sources }
    const own = sources.find(({ source }) => source === candidate.name) ?? nothing
    const items =
      'oneSource' in DATASETS[dataset]
        ? subtractUnmixed({ ...wanted, planned: own })
        : subtractCovered(wanted)
    return { candidate, items: withReread(items, reread, { candidate, instruments, range }, calendar) }
  })
}

const nothing: SourceCoverage = { ranges: new Map(), holes: new Map(), serves: () => false }

/** All wanted cells, in the order of the instruments' ids. */
export const joined = (shares: readonly Share<Candidate>[]): WantedItem[] =>
  shares.flatMap(({ items }) => items).sort((a, b) => a.instrument.id - b.instrument.id)
