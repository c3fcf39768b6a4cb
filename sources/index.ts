import type { SourceSettings } from '../market/source-settings.ts'
import type { SourceName } from '../market/sources.ts'
import { AktoolsClient } from './akshare/client.ts'
import { AkshareSource } from './akshare/source.ts'
import { BaostockSource } from './baostock/source.ts'
import type { Exclusive, Source } from './contract.ts'
import { TushareClient } from './tushare/client.ts'
import { TushareSource } from './tushare/source.ts'

export interface SourceTools {
  /** The right to BaoStock's one connection. */
  exclusive: Exclusive
  now: () => Date
}

/** Every source that is switched on and has what it needs, in order of priority. */
export function createSources(settings: SourceSettings, tools: SourceTools): Map<SourceName, Source> {
  const { tushare, akshare, baostock } = settings
  const sources: [number, Source][] = []
  if (tushare.priority !== null && tushare.token) {
    const client = new TushareClient({ url: tushare.url, token: tushare.token, timeoutMs: tushare.timeoutMs })
    sources.push([tushare.priority, new TushareSource(client, tushare, tools.now)])
  }
  if (akshare.priority !== null && akshare.url !== undefined)
    sources.push([
      akshare.priority,
      new AkshareSource(new AktoolsClient({ ...akshare, url: akshare.url }), akshare, tools.now),
    ])
  if (baostock.priority !== null)
    sources.push([baostock.priority, new BaostockSource(baostock, tools.exclusive, { now: tools.now })])
  sources.sort(([a], [b]) => a - b)
  return new Map(sources.map(([, source]) => [source.name, source]))
}
