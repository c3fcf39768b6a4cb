import {
  bigint,
  boolean,
  date,
  doublePrecision,
  integer,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/** How many calls an upstream API still grants; one row per source, account and api, shared by all workers. */
export const sourceBudget = pgTable(
  'source_budget',
  {
    source: text('source').notNull(),
    /** A hash of the account's token, so that two accounts have two budgets and no token is stored. */
    account: text('account').notNull(),
    api: text('api').notNull(),
    /** GCRA: when the next slot is free (theoretical arrival time). */
    nextSlot: instant('next_slot').notNull().defaultNow(),
    blockedUntil: instant('blocked_until'),
    blockedReason: text('blocked_reason'),
    /** What the upstream named as its limit, once it refused; wins over the configured one while it is lower and young. */
    learnedPerMinute: integer('learned_per_minute'),
    learnedPerHour: integer('learned_per_hour'),
    learnedPerDay: integer('learned_per_day'),
    /** When the newest of them was learned: a day later the configured ones are tried again. */
    learnedAt: instant('learned_at'),
    /** The hour and the day (Asia/Shanghai) that the counters count. */
    hour: instant('hour'),
    hourCalls: integer('hour_calls').notNull().default(0),
    day: date('day'),
    dayCalls: integer('day_calls').notNull().default(0),
    totalCalls: bigint('total_calls', { mode: 'number' }).notNull().default(0),
    /** When its times were written last: it lies ahead where the clock was set back since. */
    countedAt: instant('counted_at').notNull().defaultNow(),
    /** The last refusal was about permission: not asked again until a person or a probe clears it. */
    deniedAt: instant('denied_at'),
    deniedMessage: text('denied_message'),
  },
  (t) => [primaryKey({ columns: [t.source, t.account, t.api] })],
)

/** What a person set for a source; wins over the environment. */
export const sourceSetting = pgTable('source_setting', {
  source: text('source').primaryKey(),
  /** Null: as the environment says. */
  enabled: boolean('enabled'),
  priority: integer('priority'),
  /** The order stays as it is set, whatever the measured quality. */
  pinned: boolean('pinned').notNull().default(false),
  /** AES-256-GCM under a key from APP_SECRET. */
  sealedToken: text('sealed_token'),
  callsPerMinute: integer('calls_per_minute'),
  minIntervalMs: integer('min_interval_ms'),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

/** Whether a site of a source may be asked: the circuit breaker that all workers share, and what was measured. */
export const sourceHealth = pgTable(
  'source_health',
  {
    source: text('source').notNull(),
    site: text('site').notNull(),
    /** Failures one after the other; 0 while it is up. */
    failures: integer('failures').notNull().default(0),
    restingUntil: instant('resting_until'),
    errorClass: text('error_class'),
    reason: text('reason'),
    /** Held by the one who probes after a rest. */
    probingUntil: instant('probing_until'),
    /** Bans of the year, since each one lasts longer than the one before. */
    bans: integer('bans').notNull().default(0),
    banYear: integer('ban_year'),
    /** Share of calls that failed and of rows that were rejected, the newest counting most. */
    errorRate: doublePrecision('error_rate').notNull().default(0),
    rejectRate: doublePrecision('reject_rate').notNull().default(0),
    latencyMs: doublePrecision('latency_ms'),
    lastSuccessAt: instant('last_success_at'),
    lastFailureAt: instant('last_failure_at'),
  },
  (t) => [primaryKey({ columns: [t.source, t.site] })],
)

/** How far back the by-date calls of a source reach, as sampled. */
export const sourceDepth = pgTable(
  'source_depth',
  {
    source: text('source').notNull(),
    dataset: text('dataset').notNull(),
    /** Null: not even the newest session. */
    byDateFrom: date('by_date_from'),
    sampledAt: instant('sampled_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.source, t.dataset] })],
)

/** Rights that one worker at a time holds, e.g. to BaoStock's one connection. */
export const sourceLease = pgTable('source_lease', {
  name: text('name').primaryKey(),
  holder: uuid('holder').notNull(),
  /** The holder in words, e.g. `worker 4711`. */
  label: text('label'),
  until: instant('until').notNull(),
  /** Somebody waits for it, at least until then. */
  wantedUntil: instant('wanted_until'),
})
