import { createHash } from 'node:crypto'
import type { ReportDataset } from '../market/datasets.ts'
import type { Tx } from './client.ts'
import { copyChunks, copyInto, copyText, type MergeCounts } from './merge.ts'

/** One version of a report, with the id of its instrument; see sources/contract.ts for what the fields mean. */
export interface StagedReport {
  instrument_id: number
  symbol: string
  period_end: string
  report_type: string
  comp_type: string | null
  ann_date: string | null
  f_ann_date: string | null
  update_flag: string | null
  items: Readonly<Record<string, string | number>>
}

const KEY = [
  'instrument_id',
  'period_end',
  'report_type',
  'comp_type',
  'ann_date',
  'f_ann_date',
  'update_flag',
] as const
const STAGED = [...KEY, 'symbol', 'items', 'content_hash'] as const

/**
 * Adds the versions of reports that are not there yet. Nothing is ever changed: a figure that an upstream corrects makes
 * another version, by its date or its flag, or by its content where these are the same.
 */
export async function mergeReports(
  tx: Tx,
  dataset: ReportDataset,
  rows: readonly StagedReport[],
  context: { source: string; runId: string; job: string },
): Promise<MergeCounts> {
  if (rows.length === 0) return { inserted: 0, updated: 0, unchanged: 0 }
  // Upstreams send identical rows twice.
  const lines = [...new Set(rows.map(lineOf))].sort()
  await tx`create temp table if not exists stage_financial_report (
    instrument_id int, period_end date, report_type text, comp_type text, ann_date date, f_ann_date date, update_flag text,
    symbol text, items jsonb, content_hash text) on commit delete rows`
  await copyInto(tx, `stage_financial_report (${STAGED.join(', ')})`, copyChunks(lines))
  const { count } = await tx.unsafe(
    `insert into financial_report (statement, source, run_id, data_type, ${STAGED.join(', ')})
     select $1, $2, $3::uuid, $4, ${STAGED.join(', ')} from stage_financial_report
     order by instrument_id, period_end, report_type, f_ann_date on conflict do nothing`,
    [dataset, context.source, context.runId, context.job],
  )
  return { inserted: count, updated: 0, unchanged: lines.length - count }
}

function lineOf(row: StagedReport): string {
  const items = JSON.stringify(
    Object.fromEntries(Object.entries(row.items).sort(([a], [b]) => (a < b ? -1 : 1))),
  )
  const hash = createHash('md5').update(items).digest('hex')
  return [...KEY.map((column) => copyText(row[column])), row.symbol, copyText(items), hash].join('\t')
}
