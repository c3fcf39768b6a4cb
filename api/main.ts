import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import {
  ConfigError,
  configSecrets,
  loadConfig,
  readEnvironment,
  runSettings,
  sourceSettings,
  temporalAccess,
  tracingSettings,
  workflowsUrl,
} from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { sealKey } from '../db/sealed.ts'
import { createRedactor } from '../market/redact.ts'
import { openLog } from '../tracing/open.ts'
import { accessSettings, openedBy, whyNotOpen } from './access/opening.ts'
import { createApp } from './app.ts'
import type { ApiDeps } from './deps.ts'
import { runNotifier } from './notifications/notifier.ts'
import { receiverOf, secretsOf } from './notifications/receiver.ts'
import { startReconciler } from './reconciler.ts'
import { SchedulesFileError } from './scheduler/file.ts'
import { scheduleCleanUpWhenUp } from './scheduler/clean-up.ts'
import { firstSchedules, makeSchedulesWhenUp } from './scheduler/first-start.ts'
import { closeServer, createServer, listen } from './server.ts'
import { createSourceReader } from './source/overview.ts'
import { openTemporal } from './temporal/connect.ts'
import { registerWhenUp } from './temporal/register-attributes.ts'

/*
 * The API process: opens what it needs, serves until it is told to stop, closes it in reverse order. PostgreSQL and
 * Temporal may be away when it starts: /readyz says so, and requests that need them answer 503.
 */

// Collect once the old heap has doubled: rows of long answers become garbage, and V8 would let them add up to more
// than a hundred MB first.
setFlagsFromString('--heap-growing-percent=100')

const DEFAULT_PORT = 8000

const fail: (message: string) => never = (message) => {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

function readConfig() {
  try {
    return loadConfig(readEnvironment())
  } catch (error) {
    if (error instanceof ConfigError) return fail(error.message)
    throw error
  }
}

const config = readConfig()
if (!config.DATABASE_URL || !config.TEMPORAL_ADDRESS)
  fail('the API needs DATABASE_URL and TEMPORAL_ADDRESS; `npm start` brings both by itself')
const { log, tracing } = await openLog('api', config.LOG_LEVEL, tracingSettings(config))
const schedules = await firstSchedules(config).catch((error: unknown) => {
  if (error instanceof SchedulesFileError) return fail(error.message)
  throw error
})
const db = openDatabase({
  url: config.DATABASE_URL,
  max: 10,
  name: 'ashare-sync api',
  plan: 'anew',
  tracing,
})
const opening = openedBy(config)
if (opening !== null && config.API_KEYS.length === 0) {
  const reason = await whyNotOpen(db.sql, opening)
  if (reason !== null) fail(reason)
}
const temporal = openTemporal({
  address: config.TEMPORAL_ADDRESS,
  ...temporalAccess(config),
  tracing,
})
const closing = new AbortController()
const key = config.APP_SECRET ? sealKey(config.APP_SECRET) : null
const redactor = createRedactor([...configSecrets(config), ...secretsOf(config.NOTIFY_URL)])
const deps: ApiDeps = {
  db,
  temporal: temporal.gateway,
  sources: createSourceReader({
    sql: db.sql,
    environment: sourceSettings(config),
    key,
    onToken: redactor.learn,
  }),
  sealKey: key,
  receiver: receiverOf(config),
  access: accessSettings(config),
  settings: {
    lock: config.SYNC_LOCK,
    catchupHours: config.SCHEDULE_CATCHUP_HOURS,
    ...runSettings(config),
  },
  log,
  now: () => new Date(),
  closing: closing.signal,
  redact: redactor.redact,
  workflowsUrl: workflowsUrl(config),
  tracing,
}

const server = createServer(createApp(deps).fetch)
server.on('error', (error) =>
  fail(`cannot listen on ${config.HOST}:${config.PORT ?? DEFAULT_PORT}: ${error.message}`),
)
server.once('listening', () => {
  const { address, port } = server.address() as AddressInfo
  const host = address.includes(':') ? `[${address}]` : address
  process.stdout.write(`READY ${JSON.stringify({ url: `http://${host}:${port}` })}\n`)
})
listen(server, config.PORT ?? DEFAULT_PORT, config.HOST)
const registering = registerWhenUp(temporal, deps).then(async () => {
  await Promise.all([makeSchedulesWhenUp(deps, schedules), scheduleCleanUpWhenUp(deps)])
})
const reconciler = startReconciler(deps)
const notifying = runNotifier(deps)

// What hangs at the end (a server that does not answer) is left: everything that counts is in PostgreSQL.
const END_LIMIT_MS = 15_000

let ending = false
const end = async (): Promise<void> => {
  // A second signal does not wait for a clean end.
  if (ending) process.exit(1)
  ending = true
  setTimeout(() => process.exit(0), END_LIMIT_MS).unref()
  closing.abort()
  await closeServer(server)
  await registering
  await reconciler.stop()
  await notifying
  await temporal.close()
  await db.close()
  await tracing?.close()
  process.exit(0)
}
process.on('SIGTERM', () => void end())
process.on('SIGINT', () => void end())
