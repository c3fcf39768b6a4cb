import {
  bigint,
  date,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { datemultirange, instant } from './columns.ts'

/** The instrument id that stands for the whole market in `coverage`. */
export const WHOLE_MARKET = 0

/** The one that stands for days of announcements, whatever period they were about. */
export const ANNOUNCEMENTS = -1

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
    /** A person took the absence for granted: not asked again. */
    acceptedAt: instant('accepted_at'),
    acceptedBy: text('accepted_by'),
  },
  (t) => [
    primaryKey({ columns: [t.dataset, t.instrumentId, t.tradeDate, t.source] }),
    index('coverage_hole_date').on(t.dataset, t.tradeDate),
  ],
)

/** Daily bars of the whole market whose weeks and months are still to be made. */
export const derivedDue = pgTable('derived_due', {
  id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
  source: text('source').notNull(),
  fromDate: date('from_date').notNull(),
  toDate: date('to_date').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
})

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

/** Values of two sources that differ by more than their tolerance. */
export const agreement = pgTable(
  'agreement',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    dataset: text('dataset').notNull(),
    instrumentId: integer('instrument_id').notNull(),
    tradeDate: date('trade_date').notNull(),
    field: text('field').notNull(),
    /** Of the two, `source_a` has the higher precedence. */
    sourceA: text('source_a').notNull(),
    valueA: numeric('value_a'),
    sourceB: text('source_b').notNull(),
    valueB: numeric('value_b'),
    /** disputed, or outvoted when two other sources agree on another value. */
    verdict: text('verdict').notNull(),
    runId: uuid('run_id'),
    firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('agreement_key').on(t.dataset, t.instrumentId, t.tradeDate, t.field, t.sourceA, t.sourceB),
    index('agreement_date').on(t.dataset, t.tradeDate),
  ],
)

/** Whose value stands where several sources have one, per group of fields; 1 is the best. */
export const valuePrecedence = pgTable(
  'value_precedence',
  {
    fieldGroup: text('field_group').notNull(),
    source: text('source').notNull(),
    rank: integer('rank').notNull(),
  },
  (t) => [primaryKey({ columns: [t.fieldGroup, t.source] })],
)
