import { z } from '@hono/zod-openapi'
import { isTradeDate } from '../../market/date.ts'
import { ROW_SOURCES } from '../../market/sources.ts'
import { FORMATS } from '../tables/formats.ts'

/* What questions about tables have in common. */

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, `must be one of ${values.join(', ')}`)

export const formatInput = oneOf(FORMATS).optional().openapi({ description: 'Instead of `Accept`' })

export const sourceOrBest = oneOf(['best', ...ROW_SOURCES]).default('best')

/** The headers of a question whose answer the asker may have already. */
export const conditional = z.object({
  'if-none-match': z.string().optional().openapi({ description: 'The `ETag` of the answer that is there' }),
})

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$/

/** An instant with its zone, or a date, which stands for its end in Shanghai. */
export const moment = z
  .string()
  .transform((text, context) => {
    if (isTradeDate(text)) return `${text}T23:59:59.999999+08:00`
    // A plus sign in an address is a space.
    const instant = text.replace(/ (?=\d{2}:\d{2}$)/, '+')
    if (INSTANT.test(instant) && !Number.isNaN(Date.parse(instant))) return instant
    context.addIssue({
      code: 'custom',
      message: 'must be a date (its end in Shanghai) or an instant like 2026-11-20T12:30:00Z',
    })
    return z.NEVER
  })
  .openapi({ type: 'string', example: '2026-11-20T12:30:00Z' })

interface Days {
  from?: string | undefined
  to?: string | undefined
}

const areReversed = ({ from, to }: Days): boolean => from !== undefined && to !== undefined && from > to
const REVERSED = 'lies before from'

/** A check of a question whose days run from one to another. */
export function daysInOrder({ value, issues }: { value: Days; issues: z.core.$ZodRawIssue[] }): void {
  if (areReversed(value)) issues.push({ code: 'custom', path: ['to'], message: REVERSED, input: value })
}

interface Dates extends Days {
  symbol?: readonly string[] | undefined
  date?: string | undefined
}

/** Fields that do not go together, with the reason: symbols and dates, or a day of the whole market, or many days of it. */
export function mixedDates(dates: Dates): [string, string][] {
  const { symbol, date, from, to } = dates
  const found: [string, string][] = []
  if (symbol === undefined && date === undefined && from === undefined)
    found.push([
      'symbol',
      'is missing: name symbols, or give date= for the whole market of one day, or from= for that of many days',
    ])
  if (symbol !== undefined && date !== undefined)
    found.push(['date', 'is for the whole market: leave it out, or give from= and to= for these symbols'])
  if (date !== undefined && from !== undefined)
    found.push(['from', 'goes with symbol=, or stands alone; date= is one day'])
  if (date !== undefined && to !== undefined)
    found.push(['to', 'goes with symbol= or from=; date= is one day'])
  if (areReversed(dates)) found.push(['to', REVERSED])
  return found
}
