import { periodAround } from '../market/bar-periods.ts'
import type { TradeDate } from '../market/date.ts'
import { deriveBars, lockDerivedBars } from './derive-bars.ts'
import type { Sql, Tx } from './client.ts'

/*
 * Days of the whole market come one by one, and each would make its week and its month anew: twenty times the same month.
 * A batch therefore leaves them until its last day of the month, with a mark in the same transaction. A mark that nobody
 * came back to, after a kill or a call that failed, is served when a run ends or begins.
 *
 * Nothing is left where a week or month is final already: what readers take for final is never behind its days.
 */

/** Days of the whole market by one source. */
export interface MarketDays {
  source: string
  from: TradeDate
  to: TradeDate
}

/**
 * Leaves the weeks and months of some days for later, unless one of them is final. Those of stocks that were not listed on the
 * days do not count: the month of a new listing is final long before the market's. The caller holds `lockDerivedBars`.
 *
 * @returns whether it did
 */
export async function leavePeriods(tx: Tx, { source, from, to }: MarketDays): Promise<boolean> {
  const left = await tx`
    insert into derived_due (source, from_date, to_date)
    select ${source}, ${from}, ${to}
    where not exists (
      select from bars b join (
        select max(trade_date) as date, 'weekly' as period from trade_calendar where exchange = 'SSE' and is_open
          and trade_date between ${periodAround('weekly', from).from} and ${periodAround('weekly', from).to}
        union all select max(trade_date), 'weekly' from trade_calendar where exchange = 'SSE' and is_open
          and trade_date between ${periodAround('weekly', to).from} and ${periodAround('weekly', to).to}
        union all select max(trade_date), 'monthly' from trade_calendar where exchange = 'SSE' and is_open
          and trade_date between ${periodAround('monthly', from).from} and ${periodAround('monthly', to).to}
      ) last on b.trade_date = last.date and b.period = last.period
      join instrument i on i.id = b.instrument_id
      where b.source = ${source} and b.is_final and (i.list_date is null or i.list_date <= ${to}::date)
        and (i.delist_date is null or i.delist_date > ${from}::date))`
  return left.count > 0
}

/**
 * A part of a statement that changes holes: weeks and months of bars are final only where no day is a hole. `cells` is the name
 * of a part before it, with the columns dataset, source and trade_date.
 */
export const leaveMonthsOf = (sql: Sql | Tx, cells: string) => sql`
  insert into derived_due (source, from_date, to_date)
  select source, min(trade_date), max(trade_date) from ${sql(cells)} where dataset = 'bars'
  group by source, date_trunc('month', trade_date::timestamp)`

/** Takes what was left of the months of some days with them. The caller holds `lockDerivedBars` of the market. */
export async function withLeft(tx: Tx, days: MarketDays): Promise<MarketDays> {
  return (await takeLeft(tx, days)).reduce(joined, days)
}

async function takeLeft(tx: Tx, days: MarketDays): Promise<{ from: TradeDate; to: TradeDate }[]> {
  return await tx<{ from: TradeDate; to: TradeDate }[]>`
    delete from derived_due where source = ${days.source}
      and from_date <= ${periodAround('monthly', days.to).to} and to_date >= ${periodAround('monthly', days.from).from}
    returning from_date::text as from, to_date::text as to`
}

const joined = (days: MarketDays, more: { from: TradeDate; to: TradeDate }): MarketDays => ({
  ...days,
  from: more.from < days.from ? more.from : days.from,
  to: more.to > days.to ? more.to : days.to,
})

/**
 * Makes the weeks and months that are still to be made, month by month, in the name of a run.
 *
 * @param limitMs begins no further month after that; the marks stay
 */
export async function deriveLeft(sql: Sql, runId: string, limitMs = Infinity): Promise<void> {
  const began = performance.now()
  while (performance.now() - began < limitMs) {
    const [first] = await sql<(MarketDays & { job: string })[]>`
      select d.source, d.from_date::text as from, d.to_date::text as to, r.job
      from derived_due d join sync_run r on r.id = ${runId} order by d.id limit 1`
    if (!first) return
    const { job, ...days } = first
    await sql.begin(async (tx) => {
      await lockDerivedBars(tx, { source: days.source, instruments: null })
      const left = await takeLeft(tx, days)
      // Somebody else was faster.
      if (left.length === 0) return
      await deriveBars(tx, { ...left.reduce(joined, days), instruments: null }, { runId, job })
    })
  }
}
