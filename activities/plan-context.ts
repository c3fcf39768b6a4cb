import type { PlanContext } from '../db/plan-datasets.ts'
import { healthOf, type PlaceHealth } from '../db/health.ts'
import { deniedApis } from '../db/queries/budgets.ts'
import { loadDepths } from '../db/queries/depth.ts'
import { onlyRides } from '../market/capability.ts'
import type { Dataset } from '../market/datasets.ts'
import type { SourceName } from '../market/sources.ts'
import { newestReady } from '../planning/market-facts.ts'
import { SourceError } from '../sources/errors.ts'
import type { ActivityDeps } from './deps.ts'
import { depthOf } from './depth.ts'
import { rankedSources } from './ranking.ts'
import { type LoadedRun, loadMarket } from './run-context.ts'
import { BudgetLater } from './upstream.ts'

/** What planning needs of the sources of a run, best first; how far back the first of them reaches is found out before. */
export async function planContext(
  deps: ActivityDeps,
  run: LoadedRun,
  datasets: readonly Dataset[],
  signal: AbortSignal,
): Promise<PlanContext> {
  const { sql } = deps.db
  const set = await deps.sources.current()
  const ranked = await rankedSources(deps, set, run.params.preferred_sources ?? [])
  const sources = ranked.flatMap(({ source }) => set.sources.get(source) ?? [])
  const health = await healthOf(sql)
  for (const dataset of datasets) {
    const first = sources.find(
      (source) => source.capabilities[dataset] && !onlyRides(source.capabilities[dataset]),
    )
    const capability = first?.capabilities[dataset]
    if (!first || capability?.byDate?.reach !== 'sampled') continue
    // One that waits for its probe may be dead still: planning does not wait for it to say so.
    if (health.some((place) => isDown(place, first.name, capability.site))) continue
    const { calendar } = await loadMarket(deps, dataset)
    try {
      await depthOf(deps, first, dataset, newestReady(deps.now(), capability, calendar), signal)
    } catch (error) {
      // Planned by symbols then; who takes a batch asks again.
      if (!(error instanceof SourceError) && !(error instanceof BudgetLater)) throw error
    }
  }
  return {
    sql,
    sources: await Promise.all(
      sources.map(async (source) => ({
        name: source.name,
        capabilities: source.capabilities,
        partsOf: (dataset: Dataset) => source.partsOf(dataset),
        limitsOf: (budget: string) => source.limitsOf(budget),
        deniedApis: await deniedApis(sql, source.name, source.account),
      })),
    ),
    depths: await loadDepths(sql),
    ...deps.settings,
    listsAgain: run.job === 'stock_list',
    now: deps.now,
  }
}

const isDown = ({ source, site, restingUntilMs }: PlaceHealth, name: SourceName, at: string): boolean =>
  source === name && site === at && restingUntilMs !== null
