import { missingWorker } from '../../api/readiness.ts'
import { openTemporal } from '../../api/temporal/connect.ts'
import type { TemporalGateway } from '../../api/temporal/gateway.ts'
import { type Config, temporalAccess } from '../../config.ts'
import type { OtherClock } from './clock.ts'
import { ok, problem, type Tell, wordsOf } from './finding.ts'

/**
 * A Temporal server of the user's own. The embedded one is started with all that it needs.
 *
 * @returns its clock, where it can be told
 */
export async function checkTemporal(config: Config, address: string, tell: Tell): Promise<OtherClock | null> {
  const access = temporalAccess(config)
  const link = openTemporal({ address, ...access })
  const where = `${address}, namespace ${access.namespace}`
  try {
    await link.gateway.checkNamespace()
    tell(ok('temporal', where))
    const missing = await link.missingSearchAttributes()
    tell(
      missing.length === 0
        ? ok('search attributes', 'registered')
        : problem(
            'search attributes',
            `${missing.join(', ')} are not registered`,
            `temporal operator search-attribute create ${missing.map((name) => `--name ${name} --type Keyword`).join(' ')}`,
          ),
    )
    const worker = await missingWorker({ temporal: link.gateway })
    tell(
      worker === null
        ? ok('worker', 'asks for work')
        : problem('worker', worker, 'start a worker, or see its log'),
    )
    return await clockAhead(link.gateway)
  } catch (error) {
    tell(
      problem(
        'temporal',
        `${where}: ${wordsOf(error)}`,
        'start it, or correct TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS and TEMPORAL_API_KEY',
      ),
    )
    return null
  } finally {
    await link.close()
  }
}

/** It tells when a worker asked last. That lies in our future only when its clock is ahead of ours. */
async function clockAhead(gateway: TemporalGateway): Promise<OtherClock | null> {
  const pollers = await gateway.pollers('activity')
  const newest = Math.min(...pollers.map(({ agoMs }) => agoMs))
  return newest < 0 && Number.isFinite(newest) ? { name: 'Temporal', aheadMs: -newest, exactMs: 0 } : null
}
