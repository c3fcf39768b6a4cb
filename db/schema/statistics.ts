import { bigint, date, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/**
 * How many bars there are by period and source, and their last date. A period and source has several rows, so that
 * transactions that write bars at the same time need not wait for each other: what it has is their sum. One row alone may
 * be negative.
 */
export const barStatistics = pgTable(
  'bar_statistics',
  {
    period: text('period').notNull(),
    source: text('source').notNull(),
    shard: integer('shard').notNull(),
    bars: bigint('bars', { mode: 'number' }).notNull(),
    latestDate: date('latest_date'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.period, t.source, t.shard] })],
)
