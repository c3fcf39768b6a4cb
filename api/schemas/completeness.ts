import { z } from '@hono/zod-openapi'
import { cursorInput, dateInput, pageLimit, rowSource, symbolInput } from './common.ts'
import { datasetsInput } from './dataset.ts'

/** What lists of completeness are narrowed down by. */
export const evidenceQuery = {
  dataset: datasetsInput.optional(),
  symbol: symbolInput.optional(),
  source: rowSource.optional(),
  from: dateInput.optional(),
  to: dateInput.optional(),
  limit: pageLimit,
  cursor: cursorInput.optional(),
}

export const countsByReason = z
  .record(z.string(), z.number().int())
  .openapi({ example: { not_covered: 12, missing: 1 } })
