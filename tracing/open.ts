import { hostname } from 'node:os'
import { type Logger, pino } from 'pino'
import { traceIds, type Tracing, type TracingSettings } from './tracing.ts'

type Part = 'api' | 'worker'

/** The log of this process, on standard error, and its traces: a line that is part of one says of which. */
export async function openLog(
  part: Part,
  level: string,
  settings: TracingSettings | null,
): Promise<{ log: Logger; tracing: Tracing | null }> {
  let tracing: Tracing | null = null
  const mixin = () => (tracing ? traceIds(tracing) : {})
  const log = pino({ level, base: { part }, mixin }, pino.destination(2))
  tracing = await openTracing(settings, part, log)
  return { log, tracing }
}

/** Null, and nothing is loaded, where traces have nowhere to go. */
export async function openTracing(
  settings: TracingSettings | null,
  part: Part,
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
