import { date, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { datemultirange, instant } from './columns.ts'

/** The instrument id that stands for the whole market in `coverage`. */
export const WHOLE_MARKET = 0

/** The dates of which everything is known, per instrument (or the whole market) and source; holes are listed apart. */
export const coverage = pgTable(
  'coverage',
  {
    dataset: text('dataset').notNull(),
    instrumentId: integer('instrument_id').notNull(),
    source: text('source').notNull(),
    ranges: datemultirange('ranges').notNull(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.dataset, t.instrumentId, t.source] })],
)

/** A cell inside a covered range that has no row and no explanation. */
export const coverageHole = pgTable(
  'coverage_hole',
  {
    dataset: text('dataset').notNull(),
    instrumentId: integer('instrument_id').notNull(),
    tradeDate: date('trade_date').notNull(),
    source: text('source').notNull(),
    /** missing, rejected, or absent_upstream once two complete answers a day apart agree. */
    reason: text('reason').notNull(),
    firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
    answers: integer('answers').notNull().default(1),
  },
  (t) => [
    primaryKey({ columns: [t.dataset, t.instrumentId, t.tradeDate, t.source] }),
    index('coverage_hole_date').on(t.dataset, t.tradeDate),
  ],
)

/** What verification found for one date. */
export const dayGate = pgTable(
  'day_gate',
  {
    dataset: text('dataset').notNull(),
    tradeDate: date('trade_date').notNull(),
    expected: integer('expected').notNull(),
    present: integer('present').notNull(),
    suspended: integer('suspended').notNull(),
    state: text('state').notNull(),
    reasons: jsonb('reasons').notNull(),
    checkedAt: instant('checked_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.dataset, t.tradeDate] })],
)
