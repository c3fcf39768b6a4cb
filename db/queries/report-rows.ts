import { columnsAs, type DataColumn } from '../bars/columns.ts'
import { symbolsOfToday } from '../bars/survey.ts'
import { hashOf, rowsVersion } from '../bars/version.ts'
import type { Sql } from '../client.ts'
import { bySymbol } from '../parts.ts'
import { type FinancialReport, readReports, reportsOf, type ReportsQuery } from './financials.ts'
import type { Reading, Row } from './reading.ts'

/** One row a report with its figures as JSON, or one row a figure. */
export type ReportShape = 'reports' | 'figures'

const ABOUT: DataColumn[] = [
  ...columnsAs('text', null, 'symbol', 'source', 'statement'),
  ...columnsAs('date', null, 'period_end'),
  ...columnsAs('text', null, 'report_type', 'comp_type'),
  ...columnsAs('date', null, 'ann_date', 'f_ann_date'),
  ...columnsAs('text', null, 'update_flag'),
  ...columnsAs('instant', null, 'first_seen_at'),
]
const COLUMNS: Record<ReportShape, DataColumn[]> = {
  reports: [...ABOUT, ...columnsAs('json', null, 'items')],
  // Statements of banks and of industry have different fields.
  figures: [
    ...ABOUT,
    ...columnsAs('text', null, 'field'),
    ...columnsAs('decimal', null, 'value'),
    ...columnsAs('text', null, 'text'),
  ],
}

// Companies that are read at once: each may have some 300 reports of a hundred figures.
const PART = 20

/**
 * Reports of some companies or of all of them.
 *
 * @param instruments symbols by instrument; null: every company, by symbol
 */
export async function readReportRows(
  sql: Sql,
  instruments: ReadonlyMap<number, string> | null,
  query: ReportsQuery,
  shape: ReportShape,
): Promise<Reading> {
  const ids =
    instruments === null ? bySymbol(await symbolsOfToday(sql)).map(([id]) => id) : [...instruments.keys()]
  const asked = reportsOf(sql, instruments === null ? null : ids, query)
  return {
    columns: COLUMNS[shape],
    version: hashOf([query, ids, await rowsVersion(sql, 'financial_report', asked)]),
    rows: async function* () {
      for (let at = 0; at < ids.length; at += PART) {
        const reports = await readReports(sql, ids.slice(at, at + PART), query)
        yield reports.flatMap(shape === 'reports' ? wholeReport : figuresOf)
      }
    },
  }
}

const aboutOf = (report: FinancialReport): Row => [
  report.symbol,
  report.source,
  report.statement,
  report.period_end,
  report.report_type,
  report.comp_type,
  report.ann_date,
  report.f_ann_date,
  report.update_flag,
  report.first_seen_at,
]

const wholeReport = (report: FinancialReport): Row[] => [[...aboutOf(report), JSON.stringify(report.items)]]

const figuresOf = (report: FinancialReport): Row[] =>
  Object.entries(report.items).map(([field, value]) => [
    ...aboutOf(report),
    field,
    ...(typeof value === 'number' ? [String(value), null] : [null, value]),
  ])
