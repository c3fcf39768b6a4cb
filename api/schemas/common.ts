import { z } from '@hono/zod-openapi'
import { DATASET_NAMES } from '../../market/datasets.ts'
import { fromCompact, isTradeDate } from '../../market/date.ts'
import { IMPORT_JOB, JOB_NAMES } from '../../market/jobs.ts'
import { SOURCE_MODES, WANTS } from '../../market/run-params.ts'
import { ROW_SOURCES, SOURCE_NAMES } from '../../market/sources.ts'
import { isBShare, parseSymbol } from '../../market/symbol.ts'
import { RUN_STATE_NAMES } from '../../workflows/contract/status.ts'
import { PROBLEM_CODES } from '../problems.ts'

export const instant = z.string().openapi({ format: 'date-time', example: '2026-11-20T12:30:00.000Z' })
export const tradeDate = z.string().openapi({ format: 'date', example: '2026-11-20' })
export const count = z.number().int().min(0)

/** What a person typed, shortened for a message. */
const shown = (value: string): string => JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)

/** Anything as text; an object may say that it has no text. */
const textOf = (input: unknown): string => {
  if (typeof input === 'string') return input
  return input === undefined ? 'nothing' : JSON.stringify(input)
}

/** A symbol in any of its spellings → the canonical one. */
export const symbolInput = z
  .string('must be text like 600000, 600000.SH, sh.600000 or SH600000')
  .transform((text, context) => {
    const symbol = parseSymbol(text)
    if (symbol !== null && !isBShare(symbol)) return symbol
    const why =
      symbol === null
        ? 'is no symbol; write 600000, 600000.SH, sh.600000 or SH600000'
        : 'is a B share; only A shares are synchronised'
    context.addIssue({ code: 'custom', message: `${shown(text)} ${why}` })
    return z.NEVER
  })
  .openapi({ type: 'string', example: '600000' })

// More than the market has: a longer list is a mistake.
const MAX_SYMBOLS = 10_000

/** A list of symbols, each once. An empty one is refused: it would silently mean the whole market. */
export const symbolsInput = z
  .array(symbolInput, 'must be a list of symbols')
  .min(1, 'is empty: leave it out for the whole market')
  .max(MAX_SYMBOLS, `has more than ${MAX_SYMBOLS} symbols: leave it out for the whole market`)
  .transform((symbols) => [...new Set(symbols)])
  .openapi({ type: 'array', items: { type: 'string' }, example: ['600000', '000001.SZ'] })

const whyNoDate = (text: string): string => {
  const meant = fromCompact(text.replace(/[/.]/g, ''))
  if (meant !== null) return `must be written YYYY-MM-DD, like ${meant}`
  return /^\d{4}-\d{2}-\d{2}$/.test(text)
    ? `${shown(text)} is no day of the calendar`
    : `${shown(text)} is no date; write YYYY-MM-DD`
}

export const dateInput = z
  .string('must be a date like 2025-01-31')
  .refine(isTradeDate, { error: ({ input }) => whyNoDate(textOf(input)) })
  .openapi({ format: 'date', example: '2025-01-02' })

export const jobName = z
  .enum(JOB_NAMES, `must be one of ${JOB_NAMES.join(', ')}`)
  .openapi({ example: 'daily_history' })
/** Of runs that there are: also those that nobody starts over the API. */
export const runJob = z
  .enum([...JOB_NAMES, IMPORT_JOB], `must be one of ${[...JOB_NAMES, IMPORT_JOB].join(', ')}`)
  .openapi({ example: 'daily_history' })
export const runState = z
  .enum(RUN_STATE_NAMES, `must be one of ${RUN_STATE_NAMES.join(', ')}`)
  .openapi({ example: 'running' })
export const datasetName = z
  .enum(DATASET_NAMES, `must be one of ${DATASET_NAMES.join(', ')}`)
  .openapi({ example: 'bars' })

export const sourceName = z
  .enum(SOURCE_NAMES, {
    error: ({ input }) => `${shown(textOf(input))} is no source; known are ${SOURCE_NAMES.join(', ')}`,
  })
  .openapi({ example: 'tushare' })
/** Whose rows there may be: also what was imported from files. */
export const rowSource = z
  .enum(ROW_SOURCES, {
    error: ({ input }) => `${shown(textOf(input))} is no source; known are ${ROW_SOURCES.join(', ')}`,
  })
  .openapi({ example: 'tushare' })
export const sourceMode = z.enum(SOURCE_MODES, `must be one of ${SOURCE_MODES.join(', ')}`).openapi({
  description:
    '`failover`: the best source that is up; `parallel`: all of them over one list of batches, the faster one takes more; `all`: each of them does everything, for comparison',
  example: 'failover',
})
export const want = z.enum(WANTS, `must be one of ${WANTS.join(', ')}`).openapi({
  description:
    '`any`: what no source has brought yet; `upgrade`: also what only sources of lower precedence have; `each`: what the source at hand has not brought itself',
  example: 'any',
})

/** A number in a query. */
export const wholeNumber = (min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a whole number from ${min} to ${max}`)
    .default(fallback)
    .openapi({ type: 'integer', minimum: min, maximum: max, default: fallback })

export const pageLimit = wholeNumber(1, 200, 50)

/** Where a page goes on; clients hand back what they got and know nothing of its inside. */
export const cursorInput = z
  .string()
  .regex(/^[\w-]{1,200}$/, 'is no cursor of this list: leave it out for the first page')
  .openapi({ description: '`next_cursor` of the page before', example: 'MTI' })

export const encodeCursor = (...parts: (string | number)[]): string =>
  Buffer.from(parts.join('|')).toString('base64url')
export const decodeCursor = (cursor: string): string[] =>
  Buffer.from(cursor, 'base64url').toString().split('|')

/** The page of a list. */
export const pageOf = <T extends z.ZodType>(name: string, item: T) =>
  z
    .object({
      items: z.array(item),
      next_cursor: z.string().nullable().openapi({ description: 'null on the last page', example: null }),
    })
    .openapi(name)

export const runIdParam = z.object({
  id: z
    .string()
    // Without a flag: the document has no place for one.
    .regex(/^[\da-fA-F]{8}(-[\da-fA-F]{4}){3}-[\da-fA-F]{12}$/, 'must be the id of a run, a UUID')
    .openapi({ format: 'uuid', example: '0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90' }),
})

export const problemBody = z
  .object({
    type: z.string(),
    code: z.enum(PROBLEM_CODES),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().openapi({ description: 'What is wrong and what to do about it' }),
    request_id: z.string(),
    run_id: z.string().optional().openapi({ description: 'The run that the answer is about' }),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem', {
    example: {
      type: '/openapi.json#problem-run_final',
      code: 'run_final',
      title: 'The run has ended',
      status: 409,
      detail:
        'run 0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90 is success: POST /api/runs/{id}/retry starts it again',
      request_id: 'b1f0c7de-5b59-4f0f-8b7f-0a9a4a3c2d11',
    },
  })

export const seedError = z
  .object({
    success: z.literal(false),
    message: z.string(),
    data: z.null(),
    run_id: z
      .string()
      .optional()
      .openapi({ description: 'The run that the answer is about, e.g. the one under way' }),
  })
  .openapi('SeedError', {
    example: { success: false, message: 'symbols[0]: "ABC" is no symbol; write 600000', data: null },
  })
