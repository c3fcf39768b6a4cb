import type { Tx } from '../db/client.ts'
import { resolveInstruments } from '../db/instruments.ts'
import { type DatedDataset, type MergeCounts, mergeRows } from '../db/merge.ts'
import { type KeyedDataset, type KeyedRow, mergeKeyed } from '../db/merge-keyed.ts'
import { mergeReports } from '../db/merge-reports.ts'
import { fillNewestValuation } from '../db/newest-valuation.ts'
import { mergeCodeChanges, mergeStockList } from '../db/stock-list.ts'
import { mergeCalendar } from '../db/trade-calendar.ts'
import type { SourceCall } from '../market/capability.ts'
import { type Dataset, DATASET_NAMES, type ReportDataset } from '../market/datasets.ts'
import type {
  Answer,
  CalendarRow,
  DisclosureRow,
  IndexMemberRow,
  NameRow,
  ReportRow,
  RowsOf,
  StockRow,
} from '../sources/contract.ts'
import { type StagedAnswer, stageRows, withIds } from './staged-lines.ts'

export interface MergeContext {
  source: string
  runId: string
  job: string
}

type Merge = (tx: Tx) => Promise<MergeCounts>

// Beijing's codes became 920xxx on this day.
const BSE_RENUMBERED_ON = '2025-10-09'

/**
 * How the rows of an answer get into the table of their dataset, inside the commit's transaction. What is returned holds
 * on to the rows of lists only: those of dated datasets are COPY text from now on.
 */
export function mergeOf(
  call: SourceCall,
  answer: Answer,
  known: (symbol: string) => number | undefined,
  context: MergeContext,
): Merge {
  switch (call.dataset) {
    case 'trade_calendar':
      return (tx) => mergeCalendar(tx, answer.rows as CalendarRow[], context)
    case 'stock_list':
      return (tx) => mergeList(tx, call, answer, context)
    case 'name_change':
    case 'disclosure':
    case 'index_member':
      return keyed(call.dataset, answer.rows as (NameRow | DisclosureRow | IndexMemberRow)[], context)
    case 'income':
    case 'balance_sheet':
    case 'cash_flow':
    case 'fin_indicator':
      return reports(call.dataset, answer.rows as ReportRow[], context)
    default:
      return inOrder([
        ...alongsideOf(answer)
          .filter((dataset) => comesBefore(dataset, call.dataset))
          .map((dataset) => stagedAlong(dataset)),
        staged(call.dataset, answer.rows as never[]),
        ...alongsideOf(answer)
          .filter((dataset) => !comesBefore(dataset, call.dataset))
          .map((dataset) => stagedAlong(dataset)),
      ])
  }

  function stagedAlong(dataset: Alongside): Merge {
    return staged(dataset, (answer.alongside?.[dataset] ?? []) as never[])
  }

  function staged<D extends DatedDataset>(dataset: D, rows: readonly RowsOf[D][]) {
    return mergeStaged(dataset, stageRows(dataset, rows, known), context)
  }
}

type Alongside = keyof NonNullable<Answer['alongside']>

const comesBefore = (a: Dataset, b: Dataset): boolean => DATASET_NAMES.indexOf(a) < DATASET_NAMES.indexOf(b)

/** Datasets that came along with an answer, in the lock order of their tables. */
export const alongsideOf = ({ alongside }: Answer): readonly Alongside[] =>
  DATASET_NAMES.filter((dataset): dataset is Alongside => alongside?.[dataset as Alongside] !== undefined)

/** The parts of an answer one after the other; their counts add up. */
function inOrder(merges: readonly Merge[]): Merge {
  const [only, ...others] = merges
  if (only && others.length === 0) return only
  return async (tx) => {
    const sum: MergeCounts = { inserted: 0, updated: 0, unchanged: 0 }
    for (const merge of merges) {
      const counts = await merge(tx)
      sum.inserted += counts.inserted
      sum.updated += counts.updated
      sum.unchanged += counts.unchanged
    }
    return sum
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

/** Rows with keys of their own, under the ids of what their symbols stand for. */
function keyed(
  dataset: KeyedDataset,
  rows: readonly (NameRow | DisclosureRow | IndexMemberRow)[],
  context: MergeContext,
): Merge {
  return async (tx) => {
    const symbols = rows.flatMap((row) =>
      'index_symbol' in row ? [row.symbol, row.index_symbol] : [row.symbol],
    )
    const ids = await resolveInstruments(tx, [...new Set(symbols)], context.source)
    const withId = rows.map((row): KeyedRow => ({
      ...row,
      instrument_id: ids.get(row.symbol) ?? 0,
      ...('index_symbol' in row ? { index_id: ids.get(row.index_symbol) ?? 0 } : {}),
    }))
    return await mergeKeyed(tx, dataset, withId, context)
  }
}

function reports(dataset: ReportDataset, rows: readonly ReportRow[], context: MergeContext): Merge {
  return async (tx) => {
    const symbols = [...new Set(rows.map((row) => row.symbol))]
    const ids = await resolveInstruments(tx, symbols, context.source)
    const staged = rows.map((row) => ({ ...row, instrument_id: ids.get(row.symbol) ?? 0 }))
    return await mergeReports(tx, dataset, staged, context)
  }
}

/** Apart from `mergeOf`, so that the answer is not among what the closure keeps alive. */
function mergeStaged(dataset: DatedDataset, staged: StagedAnswer | null, context: MergeContext): Merge {
  return async (tx) => {
    if (staged === null) return { inserted: 0, updated: 0, unchanged: 0 }
    const ids = await resolveInstruments(tx, [...staged.ids.keys()], context.source)
    const { from, to } = staged
    const counts = await mergeRows(tx, dataset, withIds(staged, ids), { ...context, from, to })
    if (dataset === 'daily_basic') await fillNewestValuation(tx, context)
    return counts
  }
}
