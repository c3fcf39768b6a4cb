import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { pino } from 'pino'
import { loadConfig, readEnvironment, sourceSettings } from '../../config.ts'
import { openDatabase } from '../../db/client.ts'
import { sealKey } from '../../db/sealed.ts'
import { createRegistry } from '../source-registry.ts'
import { activitySettings } from './settings.ts'
import { workflowBundle } from './bundle.ts'
import { connectWhenUp } from './connect.ts'
import { createWorkers } from './worker.ts'

/*
 * The worker process: opens what it needs, works until it is told to stop, closes it in reverse order.
 */

// Collect once the old heap has grown by a third. On a large machine V8 would let 60 MB grow to 300 MB first, and answers
// that wait for their commit become garbage there.
setFlagsFromString('--heap-growing-percent=33')

const config = loadConfig(readEnvironment())
const log = pino({ level: config.LOG_LEVEL, base: { part: 'worker' } }, pino.destination(2))

if (!config.DATABASE_URL || !config.TEMPORAL_ADDRESS) {
  log.fatal('the worker needs DATABASE_URL and TEMPORAL_ADDRESS; `npm start` brings both by itself')
  process.exit(1)
}

Runtime.install({
  logger: new DefaultLogger('WARN', ({ level, message }) => log.warn({ level }, message)),
  shutdownSignals: ['SIGTERM', 'SIGINT'],
  ...(config.WORKER_METRICS_ADDRESS && {
    telemetryOptions: { metrics: { prometheus: { bindAddress: config.WORKER_METRICS_ADDRESS } } },
  }),
})

const stopping = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort())

const db = openDatabase({ url: config.DATABASE_URL, max: 16, name: 'ashare-sync worker' })
const now = () => new Date()
const sources = createRegistry({
  sql: db.sql,
  environment: sourceSettings(config),
  key: config.APP_SECRET ? sealKey(config.APP_SECRET) : null,
  log,
  now,
})
const [bundle, connection] = await Promise.all([
  workflowBundle(path.join(config.DATA_DIR, 'cache')),
  connectWhenUp(
    {
      address: config.TEMPORAL_ADDRESS,
      tls:
        config.TEMPORAL_TLS === 'on' ||
        (config.TEMPORAL_TLS === 'auto' && config.TEMPORAL_API_KEY !== undefined),
      ...(config.TEMPORAL_API_KEY && { apiKey: config.TEMPORAL_API_KEY.reveal() }),
    },
    log,
  ),
])
const workers = await createWorkers({
  connection,
  namespace: config.TEMPORAL_NAMESPACE,
  bundle,
  deps: { db, sources, settings: activitySettings(config), log, now, stopping: stopping.signal },
})

process.stdout.write(`READY ${JSON.stringify({})}\n`)
try {
  await Promise.all(workers.map((worker) => worker.run()))
} finally {
  await connection.close()
  await sources.close()
  await db.close()
}
