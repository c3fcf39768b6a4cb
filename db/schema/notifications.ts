import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/** What somebody should hear of: an outbox, so that nothing is lost while the receiver is away. */
export const notification = pgTable(
  'notification',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    /** A key of market/notifications.ts. */
    event: text('event').notNull(),
    /** What is told once only, e.g. that a source rests since this morning. */
    dedup: text('dedup'),
    title: text('title').notNull(),
    text: text('text').notNull(),
    details: jsonb('details').notNull().default({}),
    createdAt: instant('created_at').notNull().defaultNow(),
    nextAttemptAt: instant('next_attempt_at').notNull().defaultNow(),
    attempts: integer('attempts').notNull().default(0),
    sentAt: instant('sent_at'),
    givenUpAt: instant('given_up_at'),
    lastError: text('last_error'),
  },
  (t) => [
    uniqueIndex('notification_dedup').on(t.dedup),
    index('notification_open')
      .on(t.nextAttemptAt)
      .where(sql`sent_at is null and given_up_at is null`),
  ],
)
