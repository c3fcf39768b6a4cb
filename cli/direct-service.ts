import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { accessSettings } from '../api/access/opening.ts'
import { createApp } from '../api/app.ts'
import { createSourceReader } from '../api/source/overview.ts'
import { openTemporal } from '../api/temporal/connect.ts'
import { createClient } from '../client/index.ts'
import { configSecrets, loadConfig, runSettings, sourceSettings, temporalAccess } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { sealKey } from '../db/sealed.ts'
import { databaseUrl } from '../local/database-url.ts'
import { createRedactor } from '../market/redact.ts'
import { Secret } from '../market/secret.ts'
import type { Service } from './open-service.ts'

// Nobody listens there: what needs Temporal says that it is away.
const NOWHERE = '127.0.0.1:1'

/**
 * A service within this process, on the database of the environment: what reads only needs no other one. Whoever has the
 * database needs no key.
 *
 * @throws NoDatabase, ConfigError
 */
export function directService(env: NodeJS.ProcessEnv): Service & { close: () => Promise<void> } {
  const config = loadConfig(env)
  const db = openDatabase({ url: databaseUrl(config), max: 4, name: 'ashare-sync command line' })
  const temporal = openTemporal({
    address: config.TEMPORAL_ADDRESS ?? NOWHERE,
    ...temporalAccess(config),
  })
  const closing = new AbortController()
  // Known to this process alone.
  const pass = new Secret(randomUUID())
  const key = config.APP_SECRET ? sealKey(config.APP_SECRET) : null
  const redactor = createRedactor(configSecrets(config))
  const app = createApp({
    db,
    temporal: temporal.gateway,
    sources: createSourceReader({
      sql: db.sql,
      environment: sourceSettings(config),
      key,
      onToken: redactor.learn,
    }),
    sealKey: key,
    receiver: null,
    access: { ...accessSettings(config), keys: [{ name: 'command-line', role: 'admin', key: pass }] },
    settings: { lock: config.SYNC_LOCK, ...runSettings(config) },
    log: pino({ level: 'silent' }),
    now: () => new Date(),
    closing: closing.signal,
    redact: redactor.redact,
  })
  return {
    client: createClient({
      url: 'http://localhost',
      apiKey: pass.reveal(),
      fetch: (url, init) => app.request(url, init),
    }),
    url: 'this process',
    temporalUi: null,
    close: async () => {
      closing.abort()
      await temporal.close()
      await db.close()
    },
  }
}
