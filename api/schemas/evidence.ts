import { z } from '@hono/zod-openapi'
import { count, instant, tradeDate } from './common.ts'

export const GATE_STATES = ['complete', 'complete_with_gaps', 'incomplete', 'unverified'] as const

const dataset = z.string().openapi({ example: 'bars' })
const source = z.string().openapi({ example: 'tushare' })
const symbol = z.string().nullable().openapi({ example: '600000.SH' })
/** Decimal text: numbers of any size. */
const value = z.string().nullable().openapi({ example: '10.35' })
const id = z.number().int()
const runId = z.string().nullable().openapi({ format: 'uuid', example: null })

export const gate = z
  .object({
    dataset,
    date: tradeDate,
    state: z.string().openapi({ enum: [...GATE_STATES], example: 'complete' }),
    expected: count,
    present: count,
    suspended: count,
    reasons: z.record(z.string(), z.unknown()).openapi({ example: { missing: 1, symbols: ['600000.SH'] } }),
    checked_at: instant,
  })
  .openapi('Gate')

export const gateSummary = z
  .object({
    dataset,
    state: z.string().openapi({ enum: [...GATE_STATES], example: 'complete' }),
    dates: count,
    first: tradeDate,
    last: tradeDate,
  })
  .openapi('GateSummary')

export const difference = z
  .object({
    id,
    dataset,
    symbol,
    date: tradeDate,
    field: z.string().openapi({ example: 'close' }),
    source_a: source.openapi({ description: 'Of the two the one with the higher precedence' }),
    value_a: value,
    source_b: z.string().openapi({ example: 'baostock' }),
    value_b: value,
    verdict: z.string().openapi({ example: 'disputed' }),
    run_id: runId,
    first_seen_at: instant,
    last_seen_at: instant,
  })
  .openapi('Difference')

export const refusedRow = z
  .object({
    id,
    run_id: z.string().openapi({ format: 'uuid' }),
    dataset,
    source,
    symbol,
    date: tradeDate.nullable(),
    reason: z.string(),
    raw: z.string().openapi({ description: 'As the upstream served it' }),
    at: instant,
  })
  .openapi('RefusedRow')

export const revision = z
  .object({
    id,
    dataset,
    symbol,
    date: tradeDate,
    source,
    changes: z
      .record(z.string(), z.object({ old: value, new: value }))
      .openapi({ example: { close: { old: '10.35', new: '10.36' } } }),
    known_from: instant,
    known_to: instant.openapi({ description: 'When the change was seen' }),
    run_id: runId,
  })
  .openapi('Revision')
