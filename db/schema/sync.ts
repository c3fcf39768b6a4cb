import { sql } from 'drizzle-orm'
import {
  bigint,
  check,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

const count = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0)

/** What every answer adds to: the run's counters are the sums of its batches' in every snapshot. */
const counters = {
  inserted: count('inserted'),
  updated: count('updated'),
  unchanged: count('unchanged'),
  /** Rows that could not be true and went to the quarantine. */
  rejected: count('rejected'),
  /** Requests that were sent, pages included. */
  calls: count('calls'),
  cellsTotal: count('cells_total'),
  cellsDone: count('cells_done'),
  /** Symbols whose last batch this was. */
  symbolsDone: count('symbols_done'),
}

/** One execution of a job. */
export const syncRun = pgTable(
  'sync_run',
  {
    id: uuid('id').primaryKey(),
    job: text('job').notNull(),
    status: text('status').notNull(),
    /** What it does while it is running: `planning`, `syncing` or `verifying`; null before it has begun. */
    phase: text('phase'),
    params: jsonb('params').notNull(),
    /** The parameters with the dates that they leave open, once these are found. */
    resolvedParams: jsonb('resolved_params'),
    /** `global` or the job: at most one active run holds it. */
    lockKey: text('lock_key').notNull(),
    /** Raised whenever the run gets a new owner; a commit under an older one is refused. */
    ownerEpoch: integer('owner_epoch').notNull().default(1),
    workflowId: text('workflow_id').notNull(),
    requestId: text('request_id'),
    createdAt: instant('created_at').notNull().defaultNow(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    /** Since when it has worked without a pause or a wait for others. */
    resumedAt: instant('resumed_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
    /** Symbols that the run is about. */
    total: integer('total').notNull().default(0),
    lastTradeDate: date('last_trade_date'),
    /** One line for people: why it failed, what to do next. */
    message: text('message'),
    /** Why it failed, where a source was the reason: a class of market/source-errors.ts. */
    errorClass: text('error_class'),
    verification: jsonb('verification'),
    /** Who may bring each dataset, best first, and who was left out with the reason. */
    plan: jsonb('plan').notNull().default({}),
    ...counters,
  },
  (t) => [
    uniqueIndex('sync_run_lock')
      .on(t.lockKey)
      .where(sql`status in ('pending', 'running')`),
    index('sync_run_created').on(t.createdAt),
  ],
)

/** A region small enough for one activity, with its cursor. */
export const syncBatch = pgTable(
  'sync_batch',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => syncRun.id, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
    /** The source it is bound to, or `*` when any may do it. */
    source: text('source').notNull().default('*'),
    stage: smallint('stage').notNull(),
    dataset: text('dataset').notNull(),
    state: text('state').notNull().default('pending'),
    ownerEpoch: integer('owner_epoch').notNull(),
    region: jsonb('region').notNull(),
    /** Instruments of the region; null for the whole market. */
    instruments: integer('instruments').array(),
    /** The calls of the source that claimed it, fixed at the claim so that the cursor keeps its meaning. */
    callList: jsonb('call_list'),
    claimedBy: text('claimed_by'),
    /** Calls of `call_list` that are committed. */
    cursor: integer('cursor').notNull().default(0),
    callsPlanned: integer('calls_planned').notNull().default(0),
    parentSeq: integer('parent_seq'),
    errorClass: text('error_class'),
    message: text('message'),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    ...counters,
  },
  (t) => [
    primaryKey({ columns: [t.runId, t.seq, t.source] }),
    index('sync_batch_open')
      .on(t.runId, t.stage)
      .where(sql`state in ('pending', 'running')`),
  ],
)

/** One symbol or date that could not be fetched, kept until resolved. */
export const syncFailure = pgTable(
  'sync_failure',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    job: text('job').notNull(),
    dataset: text('dataset').notNull(),
    source: text('source').notNull(),
    /** Null for a failure of a whole date. */
    instrumentId: integer('instrument_id'),
    symbol: text('symbol'),
    fromDate: date('from_date'),
    toDate: date('to_date'),
    errorClass: text('error_class').notNull(),
    message: text('message').notNull(),
    runId: uuid('run_id').notNull(),
    retryCount: integer('retry_count').notNull().default(0),
    maxRetries: integer('max_retries').notNull().default(3),
    createdAt: instant('created_at').notNull().defaultNow(),
    lastAttemptAt: instant('last_attempt_at').notNull().defaultNow(),
    resolvedAt: instant('resolved_at'),
    resolvedBy: text('resolved_by'),
    /** What failed where it is no single symbol: the regions of batches that were given up. */
    regions: jsonb('regions'),
  },
  (t) => [
    uniqueIndex('sync_failure_open')
      .on(t.dataset, t.source, t.instrumentId, t.symbol, t.fromDate, t.toDate)
      .where(sql`resolved_at is null`),
    index('sync_failure_run').on(t.runId),
  ],
)

/** The key log lines of runs, kept for 30 days. */
export const syncLog = pgTable(
  'sync_log',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    runId: uuid('run_id'),
    at: instant('at').notNull().defaultNow(),
    level: text('level').notNull(),
    message: text('message').notNull(),
    details: jsonb('details'),
  },
  (t) => [index('sync_log_run').on(t.runId, t.id), index('sync_log_at').on(t.at)],
)

/** Rows that could not be true. */
export const quarantine = pgTable(
  'quarantine',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    runId: uuid('run_id').notNull(),
    dataset: text('dataset').notNull(),
    source: text('source').notNull(),
    symbol: text('symbol'),
    tradeDate: date('trade_date'),
    reason: text('reason').notNull(),
    raw: text('raw').notNull(),
    at: instant('at').notNull().defaultNow(),
  },
  (t) => [index('quarantine_run').on(t.runId), check('quarantine_raw_size', sql`length(${t.raw}) <= 4000`)],
)

/** What one source brought for one dataset of a run; the run's counters are the sums of these as well. */
export const syncRunSource = pgTable(
  'sync_run_source',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => syncRun.id, { onDelete: 'cascade' }),
    source: text('source').notNull(),
    dataset: text('dataset').notNull(),
    inserted: count('inserted'),
    updated: count('updated'),
    unchanged: count('unchanged'),
    rejected: count('rejected'),
    calls: count('calls'),
    cellsDone: count('cells_done'),
  },
  (t) => [primaryKey({ columns: [t.runId, t.source, t.dataset] })],
)
