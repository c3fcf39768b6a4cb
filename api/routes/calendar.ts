import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { calendarBounds, readCalendar } from '../../db/queries/calendar.ts'
import { shanghaiClock } from '../../market/date.ts'
import { EXCHANGES, type Exchange } from '../../market/symbol.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { dateInput, tradeDate } from '../schemas/common.ts'
import { problems, tableMedia } from '../schemas/responses.ts'
import { conditional, daysInOrder, formatInput, oneOf } from '../schemas/tables.ts'
import { answerTable } from '../tables/answer.ts'
import { isClosed } from '../tables/closed.ts'
import { formatOf } from '../tables/formats.ts'
import type { Reads } from '../tables/reads.ts'

const query = z
  .strictObject({
    from: dateInput.optional().openapi({ description: 'The first day of this year when left out' }),
    to: dateInput.optional().openapi({ description: 'The last day that is known when left out' }),
    exchange: oneOf(Object.keys(EXCHANGES) as [Exchange, ...Exchange[]])
      .default('SSE')
      .openapi({ description: 'All have the same sessions' }),
    days: oneOf(['sessions', 'all']).default('sessions').openapi({
      description: '`all`: also the days on which the market is closed',
    }),
    format: formatInput,
  })
  .check(daysInOrder)

const day = z
  .object({
    exchange: z.string().openapi({ example: 'SSE' }),
    trade_date: tradeDate,
    is_open: z.boolean(),
    previous_session: tradeDate.nullable(),
    next_session: tradeDate
      .nullable()
      .openapi({ description: 'null where the calendar is not known that far' }),
  })
  .openapi('CalendarDay')

const answer = z
  .object({
    exchange: z.string(),
    from: tradeDate,
    to: tradeDate,
    known_from: tradeDate.nullable(),
    known_to: tradeDate
      .nullable()
      .openapi({ description: 'Days behind it are not known yet; null: run stock_list' }),
    data: z.array(day),
    count: z.number().int(),
  })
  .openapi('Calendar')

const list = createRoute({
  tags: ['Data'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/calendar',
  operationId: 'readCalendar',
  summary: 'Sessions of the market, each with the one before and the one after',
  request: { query, headers: conditional },
  responses: {
    200: { description: 'The days', content: tableMedia(answer) },
    304: { description: 'What the asker has still stands' },
    ...problems('invalid_request', 'too_many_reads'),
  },
})

// Beyond what is ever known.
const LAST = '2999-12-31'

export type CalendarRoutes = typeof list

/** `GET /api/calendar`. */
export function calendarRoutes(deps: ApiDeps, reads: Reads): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const { exchange, days, format, ...asked } = c.req.valid('query')
    const { sql } = deps.db
    const now = deps.now()
    const { knownFrom, knownTo } = await calendarBounds(sql)
    const from = asked.from ?? `${shanghaiClock(now).date.slice(0, 4)}-01-01`
    const to = asked.to ?? (knownTo === null || knownTo < from ? from : knownTo)
    const wanted = { exchange, from, to: to > LAST ? LAST : to, isSessionsOnly: days === 'sessions' }
    return await answerTable(c, deps, reads, {
      name: 'calendar',
      open: () => readCalendar(sql, wanted),
      about: { exchange, from, to, known_from: knownFrom, known_to: knownTo },
      format: formatOf(c, format),
      moment: from,
      isClosed: isClosed(to, now),
    })
  })
  return app
}
