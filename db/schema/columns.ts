import { customType, text, timestamp, uuid } from 'drizzle-orm/pg-core'

/** Disjoint date ranges in one value, e.g. `{[2024-01-02,2024-02-05)}`. */
export const datemultirange = customType<{ data: string }>({ dataType: () => 'datemultirange' })

export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' })

/** Who wrote a market row last: every market table has these. */
export const written = {
  updatedAt: instant('updated_at').notNull().defaultNow(),
  runId: uuid('run_id'),
  dataType: text('data_type'),
}
