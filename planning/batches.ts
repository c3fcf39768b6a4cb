import type { Exchange } from '../market/symbol.ts'
import { ALL_EXCHANGES, exchangesField } from './exchanges.ts'
import type { CallGroup } from './groups.ts'
import type { Region, RegionItem } from './types.ts'

/** How large one batch may be: its calls are the unit of retry on another source, its symbols that of progress. */
export interface BatchLimits {
  maxSymbolsPerBatch: number
  callsPerBatch: number
}

/** The contract of a batch: at most 500 symbols and about 30 calls. */
export const BATCH_LIMITS: BatchLimits = { maxSymbolsPerBatch: 500, callsPerBatch: 30 }

// A region is JSON in a row of sync_batch: 4,000 items are about 250 KB. Only scattered holes come near it.
const MAX_ITEMS = 4000

type Content = Pick<CallGroup, 'items' | 'dates' | 'requests'>

/**
 * Joins the contents of consecutive calls into regions within the limits. A single call is never cut.
 *
 * @param exchanges what regions of the whole market are about
 */
export function regionsOf(
  groups: Iterable<Content>,
  limits: BatchLimits,
  exchanges: readonly Exchange[] = ALL_EXCHANGES,
): Region[] {
  const regions: Region[] = []
  let open: Content[] = []
  let symbols = new Set<number>()
  let items = 0
  let requests = 0
  const close = (): void => {
    regions.push(...regionOf(open, exchanges))
    open = []
    symbols = new Set()
    items = requests = 0
  }
  for (const group of groups) {
    const ids = new Set(group.items.map((item) => item.id).filter((id) => !symbols.has(id)))
    const tooMany =
      requests + group.requests > limits.callsPerBatch ||
      symbols.size + ids.size > limits.maxSymbolsPerBatch ||
      items + group.items.length > MAX_ITEMS
    const otherKind = open.some(isMarket) !== isMarket(group)
    if (open.length > 0 && (tooMany || otherKind)) close()
    for (const item of group.items) symbols.add(item.id)
    open.push(group)
    items += group.items.length
    requests += group.requests
  }
  close()
  return regions
}

const isMarket = ({ items }: Content): boolean => items.length === 0

/** The region of several calls; they are either all by symbols or all of the whole market. Empty for no calls. */
function regionOf(groups: readonly Content[], exchanges: readonly Exchange[]): Region[] {
  const items = groups.flatMap((group) => group.items)
  const dates = groups.flatMap((group) => group.dates)
  if (items.length > 0) return [symbolsRegion(items)]
  return dates.length > 0 ? [{ kind: 'market', dates, ...exchangesField(exchanges) }] : []
}

/** A region of items, which keep their order: it is the order in which calls are filled. */
export function symbolsRegion(items: readonly RegionItem[]): Region {
  let from = items[0]?.from ?? ''
  let to = items[0]?.to ?? ''
  for (const item of items) {
    if (item.from < from) from = item.from
    if (item.to > to) to = item.to
  }
  return { kind: 'symbols', from, to, items }
}
