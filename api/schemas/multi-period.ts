import { z } from '@hono/zod-openapi'
import { PERIODS } from '../../market/datasets.ts'
import { addDays, shanghaiClock } from '../../market/date.ts'
import type { Job } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { SourceName } from '../../market/sources.ts'
import { dateInput, sourceName, symbolsInput } from './common.ts'
import { DEFAULT_DAYS, isLong, maybe, period, sourcesAsked, type TriggerMeaning } from './trigger.ts'

/*
 * The seeds' three ways to bring bars of several periods. Weeks and months are made of the days, which come in any case.
 *
 *   incremental   the sessions since the last complete one, or of the last `days_back` days
 *   full          the last 365 days, or between the dates given
 *   all history   everything, or between the dates given
 */

const shared = {
  periods: maybe(z.array(period).max(3)).openapi({ example: ['daily'] }),
  data_sources: maybe(z.array(sourceName).max(10)).openapi({
    description: 'Asked first, in this order',
    example: ['tushare', 'akshare'],
  }),
  symbols: maybe(symbolsInput).openapi({ example: ['000001', '600000'] }),
  force: maybe(z.boolean()).openapi({
    description: 'Cancel the run that is under way, then start',
    example: false,
  }),
}

export const incrementalBody = z
  .strictObject({
    days_back: maybe(z.int().min(1).max(3_660)).openapi({
      description: 'Absent: the sessions since the last complete one',
      example: 7,
    }),
    ...shared,
  })
  .openapi('StartIncrementalRequest')

export const historyBody = z
  .strictObject({
    ...shared,
    start_date: maybe(dateInput).openapi({ example: '2025-01-02' }),
    end_date: maybe(dateInput).openapi({ example: '2025-12-31' }),
  })
  .refine(({ start_date: from, end_date: to }) => !from || !to || from <= to, {
    path: ['end_date'],
    message: 'lies before start_date',
  })
  .openapi('StartHistoryRequest')

type Asked = Partial<z.output<typeof incrementalBody> & z.output<typeof historyBody>>

interface Context {
  now: Date
  configured: ReadonlySet<SourceName>
}

/** A start → the run that it asks for. */
export const incrementalMeaning = (
  asked: z.output<typeof incrementalBody>,
  context: Context,
): TriggerMeaning =>
  meaning('daily_incremental', asked, asked.days_back ? { days_back: asked.days_back } : {}, context)

/** The last 365 days, or between the dates given. */
export function fullMeaning(asked: z.output<typeof historyBody>, context: Context): TriggerMeaning {
  const end = asked.end_date ?? shanghaiClock(context.now).date
  const start_date = asked.start_date ?? addDays(end, -DEFAULT_DAYS)
  return meaning('daily_history', asked, { ...datesOf(asked), start_date }, context)
}

/** Everything, or between the dates given. */
export const allHistoryMeaning = (asked: z.output<typeof historyBody>, context: Context): TriggerMeaning =>
  meaning('daily_history', asked, datesOf(asked), context)

const datesOf = ({ start_date, end_date }: Asked): Pick<RunParams, 'start_date' | 'end_date'> => ({
  ...(start_date && { start_date }),
  ...(end_date && { end_date }),
})

function meaning(job: Job, asked: Asked, days: RunParams, { configured }: Context): TriggerMeaning {
  const { symbols, data_sources = [], force = false } = asked
  const periods = PERIODS.filter((each) => (asked.periods ?? []).includes(each))
  if (periods.length === 0) periods.push('daily')
  const { known, notes } = sourcesAsked(data_sources, configured)
  return {
    job,
    params: {
      ...(symbols && { symbols }),
      ...days,
      ...(known.length > 0 && { preferred_sources: known }),
      ...(isLong(periods) && { periods }),
    },
    force,
    parameters: {
      force,
      data_sources,
      symbols: symbols ?? [],
      periods,
      days_back: days.days_back ?? null,
      start_date: days.start_date ?? null,
      end_date: days.end_date ?? null,
    },
    notes,
  }
}
