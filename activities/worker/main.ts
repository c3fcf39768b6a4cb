import { hostname } from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import {
  ConfigError,
  configSecrets,
  loadConfig,
  readEnvironment,
  sourceSettings,
  temporalAccess,
  tracingSettings,
} from '../../config.ts'
import { openDatabase } from '../../db/client.ts'
import { sealKey } from '../../db/sealed.ts'
import { createRedactor } from '../../market/redact.ts'
import { openLog } from '../../tracing/open.ts'
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

function readConfig() {
  try {
    return loadConfig(readEnvironment())
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

const config = readConfig()
const { log, tracing } = await openLog('worker', config.LOG_LEVEL, tracingSettings(config))

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
let polls = false
const onSignal = (): void => {
  // While it waits for Temporal there is nothing to bring to an end; a second signal does not wait for one.
  if (!polls || stopping.signal.aborted) process.exit(polls ? 1 : 0)
  stopping.abort()
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal)

const db = openDatabase({ url: config.DATABASE_URL, max: 16, name: 'ashare-sync worker', tracing })
const redactor = createRedactor(configSecrets(config))
const now = () => new Date()
const sources = createRegistry({
  sql: db.sql,
  environment: sourceSettings(config),
  key: config.APP_SECRET ? sealKey(config.APP_SECRET) : null,
  log,
  now,
  tracing,
  onToken: redactor.learn,
})
const { namespace, apiKey, tls } = temporalAccess(config)
const [bundle, connection] = await Promise.all([
  workflowBundle(path.join(config.DATA_DIR, 'cache')),
  connectWhenUp(
    {
      address: config.TEMPORAL_ADDRESS,
      tls,
      ...(apiKey && { apiKey: apiKey.reveal() }),
    },
    log,
  ),
])
const workers = await createWorkers({
  connection,
  namespace,
  bundle,
  deps: {
    db,
    sources,
    settings: activitySettings(config),
    log,
    redact: redactor.redact,
    now,
    stopping: stopping.signal,
  },
  tracing,
})
// As it is called in the Temporal Web UI and in `temporal task-queue describe`.
log.info({ identity: `${process.pid}@${hostname()}` }, 'the worker polls')

polls = true
process.stdout.write(`READY ${JSON.stringify({})}\n`)
try {
  await Promise.all(workers.map((worker) => worker.run()))
} finally {
  await connection.close()
  await sources.close()
  await db.close()
  await tracing?.close()
}
