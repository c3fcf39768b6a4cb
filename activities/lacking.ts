import type { NewBatch } from '../db/queries/batches.ts'
import { lackedCells } from '../db/queries/lacking.ts'
import type { Dataset } from '../market/datasets.ts'
import type { SourceName } from '../market/sources.ts'
import { symbolsRegion } from '../planning/batches.ts'
import { expectedRows } from '../planning/expected.ts'
import type { MarketFacts } from '../planning/market-facts.ts'
import type { RegionItem } from '../planning/types.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { ActivityDeps } from './deps.ts'
import { loadMarket } from './run-context.ts'

type Asked = Pick<NewBatch, 'dataset' | 'region'>

/**
 * Who was asked for what in this run already and had nothing of it. A whole answer that lacks a cell is all that a source
 * can say: asked once more it would end the batch as if it were done.
 */
export class Lacking {
  readonly #deps: ActivityDeps
  readonly #run: OwnedRun
  readonly #markets = new Map<Dataset, Promise<MarketFacts>>()

  constructor(deps: ActivityDeps, run: OwnedRun) {
    this.#deps = deps
    this.#run = run
  }

  /** Sources that lacked all of a region. Of a region of the whole market that is never so. */
  async of({ dataset, region }: Asked): Promise<SourceName[]> {
    if (region.kind !== 'symbols') return []
    const [first = [], ...others] = await this.#ofItems(dataset, region.items)
    return first.filter((source) => others.every((each) => each.includes(source)))
  }

  /** The same batches, cut so that all items of each were lacked by the same sources. */
  async divide(batch: NewBatch): Promise<NewBatch[]> {
    const { dataset, region } = batch
    if (region.kind !== 'symbols') return [batch]
    const lacking = await this.#ofItems(dataset, region.items)
    const groups = new Map<string, RegionItem[]>()
    for (const [i, item] of region.items.entries()) {
      const key = (lacking[i] ?? []).join()
      groups.set(key, [...(groups.get(key) ?? []), item])
    }
    if (groups.size < 2) return [batch]
    const market = await this.#market(dataset)
    return [...groups.values()].map((items) => ({
      ...batch,
      region: symbolsRegion(items),
      calls: Math.ceil((batch.calls * items.length) / region.items.length),
      // Without cells they are counted elsewhere already.
      cells: batch.cells === 0 ? 0 : items.reduce((sum, item) => sum + cellsOf(item, market), 0),
    }))
  }

  async #ofItems(dataset: Dataset, items: readonly RegionItem[]): Promise<SourceName[][]> {
    const lacking = items.map((): SourceName[] => [])
    // A person who lets a run be tried once more wants all of them to be asked.
    if (this.#run.epoch > 1) return lacking
    const { db, sources } = this.#deps
    const cells = await lackedCells(db.sql, this.#run.runId, dataset, items)
    if (cells.length === 0) return lacking
    const market = await this.#market(dataset)
    const { sources: current } = await sources.current()
    for (const { item: at, source, inside, all } of cells) {
      const name = source as SourceName
      const item = items[at]
      // Where rows are events, one mark says that the source does not know the code.
      const isSparse = current.get(name)?.capabilities[dataset]?.sparse === true
      if (item && (isSparse ? all > 0 : inside >= cellsOf(item, market))) lacking[at]?.push(name)
    }
    return lacking.map((names) => names.sort())
  }

  #market(dataset: Dataset): Promise<MarketFacts> {
    const known = this.#markets.get(dataset) ?? loadMarket(this.#deps, dataset)
    this.#markets.set(dataset, known)
    return known
  }
}

function cellsOf({ id, from, to }: RegionItem, { byId, calendar }: MarketFacts): number {
  const instrument = byId.get(id)
  return instrument ? expectedRows(instrument, from, to, calendar) : Infinity
}
