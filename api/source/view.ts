import { databaseNow } from '../../db/clock.ts'
import { healthOf, type PlaceHealth } from '../../db/health.ts'
import { type BudgetView, budgetViews } from '../../db/queries/budgets.ts'
import { CAPABILITIES } from '../../market/capabilities.ts'
import type { CapabilityTable } from '../../market/capability.ts'
import { type RankedSource, rankSources } from '../../market/priority.ts'
import { SITES } from '../../market/sites.ts'
import { SOURCE_NAMES, type SourceName } from '../../market/sources.ts'
import { standingOf } from '../../market/standing.ts'
import { tushareCapabilities } from '../../market/tushare.ts'
import type { ApiDeps } from '../deps.ts'
import type { SourceOverview } from './overview.ts'
import { budgetsOf, deniedOf, redacted } from './budgets.ts'
import { describeSource, lackOf, type TokenState, tokenOf } from './words.ts'

/** One part of a source that is up or down as one. Times are epoch milliseconds of the database's clock. */
export interface SiteView {
  site: string
  /** `half_open`: its rest is over, and the next request decides. */
  state: 'up' | 'resting' | 'half_open'
  restingUntilMs: number | null
  /** Null when it was never asked. */
  health: PlaceHealth | null
}

/** Everything about a source that a person may see. */
export interface SourceView {
  name: SourceName
  description: string
  enabled: boolean
  /** As it is set, also while the source is off; null where nobody gave it one. */
  priority: number | null
  pinned: boolean
  token: TokenState
  callsPerMinute: number | null
  minIntervalMs: number | null
  /** Switched on, has what it needs, and not all of its sites rest. */
  available: boolean
  /** Null while it is not asked at all. */
  rank: number | null
  reason: string
  /** Set while all of its sites rest. */
  restingUntilMs: number | null
  sites: SiteView[]
  /** Empty while it is not asked at all. */
  budgets: BudgetView[]
  /** Interfaces that the account may not call, with the refusal. */
  denied: ReadonlyMap<string, string>
  capabilities: CapabilityTable
  /** The moment that all of this is of. */
  asOfMs: number
}

/** All sources, the best first; those that are not asked at all come last. */
export async function viewSources(deps: Pick<ApiDeps, 'db' | 'sources' | 'redact'>): Promise<SourceView[]> {
  const { sql } = deps.db
  const overview = await deps.sources()
  const health = (await healthOf(sql)).map((row) => ({
    ...row,
    reason: row.reason === null ? null : deps.redact(row.reason),
  }))
  const now = await databaseNow(sql)
  const views = await budgetViews(sql, ({ source, account, api }) => {
    const facts = overview.on.get(source as SourceName)
    return facts?.account === account ? facts.limitsOf(api) : null
  })
  const known = views.map((view) => redacted(view, deps.redact))
  const entries = [...overview.on.keys()].map((source) =>
    standingOf(
      { source, priority: overview.settings[source].priority ?? 0, pinned: isPinned(source, overview) },
      health,
    ),
  )
  const ranked = rankSources(entries, [], new Date(now))
  const order = [
    ...ranked.map(({ source }) => source),
    ...SOURCE_NAMES.filter((name) => !overview.on.has(name)),
  ]
  return order.map((name) => {
    const place = ranked.find(({ source }) => source === name)
    const sites = sitesOf(name, health, now)
    const facts = overview.on.get(name)
    const own = facts ? known.filter((one) => one.source === name && one.account === facts.account) : []
    return {
      ...settingsOf(name, overview),
      ...standing(name, overview, place, sites),
      sites,
      budgets: facts ? budgetsOf(name, facts, own) : [],
      denied: deniedOf(own),
      capabilities: facts?.capabilities ?? capabilitiesOf(name, overview),
      asOfMs: now,
    }
  })
}

const isPinned = (name: SourceName, { stored }: SourceOverview): boolean => stored[name]?.pinned ?? false

function settingsOf(name: SourceName, overview: SourceOverview) {
  const { priority, callsPerMinute, minIntervalMs } = overview.settings[name]
  return {
    name,
    description: describeSource(name, overview),
    enabled: priority !== null,
    priority: priority ?? overview.stored[name]?.priority ?? overview.environment[name].priority,
    pinned: isPinned(name, overview),
    token: tokenOf(name, overview),
    callsPerMinute: callsPerMinute ?? null,
    minIntervalMs: minIntervalMs ?? null,
  }
}

function standing(
  name: SourceName,
  overview: SourceOverview,
  place: RankedSource | undefined,
  sites: readonly SiteView[],
): Pick<SourceView, 'available' | 'rank' | 'reason' | 'restingUntilMs'> {
  const rests = sites.flatMap(({ restingUntilMs }) => restingUntilMs ?? [])
  const restingUntilMs = rests.length === sites.length ? Math.min(...rests) : null
  if (!place) return { available: false, rank: null, reason: lackOf(name, overview) ?? '', restingUntilMs }
  const some = restingUntilMs === null ? sites.filter(({ state }) => state === 'resting') : []
  const notes = some.map(
    (one) =>
      `${one.site} rests until ${new Date(one.restingUntilMs ?? 0).toISOString()}: ${one.health?.reason ?? ''}`,
  )
  return {
    available: restingUntilMs === null,
    rank: place.rank,
    reason: [place.reason, ...notes].join('; '),
    restingUntilMs,
  }
}

function sitesOf(name: SourceName, health: readonly PlaceHealth[], now: number): SiteView[] {
  return SITES[name].map((site) => {
    const known = health.find((row) => row.source === name && row.site === site) ?? null
    const until = known?.restingUntilMs ?? null
    const state = until === null ? 'up' : until > now ? 'resting' : 'half_open'
    return { site, state, restingUntilMs: state === 'resting' ? until : null, health: known }
  })
}

/** Of a source that is not asked at all. */
function capabilitiesOf(name: SourceName, { settings }: SourceOverview): CapabilityTable {
  return name === 'tushare' ? tushareCapabilities(settings.tushare.points) : CAPABILITIES[name]
}
