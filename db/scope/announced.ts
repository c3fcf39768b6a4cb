import { type Dataset, DATASET_NAMES, isReportDataset } from '../../market/datasets.ts'
import { addDays, shanghaiClock, type TradeDate } from '../../market/date.ts'
import type { RunParams } from '../../market/run-params.ts'
import { parseMultirange } from '../../planning/wanted.ts'
import type { Sql } from '../client.ts'
import { ANNOUNCEMENTS } from '../schema/completeness.ts'
import type { Resolved, ScopeContext } from './context.ts'

// Upstreams take a day or two until they have all that was announced: the days before are read once more.
const AGAIN_DAYS = 2
// Where nobody has looked before. The reports of a season come within six weeks; older ones are a history.
const FIRST_DAYS = 31

/**
 * The days whose announcements a run asks for: those that nobody has looked at since the last time, up to today. What is
 * announced today is asked for once more tomorrow.
 */
export async function announcedDays({ sql, now }: ScopeContext, params: RunParams): Promise<Resolved> {
  const today = shanghaiClock(now()).date
  const to = params.announced_to ?? today
  const from = params.announced_from ?? (await firstDay(sql, params, today))
  return {
    params: { ...params, announced_from: from, announced_to: to },
    notes: [`reports that were announced from ${from} to ${to}`],
  }
}

async function firstDay(sql: Sql, { days_back }: RunParams, today: TradeDate): Promise<TradeDate> {
  if (days_back !== undefined) return addDays(today, -days_back)
  const known = (await firstUnread(sql)) ?? (await lastRun(sql))
  return known === null || known > today
    ? addDays(today, known === null ? -FIRST_DAYS : 0)
    : addDays(known, -AGAIN_DAYS)
}

const REPORTS: readonly Dataset[] = DATASET_NAMES.filter(isReportDataset)

/** The first day after those whose announcements were read without a gap; null where some dataset's never were. */
async function firstUnread(sql: Sql): Promise<TradeDate | null> {
  const rows = await sql<{ ranges: string }[]>`
    select range_agg(r)::text as ranges from coverage c, unnest(c.ranges) r
    where c.instrument_id = ${ANNOUNCEMENTS} and c.dataset = any(${REPORTS as string[]}) group by c.dataset`
  if (rows.length < REPORTS.length) return null
  const ends = rows.flatMap(({ ranges }) => parseMultirange(ranges)[0]?.to ?? [])
  const [first] = ends.sort()
  return first === undefined ? null : addDays(first, 1)
}

/** The day on which the last run began that brought all it was about: companies that were asked one by one leave no days. */
async function lastRun(sql: Sql): Promise<TradeDate | null> {
  const [row] = await sql<{ date: string | null }[]>`
    select max((started_at at time zone 'Asia/Shanghai')::date)::text as date from sync_run
    where job = 'finance_incremental' and status = 'success'`
  return row?.date ?? null
}
