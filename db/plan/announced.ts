import type { ReportDataset } from '../../market/datasets.ts'
import { addDays, daysBetween, shanghaiClock } from '../../market/date.ts'
import { openPeriods } from '../../market/report-periods.ts'
import type { DateRange } from '../../planning/types.ts'
import { announcers } from '../queries/disclosures.ts'
import { planCells } from './cells.ts'
import { type DatasetPlan, type DatedInput, partOf, planOf } from './shape.ts'

// Each day is a request: a batch of this many is over in seconds, and little is repeated when it fails.
const DAYS_A_BATCH = 10

/**
 * What was announced on some days, by what the first source can be asked for:
 *
 *   announcements      day by day, whatever period they are about
 *   single companies   those that published on these days, by their disclosure dates
 *   whole markets      every period that companies may still publish for
 *
 * Single symbols are asked for the open periods, whoever it is.
 */
export async function planAnnounced(
  input: DatedInput & { dataset: ReportDataset },
  days: DateRange,
): Promise<DatasetPlan[]> {
  const { context, params, dataset, candidates, skipped } = input
  const periods = openPeriods(shanghaiClock(context.now()).date)
  const open = { ...params, start_date: periods[0] ?? days.from, refresh: true }
  if (params.symbols) return await planCells({ ...input, params: open })
  const [first] = candidates
  const able = candidates.filter(({ capability }) => capability.byAnnouncement)
  if (first?.capability.byAnnouncement) {
    const batches = spansOf(days).map(({ calls, ...span }) => ({
      dataset,
      region: { kind: 'range' as const, ...span },
      calls,
      cells: 0,
    }))
    const parts = [partOf(first, batches)]
    return [planOf(dataset, able, { parts, range: days, skipped })]
  }
  if (!first?.capability.bySymbols || first.capability.byDate)
    return await planCells({ ...input, params: open })
  const found = await announcers(context.sql, { dataset, ...days })
  const oldest = found.map(({ period_end }) => period_end).sort()[0] ?? open.start_date
  const companies = { ...open, symbols: found.map(({ symbol }) => symbol), start_date: oldest }
  return await planCells({ ...input, params: companies })
}

/** Newest first. */
function spansOf({ from, to }: DateRange): (DateRange & { calls: number })[] {
  const spans: (DateRange & { calls: number })[] = []
  for (let end = to; end >= from; end = addDays(end, -DAYS_A_BATCH)) {
    const start = addDays(end, 1 - DAYS_A_BATCH)
    const first = start > from ? start : from
    spans.push({ from: first, to: end, calls: daysBetween(first, end) + 1 })
  }
  return spans
}
