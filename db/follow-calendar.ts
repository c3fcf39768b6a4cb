import { type LongPeriod, periodAround } from '../market/bar-periods.ts'
import { addDays, type TradeDate } from '../market/date.ts'
import { countBars, findLatestBar } from './bar-statistics.ts'
import type { Tx } from './client.ts'
import { deriveBars, LONG_PERIODS, lockDerivedBars } from './derive-bars.ts'

/*
 * The dates of weekly and monthly bars come from the calendar, and it changes: next year's is published in December, when
 * a week may reach into it, and single days are declared holidays. Bars of such periods are dated and judged anew.
 */

/**
 * Makes the weekly and monthly bars around some days follow the calendar as it is now.
 *
 * @param days those that are new or have changed, ascending
 */
export async function followCalendar(
  tx: Tx,
  days: readonly TradeDate[],
  context: { runId: string; job: string },
): Promise<void> {
  const [first] = days
  const last = days.at(-1)
  if (first === undefined || last === undefined) return
  const rows = await tx<{ source: string; from: TradeDate; to: TradeDate }[]>`
    select source, min(trade_date)::text as from, max(trade_date)::text as to from bars
    where period = 'daily' and trade_date between ${around(first).from} and ${around(last).to} group by 1 order by 1`
  for (const { source, from, to } of rows) {
    await lockDerivedBars(tx, { source, instruments: null })
    for (const range of rangesOf(days.filter((day) => around(day).to >= from && around(day).from <= to))) {
      const emptied = await deleteMisdated(tx, source, range)
      await deriveBars(tx, { source, instruments: null, ...range }, context)
      for (const period of emptied) await findLatestBar(tx, { period, source })
    }
  }
}

interface DateRange {
  from: TradeDate
  to: TradeDate
}

/** All weeks and months around a date. */
function around(date: TradeDate): DateRange {
  const ranges = LONG_PERIODS.map((period) => periodAround(period, date))
  const [from = date] = ranges.map((range) => range.from).sort()
  const [to = date] = ranges
    .map((range) => range.to)
    .sort()
    .reverse()
  return { from, to }
}

/** Days as ranges of neighbours within a year: a statement holds the days of its range in memory. */
function rangesOf(days: readonly TradeDate[]): DateRange[] {
  const ranges: DateRange[] = []
  for (const day of days) {
    const last = ranges.at(-1)
    if (last && addDays(last.to, 1) === day && last.from.slice(0, 4) === day.slice(0, 4)) last.to = day
    else ranges.push({ from: day, to: day })
  }
  return ranges
}

/** Takes away bars of periods that now end on another session; gives the kinds of periods that lost some. */
async function deleteMisdated(tx: Tx, source: string, { from, to }: DateRange): Promise<LongPeriod[]> {
  const emptied: LongPeriod[] = []
  for (const period of LONG_PERIODS) {
    const start = periodAround(period, from).from
    const end = periodAround(period, to).to
    const unit = period === 'weekly' ? 'week' : 'month'
    const { count } = await tx`
      delete from bars b using (
        select date_trunc(${unit}, trade_date::timestamp)::date as period_start, max(trade_date) as last_session
        from trade_calendar where exchange = 'SSE' and is_open and trade_date between ${start} and ${end} group by 1
      ) p
      where b.period = ${period} and b.source = ${source} and b.trade_date between ${start} and ${end}
        and b.period_start = p.period_start and b.trade_date <> p.last_session`
    if (count === 0) continue
    emptied.push(period)
    await countBars(tx, [{ period, source, added: -count, latest: null }])
  }
  return emptied
}
