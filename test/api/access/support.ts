import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { createApp } from '../../../api/app.ts'
import type { AccessSettings } from '../../../api/access/settings.ts'
import type { ApiDeps } from '../../../api/deps.ts'
import { createRedactor } from '../../../market/redact.ts'
import { createSourceReader } from '../../../api/source/overview.ts'
import { openTemporal } from '../../../api/temporal/connect.ts'
import { loadConfig, sourceSettings } from '../../../config.ts'
import { RUN_DEFAULTS } from '../../../market/run-settings.ts'
import { Secret } from '../../../market/secret.ts'
import { ROLES, type Role } from '../../../market/roles.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'

/** Keys as an operator would set them in the environment. */
export const KEYS: Record<Role, string> = {
  viewer: `viewer-${randomUUID()}`,
  operator: `operator-${randomUUID()}`,
  admin: `admin-${randomUUID()}`,
}
export const CONFIGURED = ROLES.map((role) => ({ name: `the-${role}`, role, key: new Secret(KEYS[role]) }))

export const OPEN: AccessSettings = {
  keys: [],
  openWithoutKeys: true,
  allowedHosts: [],
  corsOrigins: [],
  changesPerMinute: 0,
}

export const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })

export interface AccessLab {
  db: TestDatabase
  /** The whole service on that database, with other settings; Temporal is away. */
  app(access?: Partial<AccessSettings>, more?: Partial<ApiDeps>): ReturnType<typeof createApp>
  /** All that was logged. */
  logged(): string
  close(): Promise<void>
}

/** The service with a database and nothing else: enough to ask who may call. */
export async function openAccessLab(): Promise<AccessLab> {
  const db = await createTestDatabase()
  const config = loadConfig({})
  const temporal = openTemporal({
    address: '127.0.0.1:9',
    namespace: 'default',
    apiKey: undefined,
    tls: false,
  })
  const closing = new AbortController()
  let text = ''
  return {
    db,
    app: (access = {}, more = {}) =>
      createApp({
        db,
        temporal: temporal.gateway,
        sources: createSourceReader({
          sql: db.sql,
          environment: sourceSettings(config),
          key: null,
          onToken: () => undefined,
        }),
        sealKey: null,
        receiver: null,
        settings: { ...RUN_DEFAULTS, lock: 'global' },
        access: { ...OPEN, ...access },
        log: pino({ level: 'debug' }, { write: (line: string) => void (text += line) }),
        now: () => new Date(),
        closing: closing.signal,
        redact: createRedactor([]).redact,
        ...more,
      }),
    logged: () => text,
    close: async () => {
      closing.abort()
      // The connection stays: a call that was given up goes on trying, and throws when it is closed meanwhile.
      await db.drop()
    },
  }
}
