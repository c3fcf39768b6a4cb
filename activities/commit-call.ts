import type { AnswerCommit, Claim } from '../db/commit.ts'
import { ANNOUNCEMENTS } from '../db/schema/completeness.ts'
import type { SourceCall } from '../market/capability.ts'
import { type Dataset, DATASETS, isReportDataset } from '../market/datasets.ts'
import { addDays, shanghaiClock } from '../market/date.ts'
import { ANNOUNCED, newestSettled } from '../market/report-periods.ts'
import { cellIndex, expectedRows, missingCells } from '../planning/expected.ts'
import type { Answer, BarRow } from '../sources/contract.ts'
import { countsSymbols, type Work } from './batch-work.ts'
import { alongsideOf, mergeOf } from './merge-answer.ts'
import type { MarketFacts } from './run-context.ts'

/** Of a stock that was suspended the whole day there is no row of these. */
export const EXPLAINED_BY_SUSPENSION: readonly Dataset[] = ['bars', 'daily_basic']

/** A commit that brings nothing: what a call that failed for good leaves behind is put into it. */
export const emptyAnswer = (work: Work, claim: Claim, dataset: Dataset): Omit<AnswerCommit, 'merge'> => ({
  claim,
  dataset,
  cover: null,
  alongside: [],
  isFollowed: false,
  resolves: false,
  missing: [],
  suspensionExplains: false,
  rejected: [],
  requests: 0,
  cells: 0,
  countsSymbols: countsSymbols(work),
})

/**
 * What the answer of one call commits: rows, what they cover, what is missing of what was expected.
 *
 * @param unknown instruments that the answer says nothing of: they stay uncovered. One mark tells so of a symbol; each cell
 *   is one where the whole market is covered
 */
export function answerCommit(
  work: Work,
  claim: Claim,
  call: SourceCall,
  answer: Answer,
  unknown: ReadonlySet<number>,
): AnswerCommit {
  const { market, served, run, batch, source } = work
  const cellKind = DATASETS[call.dataset].cell
  const ids = call.symbols === null ? null : idsOf(call.symbols, market)
  const lackingIn = (rows: readonly { symbol: string; trade_date: string }[]) =>
    missingCells({
      call,
      instruments: served,
      calendar: market.calendar,
      has: cellIndex(rows.map((row) => ({ symbol: row.symbol, tradeDate: row.trade_date }))),
    }).map((cell) => ({ instrumentId: cell.id, tradeDate: cell.date }))
  const isWhole = cellKind === 'session' && (!work.capability.sparse || call.symbols === null)
  const lacking = isWhole ? lackingIn(answer.rows as BarRow[]) : []
  const missing = work.capability.sparse
    ? lacking.filter(({ instrumentId }) => unknown.has(instrumentId))
    : lacking
  const cover = coverOf(work, call, ids?.filter((id) => !unknown.has(id)) ?? null)
  const unheard =
    ids === null ? [] : [...unknown].map((instrumentId) => ({ instrumentId, tradeDate: call.from ?? '' }))
  const known = (symbol: string) => market.bySymbol.get(symbol)?.id
  const context = { source: source.name, runId: claim.runId, job: run.job }
  return {
    ...emptyAnswer(work, claim, call.dataset),
    merge: mergeOf(call, answer, known, context),
    cover,
    alongside: alongsideOf(answer).map((dataset) => ({
      dataset,
      missing: DATASETS[dataset].cell === 'session' ? lackingIn(answer.alongside?.[dataset] ?? []) : [],
    })),
    resolves: call.from === null || cover !== null,
    missing: [...missing, ...unheard],
    suspensionExplains: EXPLAINED_BY_SUSPENSION.includes(batch.dataset),
    rejected: answer.rejected,
    requests: answer.requests,
    cells: cellKind === 'session' || cellKind === 'report' ? settledCells(call, work) : 0,
  }
}

/**
 * What the answer settles; null for lists. One of several parts settles nothing before the last of them. Report periods
 * that companies may still publish for are asked again, whatever has come.
 */
function coverOf(
  { deps, market, source }: Work,
  call: SourceCall,
  instruments: number[] | null,
): AnswerCommit['cover'] {
  const { dataset, from, to, part } = call
  if (from === null || to === null) return null
  if (part === ANNOUNCED) return announcedUpTo(from, to, shanghaiClock(deps.now()).date)
  if (part !== null && part !== source.partsOf(dataset).at(-1)) return null
  if (!isReportDataset(dataset)) return { instruments, from, to, until: nextSession(to, market) }
  const settled = newestSettled(shanghaiClock(deps.now()).date)
  if (settled === null || from > settled) return null
  const last = to < settled ? to : settled
  return { instruments, from, to: last, until: nextSession(last, market) }
}

/** Days of announcements that are over; more may come on the one under way. */
const announcedUpTo = (from: string, to: string, today: string): AnswerCommit['cover'] => {
  const last = to < today ? to : addDays(today, -1)
  if (from > last) return null
  return { instruments: [ANNOUNCEMENTS], from, to: last, until: addDays(last, 1) }
}

const idsOf = (symbols: readonly string[], market: MarketFacts): number[] =>
  symbols.flatMap((symbol) => market.bySymbol.get(symbol)?.id ?? [])

/** The session after a date, so that closed days belong to the range before them; the next day where none is known. */
function nextSession(date: string, { calendar }: MarketFacts): string {
  const next = calendar.firstAtOrAfter(addDays(date, 1))
  return next < calendar.length ? calendar.at(next) : addDays(date, 1)
}

/** Cells of the batch's region that a call brings. */
function settledCells(call: SourceCall, { batch, market }: Work): number {
  const { from, to } = call
  const { region } = batch
  const { calendar, byId, marketRows } = market
  if (from === null || to === null) return 0
  if (region.kind === 'market' && call.symbols === null) {
    const dates = region.dates.filter((date) => date >= from && date <= to)
    return dates.reduce((sum, date) => sum + marketRows(calendar.firstAtOrAfter(date), region.exchanges), 0)
  }
  if (region.kind !== 'symbols') return call.rows
  const ids = call.symbols && new Set(idsOf(call.symbols, market))
  return region.items.reduce((sum, item) => {
    const instrument = byId.get(item.id)
    if (!instrument || (ids && !ids.has(item.id))) return sum
    const first = item.from > from ? item.from : from
    const last = item.to < to ? item.to : to
    return first > last ? sum : sum + expectedRows(instrument, first, last, calendar)
  }, 0)
}
