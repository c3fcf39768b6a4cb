import type { ReportDataset } from '../../market/datasets.ts'
import type { TradeDate } from '../../market/date.ts'
import type { Sql } from '../client.ts'

/** A company that published a report. */
export interface Announcer {
  id: number
  symbol: string
  /** Of the oldest of its reports that this is about. */
  period_end: TradeDate
}

/**
 * Companies that published a report within some days, and those that have published one that is not there yet, by their
 * disclosure dates.
 */
export async function announcers(
  sql: Sql,
  asked: { dataset: ReportDataset; from: TradeDate; to: TradeDate },
): Promise<Announcer[]> {
  return await sql<Announcer[]>`
    select d.instrument_id as id, c.code as symbol, min(d.period_end) as period_end
    from disclosure d join instrument_code c on c.instrument_id = d.instrument_id and c.valid_to is null
    where d.actual_date <= ${asked.to} and (d.actual_date >= ${asked.from} or not exists (
      select from financial_report r where r.instrument_id = d.instrument_id and r.statement = ${asked.dataset}
        and r.period_end = d.period_end))
    group by 1, 2 order by 1`
}
