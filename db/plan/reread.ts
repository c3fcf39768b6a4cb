import { isReportDataset } from '../../market/datasets.ts'
import { addDays, shanghaiClock } from '../../market/date.ts'
import type { RunParams } from '../../market/run-params.ts'
import { allItems, commonItems } from '../../planning/items.ts'
import type { DateRange, PlanInstrument, WantedItem } from '../../planning/types.ts'
import { coveredItems } from '../../planning/wanted.ts'
import type { StoredCoverage } from '../queries/planning.ts'
import type { Candidate } from './candidates.ts'
import type { DatedInput } from './shape.ts'

/*
 * Cells that are wanted although they are covered, since upstreams correct what they have served: the newest sessions, and
 * each month a twentieth of the stocks. And the opposite: a run that mends wants nothing that was never covered.
 */

/** What changes of what a run wants, apart from what is covered. */
export interface Reread {
  /** What each source has brought, before anything is asked again. */
  covered: readonly StoredCoverage[]
  mend: boolean
  /** Nothing but these is wanted; null: whatever else says. */
  only: readonly WantedItem[] | null
  /** Stocks that are read again as far as they are covered. */
  share: { range: DateRange; has: (instrument: PlanInstrument) => boolean } | null
}

/** Shares of the stocks that are read again one after the other, one a month. */
export const REREAD_SHARES = 20

/** The share of a month: `instrument.id % REREAD_SHARES` of those that are read again then. */
export function shareOfMonth(now: Date): number {
  const { date } = shanghaiClock(now)
  return (Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7))) % REREAD_SHARES
}

/** @param range what the run is about; null when nothing is due */
export function rereadOf(
  { params, context, dataset, only }: DatedInput,
  covered: readonly StoredCoverage[],
  range: DateRange | null,
): Reread {
  const share = shareOfMonth(context.now())
  const isShared = params.recheck_share === true && range !== null && !isReportDataset(dataset)
  return {
    covered,
    mend: params.mend ?? false,
    only: only ?? null,
    share: isShared
      ? {
          range: { from: context.historyStart, to: range.to },
          has: ({ id }) => id % REREAD_SHARES === share,
        }
      : null,
  }
}

/** Wanted cells of a candidate with those that it has to read again, or without those that nobody ever brought. */
export function withReread(
  items: readonly WantedItem[],
  { covered, mend, only, share }: Reread,
  of: { candidate: Candidate; instruments: readonly PlanInstrument[]; range: DateRange },
  calendar: DatedInput['market']['calendar'],
): WantedItem[] {
  const { candidate, instruments, range } = of
  const own = only === null ? items : commonItems(items, only, calendar)
  const known = mend
    ? commonItems(own, coveredItems({ instruments, range, calendar, covered }), calendar)
    : own
  if (share === null) return [...known]
  // Its own cells only: another source's would come a second time, and say nothing of what that one has corrected.
  const brought = covered.filter(({ source }) => source === candidate.name)
  const again = instruments.filter(share.has)
  return allItems(
    known,
    coveredItems({ instruments: again, range: share.range, calendar, covered: brought }),
    calendar,
  )
}

/**
 * What is covered without the sessions that are read again: so many before the newest one. Reports are versions and come
 * by themselves when they change; sparse factors cost a call for each stock, and a step that changed shows in the bars.
 */
export function withoutRecheck(
  { params, dataset, market: { calendar } }: Pick<DatedInput, 'params' | 'dataset' | 'market'>,
  first: Candidate | undefined,
  covered: readonly StoredCoverage[],
  range: DateRange | null,
): StoredCoverage[] {
  const again = recheckedDates(params, calendar, range)
  if (again === null || isReportDataset(dataset) || first?.capability.sparse) return [...covered]
  const without = (ranges: readonly DateRange[]) => ranges.flatMap((each) => partsOutside(each, again))
  return covered.map((each) => ({
    ...each,
    ranges: new Map([...each.ranges].map(([id, ranges]) => [id, without(ranges)])),
  }))
}

function recheckedDates(
  { recheck = 0 }: RunParams,
  calendar: DatedInput['market']['calendar'],
  range: DateRange | null,
): DateRange | null {
  if (recheck <= 0 || range === null) return null
  const newest = calendar.lastAtOrBefore(range.to)
  if (newest < 1) return null
  return { from: calendar.at(Math.max(0, newest - recheck)), to: calendar.at(newest - 1) }
}

function partsOutside(range: DateRange, hole: DateRange): DateRange[] {
  if (range.to < hole.from || range.from > hole.to) return [range]
  return [
    ...(range.from < hole.from ? [{ from: range.from, to: addDays(hole.from, -1) }] : []),
    ...(range.to > hole.to ? [{ from: addDays(hole.to, 1), to: range.to }] : []),
  ]
}
