import { setTimeout as sleep } from 'node:timers/promises'
import { AKSHARE_SNAPSHOT_COST, akshareLimits, type AkshareSettings } from '../../market/akshare.ts'
import type { FetchContext } from '../contract.ts'
import type { AktoolsClient } from './client.ts'
import { checkColumns } from './columns.ts'
import { type AkshareFunction, FUNCTIONS, type ParamsOf } from './functions.ts'
import type { Row } from './values.ts'

/** One request at its turn, its columns checked. */
export type Ask = <F extends AkshareFunction>(
  name: F,
  params: ParamsOf<F>,
  /** Requests that AKShare sends to the site for it. */
  cost?: number,
) => Promise<readonly Row[]>

// East Money is said to look at how regular requests are: up to this much comes on top of the interval.
const JITTER_MS = 1_000

/**
 * Requests of one call of a source: each waits for its slot of the site's budget.
 *
 * @param onSend called when the waiting is over
 */
export function askerOf(
  client: AktoolsClient,
  settings: Pick<AkshareSettings, 'callsPerMinute' | 'minIntervalMs'>,
  context: FetchContext,
  onSend?: () => void,
): Ask {
  return async (name, params, cost = name === 'stock_zh_a_spot_em' ? AKSHARE_SNAPSHOT_COST : 1) => {
    const { site } = FUNCTIONS[name]
    await context.reserve(site, cost)
    if (site === 'eastmoney') {
      // Where the interval is set small, e.g. towards a bridge of one's own data, no more is waited than that.
      const { minIntervalMs } = akshareLimits(site, settings)
      const jitterMs = Math.random() * Math.min(JITTER_MS, minIntervalMs)
      if (jitterMs >= 1) await sleep(jitterMs, undefined, { signal: context.signal })
    }
    onSend?.()
    const rows = await client.call(name, params, context.signal)
    checkColumns(name, rows)
    return rows
  }
}
