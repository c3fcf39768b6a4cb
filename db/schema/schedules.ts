import { pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/** Runs that wait for a lock that another one holds. */
export const lockWaiter = pgTable('lock_waiter', {
  /** The run that is to be, or the one that goes on. */
  runId: uuid('run_id').primaryKey(),
  lockKey: text('lock_key').notNull(),
  job: text('job').notNull(),
  since: instant('since').notNull().defaultNow(),
  /** Put off for as long as it waits; later it counts no more. */
  until: instant('until').notNull(),
  /** When somebody was told that it waits for long. */
  warnedAt: instant('warned_at'),
})

/** Schedules that were made, for each namespace of Temporal; `*`: the first start is over, and makes none any more. */
export const scheduleMade = pgTable(
  'schedule_made',
  {
    namespace: text('namespace').notNull(),
    id: text('id').notNull(),
    madeAt: instant('made_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.namespace, t.id] })],
)
