import { type Dataset, DATASETS, isDataset, isReportDataset } from '../market/datasets.ts'
import { addDays, shanghaiClock, type TradeDate } from '../market/date.ts'
import { newestSettled } from '../market/report-periods.ts'
import { isSourceName, ROW_SOURCES, type RowSource } from '../market/sources.ts'
import { hasMore } from '../market/valuation.ts'
import { spansById } from '../planning/items.ts'
import type { MarketFacts } from '../planning/market-facts.ts'
import { overlaps, spanOf } from '../planning/spans.ts'
import type { DateRange } from '../planning/types.ts'
import { MARKET_ID, subtractCovered } from '../planning/wanted.ts'
import type { Sql } from './client.ts'
import { type FailedCells, failedCells, failedItems, failedSpans } from './plan/failed.ts'
import { loadMarketFacts } from './plan-datasets.ts'
import { allOpenFailures, type OpenFailure } from './queries/failures.ts'
import { loadCoverage, type StoredCoverage } from './queries/planning.ts'
import { ANNOUNCEMENTS } from './schema/completeness.ts'

/**
 * Resolves failures of which everything has come since, whoever fetched it and in however many answers: a commit resolves
 * only what it covers alone. Lists are resolved by the commits that bring them.
 *
 * @param runId who is written down for it
 * @returns how many were resolved
 */
export async function settleFailures(sql: Sql, runId: string, now: Date): Promise<number> {
  const open = new Map<string, OpenFailure[]>()
  for (const failure of await allOpenFailures(sql)) {
    const known = open.get(failure.dataset)
    if (known) known.push(failure)
    else open.set(failure.dataset, [failure])
  }
  const settled: number[] = []
  for (const [dataset, failures] of open) {
    if (!isDataset(dataset) || DATASETS[dataset].cell === 'static') continue
    const covered = await loadCoverage(sql, dataset, ROW_SOURCES)
    const market = await loadMarketFacts(sql, dataset, now)
    const isSettled = settling(dataset, { failures, covered, market, now })
    settled.push(...failures.filter(isSettled).map(({ id }) => id))
  }
  if (settled.length === 0) return 0
  const { count } = await sql`
    update sync_failure set resolved_at = now(), resolved_by = ${runId} where id = any(${settled}) and resolved_at is null`
  return count
}

type IsSettled = (failure: OpenFailure) => boolean
/** What nobody has brought, by instrument. */
type Lacking = ReturnType<typeof spansById>

interface Known {
  failures: readonly OpenFailure[]
  covered: readonly StoredCoverage[]
  market: MarketFacts
  now: Date
}

function settling(dataset: Dataset, { failures, covered, market, now }: Known): IsSettled {
  const { calendar } = market
  const instruments = failedItems(failures, market, now).map(({ instrument }) => instrument)
  const range = { from: calendar.sessions[0] ?? '', to: lastCovered(dataset, calendar, now) }
  const lackingIn = (sources: readonly StoredCoverage[]): Lacking =>
    spansById(subtractCovered({ instruments, range, calendar, covered: sources }), calendar)
  // Values of two sources that must not mix are there when one of them has all.
  const groups = 'oneSource' in DATASETS[dataset] ? covered.map((each) => [each]) : [covered]
  const lackingOf = cached((source: string) =>
    groups.map((group) => lackingIn(group.filter((each) => brings(dataset, each.source, source)))),
  )
  const days = isReportDataset(dataset) ? ANNOUNCEMENTS : MARKET_ID
  const over = addDays(shanghaiClock(now).date, -1)
  const hasDays = (span: DateRange) => {
    const last = isReportDataset(dataset) && span.to > over ? over : span.to
    return (
      last < span.from ||
      covered.some(({ ranges }) =>
        (ranges.get(days) ?? []).some(({ from, to }) => from <= span.from && to >= last),
      )
    )
  }
  return (failure) => {
    const spans = failedSpans([failure])
    const someCell = (isIt: (cell: FailedCells) => boolean) => some(failedCells([failure], market, now), isIt)
    if ((spans.length === 0 && !someCell(() => true)) || !spans.every(hasDays)) return false
    // A day of the whole market says nothing of a symbol that no list names.
    if (someCell(({ instrument }) => instrument.stub === true)) return false
    const isWhole = (lacking: Lacking) =>
      !someCell(({ instrument, range: dates }) =>
        overlaps(lacking.get(instrument.id) ?? [], spanOf(dates, calendar)),
      )
    return lackingOf(failure.source).some(isWhole)
  }
}

/**
 * The last date that is ever covered. Report periods that companies may still publish for are asked again, whatever has
 * come, and so are announcements of a day that is not over: failures about them are not tried apart.
 */
const lastCovered = (dataset: Dataset, { sessions }: MarketFacts['calendar'], now: Date): TradeDate =>
  (isReportDataset(dataset) ? newestSettled(shanghaiClock(now).date) : sessions.at(-1)) ?? ''

/** Whether what one source has brought is all that another one failed to bring. */
const brings = (dataset: Dataset, source: RowSource, failed: string): boolean =>
  !isSourceName(failed) || !hasMore(dataset, failed, source)

function some<T>(all: Iterable<T>, isIt: (each: T) => boolean): boolean {
  for (const each of all) if (isIt(each)) return true
  return false
}

function cached<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>()
  return (key) => {
    const value = known.get(key) ?? make(key)
    known.set(key, value)
    return value
  }
}
