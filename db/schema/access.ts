import { sql } from 'drizzle-orm'
import { bigint, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/** Keys that were made for callers. A row stays when its key is revoked: the audit log goes on knowing its name. */
export const apiKey = pgTable(
  'api_key',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    name: text('name').notNull(),
    /** viewer, operator or admin. */
    role: text('role').notNull(),
    /** SHA-256 of the key, in hex. */
    hash: text('hash').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    expiresAt: instant('expires_at'),
    revokedAt: instant('revoked_at'),
    /** To the minute. */
    lastUsedAt: instant('last_used_at'),
  },
  (t) => [
    uniqueIndex('api_key_hash').on(t.hash),
    uniqueIndex('api_key_name')
      .on(t.name)
      .where(sql`revoked_at is null`),
  ],
)

/** Browsers that were let in with a key; the role is that of the key at the moment of each request. */
export const apiSession = pgTable('api_session', {
  /** SHA-256 of what the cookie holds, in hex. */
  hash: text('hash').primaryKey(),
  /** Of the key that opened it, stored or configured: without that key the session is nothing. */
  keyHash: text('key_hash').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  expiresAt: instant('expires_at').notNull(),
})

/** Who changed what, kept for 400 days. Never holds a secret. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: instant('at').notNull().defaultNow(),
    /** Name of the key; `local` where no key is needed. */
    actor: text('actor').notNull(),
    role: text('role').notNull(),
    address: text('address').notNull(),
    requestId: text('request_id').notNull(),
    method: text('method').notNull(),
    path: text('path').notNull(),
    status: integer('status').notNull(),
    summary: text('summary'),
  },
  (t) => [index('audit_log_at').on(t.at)],
)
