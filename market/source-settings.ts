import { AKSHARE_CAPABILITIES, AKSHARE_LIST_PARTS, akshareLimits, type AkshareSettings } from './akshare.ts'
import { accountOf } from './account.ts'
import {
  BAOSTOCK_ANONYMOUS,
  BAOSTOCK_CAPABILITIES,
  baostockLimits,
  type BaostockSettings,
} from './baostock.ts'
import type { CallLimits, CapabilityTable } from './capability.ts'
import type { Dataset } from './datasets.ts'
import { shanghaiClock } from './date.ts'
import type { Secret } from './secret.ts'
import { SOURCE_NAMES, type SourceName } from './sources.ts'
import { type LimitSettings, tushareCapabilities, tushareLimits, tushareParts } from './tushare.ts'

/** How the sources are set: addresses, accounts, paces. A priority of null switches a source off. */
export interface SourceSettings {
  tushare: TushareSettings
  akshare: AkshareSettings
  baostock: BaostockSettings
}

export interface TushareSettings extends LimitSettings {
  priority: number | null
  token: Secret | undefined
  url: string
  timeoutMs: number
}

/** What a person set for a source in the database. Null: as the environment says. */
export interface StoredSetting {
  enabled: boolean | null
  priority: number | null
  pinned: boolean
  token: Secret | null
  callsPerMinute: number | null
  minIntervalMs: number | null
}

// Where the environment switches a source off and the database on again.
const LAST_PRIORITY = 99

/** The environment's settings with the database's over them. */
export function withStored(
  environment: SourceSettings,
  stored: Readonly<Partial<Record<SourceName, StoredSetting>>>,
): { settings: SourceSettings; pinned: ReadonlySet<SourceName> } {
  const common = <T extends SourceSettings[SourceName]>(source: SourceName, own: T): T => {
    const set = stored[source]
    if (!set) return own
    const priority = set.priority ?? own.priority ?? (set.enabled === true ? LAST_PRIORITY : null)
    return {
      ...own,
      priority: set.enabled === false ? null : priority,
      callsPerMinute: set.callsPerMinute ?? own.callsPerMinute,
      minIntervalMs: set.minIntervalMs ?? own.minIntervalMs,
    }
  }
  const tushare = common('tushare', environment.tushare)
  const baostock = common('baostock', environment.baostock)
  return {
    settings: {
      tushare: { ...tushare, token: stored.tushare?.token ?? tushare.token },
      akshare: common('akshare', environment.akshare),
      baostock: { ...baostock, apiKey: stored.baostock?.token ?? baostock.apiKey },
    },
    pinned: new Set(SOURCE_NAMES.filter((source) => stored[source]?.pinned)),
  }
}

/** What planning and pages need to know of a source; none is called for it. */
export interface SourceFacts {
  /** A hash of the account, the key of its budgets. */
  account: string
  capabilities: CapabilityTable
  partsOf(dataset: Dataset): readonly string[]
  limitsOf(budget: string): CallLimits
}

/**
 * Every source that is switched on and has what it needs, by priority.
 *
 * @param now which report periods are open depends on it
 */
export function describeSources(settings: SourceSettings, now: () => Date): Map<SourceName, SourceFacts> {
  const { tushare, akshare, baostock } = settings
  const described: [SourceName, number | null, SourceFacts | null][] = [
    [
      'tushare',
      tushare.priority,
      tushare.token
        ? {
            account: accountOf(tushare.token),
            capabilities: tushareCapabilities(tushare.points),
            partsOf: (dataset) => tushareParts(dataset, shanghaiClock(now()).date),
            limitsOf: (budget) => tushareLimits(budget, tushare),
          }
        : null,
    ],
    [
      'akshare',
      akshare.priority,
      akshare.url === undefined
        ? null
        : {
            account: AKSHARE_ACCOUNT,
            capabilities: AKSHARE_CAPABILITIES,
            partsOf: (dataset) => AKSHARE_LIST_PARTS[dataset] ?? [],
            limitsOf: (budget) => akshareLimits(budget, akshare),
          },
    ],
    [
      'baostock',
      baostock.priority,
      {
        account: baostock.apiKey ? accountOf(baostock.apiKey) : BAOSTOCK_ANONYMOUS,
        capabilities: BAOSTOCK_CAPABILITIES,
        partsOf: () => [],
        limitsOf: () => baostockLimits(baostock),
      },
    ],
  ]
  const on = described.flatMap(([source, priority, facts]) =>
    priority === null || facts === null ? [] : [{ source, priority, facts }],
  )
  on.sort((a, b) => a.priority - b.priority)
  return new Map(on.map(({ source, facts }) => [source, facts]))
}

// Those sites know no accounts: they count by address.
const AKSHARE_ACCOUNT = 'address'
