import { createApp } from '../../api/app.ts'
import { createSourceReader } from '../../api/source/overview.ts'
import { sealKey } from '../../db/sealed.ts'
import { Secret } from '../../market/secret.ts'
import type { SourceSettings } from '../../market/source-settings.ts'
import { type ApiLab, clientOf, openApiLab } from './support.ts'

export const STATUS = '/api/sync/multi-source/sources/status'
export const TOKEN = `stored${'9b2f'.repeat(12)}`
export const REFUSED = { errorClass: 'Transient', message: 'HTTP 500' } as const
const KEY = sealKey(new Secret('a secret of this test, long enough'))

interface Site {
  site: string
  state: string
  resting_until: string | null
  failures: number
  error_class: string | null
  reason: string | null
  latency_ms: number | null
}
export interface Source extends Record<string, unknown> {
  name: string
  enabled: boolean
  available: boolean
  priority: number | null
  token: { stored: boolean; source: string | null; problem: string | null }
  rank: number | null
  rank_reason: string
  sites: Site[]
  budgets: Record<string, unknown>[]
  capabilities: Record<string, unknown>[]
}
export interface Status {
  success: boolean
  data: (Record<string, unknown> & { name: string; reason: string; description: string })[]
}

/** The service with all three sources, AKShare and BaoStock ready to be asked, and no worker: none is called. */
export const openSourcesLab = (): Promise<ApiLab> =>
  openApiLab({ tushare: { token: undefined }, akshare: {}, baostock: {}, sealKey: KEY })

/** Sources as if nobody had set or asked any. */
export const forget = (lab: ApiLab) => lab.db.sql`truncate source_setting, source_health, source_budget`

export const sourcesOf = async (lab: ApiLab) =>
  (await lab.get<{ items: Source[] }>('/api/sources')).body.items

export const statusOf = async (lab: ApiLab, name: string) =>
  (await lab.get<Status>(STATUS)).body.data.find((one) => one.name === name)

/** The service with another environment or key over the same database. */
export function serviceWith(
  lab: ApiLab,
  change: { environment?: (settings: SourceSettings) => SourceSettings; key?: typeof KEY | null },
): ReturnType<typeof clientOf> {
  const { environment: settings } = lab
  const environment = change.environment?.(settings) ?? settings
  const key = change.key === undefined ? KEY : change.key
  const reader = createSourceReader({ sql: lab.db.sql, environment, key, onToken: () => undefined })
  return clientOf(createApp({ ...lab.api, sources: reader, sealKey: key }))
}
