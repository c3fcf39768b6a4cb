import { addDays, type TradeDate } from '../../market/date.ts'
import type { DateRange } from '../../planning/types.ts'

/**
 * A range of dates by the partitions of the tables, newest first: one before 1996, then one a year. A statement over one
 * slice reads one partition, and no transaction lasts longer than that takes.
 */
function* yearSlices({ from, to }: DateRange): Generator<DateRange> {
  for (let end: TradeDate = to; end >= from;) {
    const first = end < '1996-01-01' ? from : `${end.slice(0, 4)}-01-01`
    const start = first > from ? first : from
    yield { from: start, to: end }
    end = addDays(start, -1)
  }
}

// A server has a core for each of them, and the runs beside it keep theirs.
const AT_ONCE = 2

/** What some work makes of every slice of a range, newest first; begun in that order, two at a time. */
export async function inSlices<T>(range: DateRange, work: (slice: DateRange) => Promise<T>): Promise<T[]> {
  const slices = yearSlices(range)
  const results: Promise<T>[] = []
  const lane = async (): Promise<void> => {
    for (const slice of slices) {
      const result = work(slice)
      results.push(result)
      await result
    }
  }
  // Whoever fails ends the other one as well, since a generator that is left has no further slice.
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return await Promise.all(results)
}
