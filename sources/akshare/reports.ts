import { AKSHARE_REPORT_COST, AKSHARE_REPORT_PAGE_ROWS } from '../../market/akshare.ts'
import type { SourceCall } from '../../market/capability.ts'
import { isReportDataset } from '../../market/datasets.ts'
import { addDays, shanghaiClock } from '../../market/date.ts'
import type { ReportRow } from '../contract.ts'
import type { Ask } from './ask.ts'
import type { Collected } from './map.ts'
import { statements } from './statements.ts'

// The first reports of a season come two to three weeks after the period. Before that the site has no row, which AKShare
// cannot tell from a block.
const NOBODY_BEFORE_DAYS = 10

/** The reports of the whole market for one period. */
export async function marketReports(
  ask: Ask,
  { dataset, symbols, from, to, rows }: SourceCall,
  now: Date,
): Promise<Collected<ReportRow> & { requests: number }> {
  if (!isReportDataset(dataset) || symbols !== null || from === null || from !== to)
    throw new TypeError('reports come as a whole market, one period at a time')
  if (shanghaiClock(now).date < addDays(from, NOBODY_BEFORE_DAYS))
    return { rows: [], rejected: [], requests: 0 }
  const cost = rows > 0 ? Math.ceil(rows / AKSHARE_REPORT_PAGE_ROWS) : AKSHARE_REPORT_COST
  return await statements(ask, dataset, from, cost)
}
