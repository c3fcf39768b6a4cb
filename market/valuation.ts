import type { Dataset } from './datasets.ts'
import { IMPORT_SOURCE, type RowSource, type SourceName } from './sources.ts'

/*
 * No source has all of a daily valuation. A part is what stands or falls together: a cell that only a source without market
 * values has brought is still asked of one that has them.
 *
 * What a single source has besides (`pe_dynamic`, `pcf_ncf_ttm`) is taken where it comes along, and is no reason to ask.
 */

/** `ratios`: price against earnings, book value, sales over whole years; `worth`: market values and shares. */
type ValuationPart = 'ratios' | 'worth'

const PARTS: Readonly<Record<SourceName, readonly ValuationPart[]>> = {
  tushare: ['ratios', 'worth'],
  baostock: ['ratios'],
  akshare: ['worth'],
}

const TITLES: Readonly<Record<ValuationPart, string>> = {
  ratios: 'trailing ratios',
  worth: 'market values and shares',
}

/** A dataset that takes several sources to be whole. */
export const comesInParts = (dataset: Dataset): boolean => dataset === 'daily_basic'

/** How much of a valuation a source has. */
export const partCount = (source: SourceName): number => PARTS[source].length

/** True when the source has a part of the dataset that the other one lacks. */
export const hasMore = (dataset: Dataset, source: SourceName, than: RowSource): boolean =>
  comesInParts(dataset) && PARTS[source].some((part) => !partsOf(than).includes(part))

// A file has what its owner kept: whoever imports valuations has what is wanted of those days.
const partsOf = (source: RowSource): readonly ValuationPart[] =>
  source === IMPORT_SOURCE ? ['ratios', 'worth'] : PARTS[source]

/** Parts that none of the sources has, in words. */
export const partsWithout = (sources: readonly SourceName[]): string[] =>
  (Object.keys(TITLES) as ValuationPart[])
    .filter((part) => !sources.some((source) => PARTS[source].includes(part)))
    .map((part) => TITLES[part])
