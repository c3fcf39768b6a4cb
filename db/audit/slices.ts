import { addDays, type TradeDate } from '../../market/date.ts'
import type { DateRange } from '../../planning/types.ts'

/**
 * A range of dates by the partitions of the tables, newest first: one before 1996, then one a year. A statement over one
 * slice reads one partition, and no transaction lasts longer than that takes.
 */
export function* yearSlices({ from, to }: DateRange): Generator<DateRange> {
  for (let end: TradeDate = to; end >= from;) {
    const first = end < '1996-01-01' ? from : `${end.slice(0, 4)}-01-01`
    const start = first > from ? first : from
    yield { from: start, to: end }
    end = addDays(start, -1)
  }
}
