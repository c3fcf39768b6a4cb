import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type CoverageDay, coverageDays } from '../../db/queries/coverage-days.ts'
import { loadCalendar } from '../../db/queries/planning.ts'
import { type Dataset, DATASETS, isReportDataset } from '../../market/datasets.ts'
import { addDays, shanghaiClock } from '../../market/date.ts'
import { reportCalendar } from '../../market/report-periods.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { partsOf } from '../evidence-filter.ts'
import { Problem } from '../problems.ts'
import {
  count,
  cursorInput,
  dateInput,
  encodeCursor,
  pageOf,
  rowSource,
  tradeDate,
  wholeNumber,
} from '../schemas/common.ts'
import { countsByReason } from '../schemas/completeness.ts'
import { datasetsInput } from '../schemas/dataset.ts'
import { json, problems } from '../schemas/responses.ts'
import { daysInOrder } from '../schemas/tables.ts'

const coverageDay = z
  .object({
    dataset: z.string().openapi({ example: 'bars' }),
    date: tradeDate,
    state: z.enum(['complete', 'partial', 'missing']),
    expected: count.openapi({ description: 'Cells of the universe on that date' }),
    covered: count,
    explained: countsByReason.openapi({
      description: 'Cells without a row that nobody asks for any more, by reason',
      example: { absent_upstream: 1 },
    }),
    missing: countsByReason.openapi({
      description: 'Cells that are still wanted: `not_covered`, or why the hole is one',
    }),
  })
  .openapi('CoverageDay')

const list = createRoute({
  tags: ['Completeness'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/coverage',
  operationId: 'listCoverage',
  summary: 'How far each date of a dataset is covered, newest first',
  description:
    'A cell is one instrument on one date. A date is `complete` when nothing is wanted any more, `missing` when nothing is there. Reports go by the ends of quarters.',
  request: {
    query: z
      .strictObject({
        dataset: datasetsInput,
        source: rowSource.optional().openapi({ description: 'What this source alone has brought' }),
        from: dateInput.optional(),
        to: dateInput.optional(),
        limit: wholeNumber(1, 100, 20).openapi({ description: 'Dates' }),
        cursor: cursorInput.optional(),
      })
      .check(daysInOrder),
  },
  responses: {
    200: json('A page of dates', pageOf('CoveragePage', coverageDay)),
    ...problems('invalid_request'),
  },
})

const sumOf = (counts: Record<string, number>) => Object.values(counts).reduce((sum, n) => sum + n, 0)

const toDay = (dataset: Dataset, day: CoverageDay): z.output<typeof coverageDay> => ({
  dataset,
  ...day,
  state:
    sumOf(day.missing) === 0 ? 'complete' : day.covered + sumOf(day.explained) === 0 ? 'missing' : 'partial',
})

export type CoverageRoutes = typeof list

/** `GET /api/coverage`. */
export function coverageRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const { dataset: datasets, source = null, from, to, limit, cursor } = c.req.valid('query')
    const [first] = datasets
    if (first === undefined || DATASETS[first].cell === 'static')
      throw new Problem(
        'invalid_request',
        `${first ?? ''} is one list and has no dates: GET /api/runs shows when it came`,
      )
    const [before] = partsOf(cursor, 1) ?? []
    const dates = await datesOf(deps, first, {
      from,
      to: before === undefined ? to : addDays(before, -1),
      limit,
    })
    const days = await Promise.all(
      datasets.map(async (dataset) =>
        (await coverageDays(deps.db.sql, { dataset, dates, source })).map((day) => toDay(dataset, day)),
      ),
    )
    // By date first: a page of a group ends between two dates.
    const items = dates.flatMap((_, i) => days.flatMap((own) => own[i] ?? []))
    const last = dates.length === limit ? dates.at(-1) : undefined
    return c.json({ items, next_cursor: last ? encodeCursor(last) : null }, 200)
  })
  return app
}

/** The newest dates of a range that have begun. */
async function datesOf(
  deps: ApiDeps,
  dataset: Dataset,
  { from = '', to, limit }: { from: string | undefined; to: string | undefined; limit: number },
): Promise<string[]> {
  const today = shanghaiClock(deps.now()).date
  const calendar = isReportDataset(dataset) ? reportCalendar(today) : await loadCalendar(deps.db.sql)
  const last = calendar.lastAtOrBefore(to !== undefined && to < today ? to : today)
  return calendar.sessions
    .slice(Math.max(0, last - limit + 1), last + 1)
    .filter((date) => date >= from)
    .reverse()
}
