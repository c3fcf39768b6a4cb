import { accountOf } from '../market/account.ts'
import type { Secret } from '../market/secret.ts'
import type { SourceName } from '../market/sources.ts'
import {
  type LimitSettings,
  TUSHARE_CAPABILITIES,
  TUSHARE_LIST_PARTS,
  tushareLimits,
} from '../market/tushare.ts'
import type { ApiSource } from './deps.ts'

export interface ApiSourceSettings {
  tushare: LimitSettings & { priority: number | null; token: Secret | undefined }
}

/** What is known of every source that is switched on and has what it needs; no source is called by the API itself. */
export function describeSources({ tushare }: ApiSourceSettings): Map<SourceName, ApiSource> {
  const sources = new Map<SourceName, ApiSource>()
  if (tushare.priority !== null && tushare.token) {
    sources.set('tushare', {
      account: accountOf(tushare.token),
      capabilities: TUSHARE_CAPABILITIES,
      partsOf: (dataset) => TUSHARE_LIST_PARTS[dataset] ?? [],
      limitsOf: (api) => tushareLimits(api, tushare),
    })
  }
  return sources
}
