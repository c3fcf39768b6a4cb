import { hostname } from 'node:os'
import type { Logger } from 'pino'
import type { Tracing, TracingSettings } from './tracing.ts'

/** Traces of this process; null, and nothing is loaded, where they have nowhere to go. */
export async function openTracing(
  settings: TracingSettings | null,
  part: 'api' | 'worker',
  log: Pick<Logger, 'warn' | 'info'>,
): Promise<Tracing | null> {
  if (settings === null) return null
  const { createTracing } = await import('./otel.ts')
  return createTracing(settings, {
    resource: {
      'service.namespace': 'ashare-sync',
      'service.name': `ashare-sync-${part}`,
      'service.instance.id': `${process.pid}@${hostname()}`,
    },
    onLost: (reason) => log.warn({ reason }, 'traces are not taken: those of this time are lost'),
    onTaken: () => log.info('traces are taken again'),
  })
}
