import { bigint, date, index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import { instant, written } from './columns.ts'

/** When companies publish their reports. */
export const disclosure = pgTable(
  'disclosure',
  {
    instrumentId: integer('instrument_id').notNull(),
    periodEnd: date('period_end').notNull(),
    source: text('source').notNull(),
    symbol: text('symbol').notNull(),
    annDate: date('ann_date'),
    preDate: date('pre_date'),
    /** Null until it is published. */
    actualDate: date('actual_date'),
    ...written,
  },
  (t) => [
    primaryKey({ columns: [t.instrumentId, t.periodEnd, t.source] }),
    index('disclosure_actual_date').on(t.actualDate),
  ],
)

/** Versions of financial reports as they were published. Rows are added, never changed. */
export const financialReport = pgTable(
  'financial_report',
  {
    id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
    instrumentId: integer('instrument_id').notNull(),
    source: text('source').notNull(),
    /** The dataset: income, balance_sheet, cash_flow or fin_indicator. */
    statement: text('statement').notNull(),
    periodEnd: date('period_end').notNull(),
    reportType: text('report_type').notNull(),
    compType: text('comp_type'),
    annDate: date('ann_date'),
    /** When this version was published: what was known on a day goes by it, by `ann_date` where it is missing. */
    fAnnDate: date('f_ann_date'),
    updateFlag: text('update_flag'),
    symbol: text('symbol').notNull(),
    /** Field → figure; yuan, percent. */
    items: jsonb('items').notNull(),
    /** Of the items: a version that changes without another date is a version all the same. */
    contentHash: text('content_hash').notNull(),
    /** When this service saw it first. */
    firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
    ...written,
  },
  (t) => [
    unique('financial_report_version')
      .on(
        t.instrumentId,
        t.statement,
        t.periodEnd,
        t.source,
        t.reportType,
        t.compType,
        t.annDate,
        t.fAnnDate,
        t.updateFlag,
        t.contentHash,
      )
      .nullsNotDistinct(),
    index('financial_report_published').on(t.statement, t.fAnnDate),
  ],
)
