import type { ReportDataset } from '../../market/datasets.ts'
import type { TradeDate } from '../../market/date.ts'
import type { SourceName } from '../../market/sources.ts'
import type { Sql } from '../client.ts'
import { instrumentIds } from './planning.ts'

/**
 * Whose reports stand where several sources have one, the best first. East Money has ten fields of each statement where
 * Tushare has a hundred, and BaoStock has ratios only. One report is never made of two.
 */
const PRECEDENCE: readonly SourceName[] = ['tushare', 'akshare', 'baostock']

export interface ReportsQuery {
  statement?: ReportDataset
  /** First and last report period. */
  from?: TradeDate
  to?: TradeDate
  /** What the market knew on this day, see `financial_as_of`. */
  asOf?: TradeDate
  /** What this service had brought by then, ISO 8601. */
  seenBy?: string
  /** Of each period the newest version of the best source, or (false) every version of every source. */
  latest: boolean
  /** Tushare's number; the consolidated report where it is left out. */
  reportType?: string
}

export interface FinancialsQuery extends ReportsQuery {
  /** Any code that the company has or had. */
  symbol: string
}

export interface FinancialReport {
  symbol: string
  source: SourceName
  statement: ReportDataset
  period_end: TradeDate
  report_type: string
  comp_type: string | null
  ann_date: TradeDate | null
  f_ann_date: TradeDate | null
  update_flag: string | null
  /** ISO 8601. */
  first_seen_at: string
  /** Field → figure; yuan, percent. */
  items: Record<string, string | number>
}

/** Reports of a company, newest period first; null for a symbol that nobody knows. */
export async function readFinancials(sql: Sql, query: FinancialsQuery): Promise<FinancialReport[] | null> {
  const ids = await instrumentIds(sql, [query.symbol])
  const id = ids.get(query.symbol)
  return id === undefined ? null : await readReports(sql, [id], query)
}

/** Reports of some companies, one after the other in this order, each statement with its newest period first. */
export async function readReports(
  sql: Sql,
  ids: readonly number[],
  query: ReportsQuery,
): Promise<FinancialReport[]> {
  return query.latest ? await latest(sql, ids, query) : await versions(sql, ids, query)
}

const COLUMNS = `symbol, source, statement, period_end, report_type, comp_type, ann_date, f_ann_date, update_flag,
  to_char(first_seen_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as first_seen_at, items`

async function latest(sql: Sql, ids: readonly number[], query: ReportsQuery): Promise<FinancialReport[]> {
  const { asOf = null, seenBy = null } = query
  return await sql<FinancialReport[]>`
    select distinct on (${placeOf(sql, ids)}, statement, period_end) ${sql.unsafe(COLUMNS)}
    from financial_as_of(${asOf}::date, ${seenBy}::timestamptz) r where ${reportsOf(sql, ids, query)}
    order by ${placeOf(sql, ids)}, statement, period_end desc, array_position(${PRECEDENCE as string[]}::text[], source)`
}

async function versions(sql: Sql, ids: readonly number[], query: ReportsQuery): Promise<FinancialReport[]> {
  const { asOf = null, seenBy = null } = query
  return await sql<FinancialReport[]>`
    select ${sql.unsafe(COLUMNS)} from financial_report r where ${reportsOf(sql, ids, query)}
      and (${asOf}::date is null or coalesce(f_ann_date, ann_date) <= ${asOf}::date)
      and (${seenBy}::timestamptz is null or first_seen_at <= ${seenBy}::timestamptz)
    order by ${placeOf(sql, ids)}, statement, period_end desc, coalesce(f_ann_date, ann_date) desc, update_flag desc, id desc`
}

// Ids are numbers of ours, and one text twice is one expression for `distinct on`, which two parameters are not.
const placeOf = (sql: Sql, ids: readonly number[]) =>
  sql.unsafe(`array_position('{${ids.map(Number).join(',')}}'::int[], r.instrument_id)`)

/** Which reports are asked for, as `r`; of all companies without ids. */
export const reportsOf = (
  sql: Sql,
  ids: readonly number[] | null,
  { statement, from, to, reportType = '1' }: ReportsQuery,
) => sql`
  report_type = ${reportType} ${ids === null ? sql`` : sql`and instrument_id = any(${ids as number[]})`}
  ${statement === undefined ? sql`` : sql`and statement = ${statement}`}
  ${from === undefined ? sql`` : sql`and period_end >= ${from}`}
  ${to === undefined ? sql`` : sql`and period_end <= ${to}`}`
