import type { Secret } from '../market/secret.ts'
import type { SourceName } from '../market/sources.ts'
import type { Source } from './contract.ts'
import { TushareClient } from './tushare/client.ts'
import { TushareSource } from './tushare/source.ts'

export interface SourceSettings {
  tushare: {
    priority: number | null
    token: Secret | undefined
    url: string
    timeoutMs: number
    points: number | undefined
    callsPerMinute: number | undefined
    minIntervalMs: number
  }
}

/** Every source that is switched on and has what it needs, in order of priority. */
export function createSources(settings: SourceSettings): Map<SourceName, Source> {
  const sources = new Map<SourceName, Source>()
  const { tushare } = settings
  if (tushare.priority !== null && tushare.token) {
    const client = new TushareClient({ url: tushare.url, token: tushare.token, timeoutMs: tushare.timeoutMs })
    sources.set('tushare', new TushareSource(client, tushare))
  }
  return sources
}
