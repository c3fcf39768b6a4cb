import type { Tx } from '../db/client.ts'
import { resolveInstruments } from '../db/instruments.ts'
import { type DatedDataset, type MergeCounts, mergeRows } from '../db/merge.ts'
import { mergeCodeChanges, mergeStockList } from '../db/stock-list.ts'
import { mergeCalendar } from '../db/trade-calendar.ts'
import type { SourceCall } from '../market/capability.ts'
import type { Answer, BarRow, CalendarRow, StockRow } from '../sources/contract.ts'
import { stagedLines } from './staged-lines.ts'

export interface MergeContext {
  source: string
  runId: string
  job: string
}

// Beijing's codes became 920xxx on this day.
const BSE_RENUMBERED_ON = '2025-10-09'

/** Writes the rows of an answer into the table of its dataset, inside the commit's transaction. */
export async function mergeAnswer(
  tx: Tx,
  call: SourceCall,
  answer: Answer,
  context: MergeContext,
): Promise<MergeCounts> {
  switch (call.dataset) {
    case 'trade_calendar':
      return await mergeCalendar(tx, answer.rows as CalendarRow[], context)
    case 'stock_list':
      return await mergeList(tx, call, answer, context)
    default:
      return await mergeDated(tx, call.dataset, answer.rows as BarRow[], context)
  }
}

async function mergeList(
  tx: Tx,
  call: SourceCall,
  answer: Answer,
  context: MergeContext,
): Promise<MergeCounts> {
  if (answer.codeChanges.length > 0) {
    return await mergeCodeChanges(tx, answer.codeChanges, {
      source: context.source,
      renumberedOn: BSE_RENUMBERED_ON,
    })
  }
  const counts = await mergeStockList(tx, answer.rows as StockRow[], context)
  if (context.job === 'stock_list') {
    await tx`update sync_run set total = (select count(*) from stock_basic_info where source = ${context.source}) where id = ${context.runId}`
  }
  return counts
}

async function mergeDated(
  tx: Tx,
  dataset: DatedDataset,
  rows: readonly BarRow[],
  context: MergeContext,
): Promise<MergeCounts> {
  if (rows.length === 0) return { inserted: 0, updated: 0, unchanged: 0 }
  const ids = await resolveInstruments(tx, [...new Set(rows.map((row) => row.symbol))], context.source)
  const dates = rows.map((row) => row.trade_date)
  const from = dates.reduce((least, date) => (date < least ? date : least))
  const to = dates.reduce((most, date) => (date > most ? date : most))
  return await mergeRows(tx, dataset, stagedLines(dataset, rows as never[], ids), { ...context, from, to })
}
