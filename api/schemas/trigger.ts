import { z } from '@hono/zod-openapi'
import { addDays, shanghaiClock } from '../../market/date.ts'
import { type Period, PERIODS } from '../../market/datasets.ts'
import type { Job } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { SourceName } from '../../market/sources.ts'
import { dateInput, instant, sourceMode, sourceName, symbolsInput, want } from './common.ts'

/*
 * The seeds' trigger: what its fields mean, in terms of jobs.
 *
 *   nothing                  → DEFAULT_JOB
 *   symbols and/or periods   → their bars of the last 365 days, or between the dates given: weeks and months are made of
 *                              the days, which come in any case
 *   all_history              → everything of all stocks; with symbols or periods the whole history of these bars
 */

/** The stock list with the newest valuation. */
export const DEFAULT_JOB = 'stock_basics' satisfies Job
/** Days of bars where nobody says how many. */
export const DEFAULT_DAYS = 365

// Clients of the seeds' service send null for what they leave out.
export const maybe = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value): z.output<T> | undefined => value ?? undefined)

export const period = z.enum(PERIODS, `must be one of ${PERIODS.join(', ')}`)

export const triggerBody = z
  .strictObject({
    force: maybe(z.boolean()).openapi({
      description: 'Cancel the run that is under way, then start',
      example: false,
    }),
    preferred_sources: maybe(z.array(sourceName).max(10)).openapi({ example: ['tushare', 'akshare'] }),
    symbols: maybe(symbolsInput).openapi({ example: ['000001', '600000'] }),
    periods: maybe(z.array(period).max(3)).openapi({ example: ['daily'] }),
    all_history: maybe(z.boolean()).openapi({ example: false }),
    start_date: maybe(dateInput).openapi({ example: '2025-01-02' }),
    end_date: maybe(dateInput).openapi({ example: '2025-12-31' }),
    source_mode: maybe(sourceMode).openapi({ example: 'failover' }),
    want: maybe(want).openapi({ example: 'any' }),
  })
  .check((context) => {
    for (const [field, message] of contradictions(context.value))
      context.issues.push({ code: 'custom', path: [field], message, input: context.value })
  })
  .openapi('TriggerRequest')

type Trigger = z.output<typeof triggerBody>

/** What every start of the seeds answers. */
export const triggered = z.object({
  job_id: z.string().openapi({ format: 'uuid' }),
  status: z.enum(['running', 'pending']).openapi({ description: '`pending` until Temporal answers again' }),
  started_at: instant,
  parameters: z.record(z.string(), z.unknown()),
})

export const TRIGGERED_EXAMPLE = {
  success: true,
  message: 'Synchronization started successfully',
  data: {
    job_id: '0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90',
    status: 'running',
    started_at: '2026-11-20T12:30:00.000Z',
    parameters: { force: false, preferred_sources: ['tushare'], symbols: ['000001.SZ'], periods: ['daily'] },
  },
}

const namesBars = ({ symbols, periods }: Pick<Trigger, 'symbols' | 'periods'>): boolean =>
  symbols !== undefined || (periods !== undefined && periods.length > 0)

function contradictions(t: Trigger): [string, string][] {
  const found: [string, string][] = []
  if (t.start_date && t.end_date && t.start_date > t.end_date)
    found.push(['end_date', 'lies before start_date'])
  for (const field of ['start_date', 'end_date'] as const) {
    if (t[field] === undefined) continue
    if (t.all_history) found.push([field, 'contradicts all_history: give one of them'])
    else if (!namesBars(t)) found.push([field, 'needs symbols or periods: a list has no dates'])
  }
  return found
}

export interface TriggerMeaning {
  job: Job
  params: RunParams
  force: boolean
  /** The request as it was understood, echoed to the caller. */
  parameters: Record<string, unknown>
  /** What the caller should know besides. */
  notes: string[]
}

/** A trigger → the run that it asks for. */
export function meaningOf(
  trigger: Trigger,
  context: { now: Date; configured: ReadonlySet<SourceName> },
): TriggerMeaning {
  const { symbols, preferred_sources: preferred = [] } = trigger
  const bars = trigger.all_history === true || namesBars(trigger)
  const periods = PERIODS.filter((each) => (trigger.periods ?? []).includes(each))
  if (periods.length === 0) periods.push('daily')
  const sources = sourcesAsked(preferred, context.configured)
  const dates: Pick<RunParams, 'start_date' | 'end_date'> =
    trigger.all_history || !bars ? {} : datesOf(trigger, context.now)
  const params: RunParams = {
    ...(symbols && { symbols }),
    ...dates,
    ...(sources.known.length > 0 && { preferred_sources: sources.known }),
    ...(trigger.source_mode && { source_mode: trigger.source_mode }),
    ...(trigger.want && { want: trigger.want }),
    ...(isLong(periods) && { periods }),
  }
  return {
    job: !bars ? DEFAULT_JOB : namesBars(trigger) ? 'daily_history' : 'full_history',
    params,
    force: trigger.force ?? false,
    parameters: {
      force: trigger.force ?? false,
      preferred_sources: preferred,
      symbols: symbols ?? [],
      periods: bars ? periods : [],
      all_history: trigger.all_history ?? false,
      start_date: dates.start_date ?? null,
      end_date: dates.end_date ?? null,
      source_mode: trigger.source_mode ?? 'failover',
      want: trigger.want ?? 'any',
    },
    notes: sources.notes,
  }
}

/** Sources of a request that can be asked, and a note about those that cannot. */
export function sourcesAsked(
  asked: readonly SourceName[],
  configured: ReadonlySet<SourceName>,
): { known: SourceName[]; notes: string[] } {
  const missing = asked.filter((name) => !configured.has(name))
  const note = `${missing.join(', ')} not switched on or without what it needs: left out; GET /api/sources says why`
  return {
    known: asked.filter((name) => configured.has(name)),
    notes: missing.length > 0 ? [note] : [],
  }
}

/** Days alone are what every run of bars is about. */
export const isLong = (periods: readonly Period[]): boolean => periods.some((each) => each !== 'daily')

/** The last 365 days up to the newest session, unless dates are given. */
function datesOf(trigger: Trigger, now: Date): { start_date: string; end_date?: string } {
  const end = trigger.end_date ?? shanghaiClock(now).date
  return {
    start_date: trigger.start_date ?? addDays(end, -DEFAULT_DAYS),
    ...(trigger.end_date && { end_date: trigger.end_date }),
  }
}
