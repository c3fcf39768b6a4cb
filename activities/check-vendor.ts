import { recordVendorAgreement, type VendorAgreement, type VendorBar } from '../db/agreement/vendor.ts'
import { deriveEverySource } from '../db/derive-bars.ts'
import { sampleSymbols } from '../db/queries/comparison.ts'
import { logRun } from '../db/queries/logs.ts'
import { type LongPeriod, periodAround } from '../market/bar-periods.ts'
import type { SessionCalendar } from '../market/calendar.ts'
import type { TradeDate } from '../market/date.ts'
import { scopeOf } from '../market/jobs.ts'
import type { PeriodCall, Source } from '../sources/contract.ts'
import { SourceError } from '../sources/errors.ts'
import type { ActivityDeps } from './deps.ts'
import { type LoadedRun, loadMarket } from './run-context.ts'
import { askUpstream, BudgetLater } from './upstream.ts'

// Of a source that takes one symbol at a time: enough to see a wrong sum, few enough to ask every week.
const SAMPLED_SYMBOLS = 50
// As many as one call of Tushare takes.
const SYMBOLS_PER_CALL = 100

interface Region {
  instruments: readonly number[] | null
  from: TradeDate
  to: TradeDate
}

/**
 * The last step of a run about weeks or months: their bars are made once more, since what is known of their days may have
 * changed without an answer that brought it, and are compared with those of the upstreams where that was asked for.
 */
export async function settlePeriods(
  deps: ActivityDeps,
  run: LoadedRun,
  region: Region,
  signal: AbortSignal,
): Promise<void> {
  const scope = scopeOf(run.job)
  const periods: LongPeriod[] =
    scope === 'weeks'
      ? ['weekly']
      : scope === 'months'
        ? ['monthly']
        : (run.params.periods ?? []).filter(isLong)
  if (scope === 'weeks' || scope === 'months') {
    const context = { runId: run.row.id, job: run.job }
    await deps.db.sql.begin((tx) => deriveEverySource(tx, region, context))
  }
  if (!run.params.check_vendor) return
  const { calendar } = await loadMarket(deps)
  for (const period of periods) {
    for (const source of (await deps.sources.current()).sources.values())
      if (source.periods && source.fetchPeriods)
        await checkSource(deps, run, { source, period, region, calendar }, signal)
  }
}

const isLong = (period: string): period is LongPeriod => period !== 'daily'

interface Check {
  source: Source
  period: LongPeriod
  region: Region
  calendar: SessionCalendar
}

/** A source that cannot be asked is left out: the run does not depend on it. */
async function checkSource(
  deps: ActivityDeps,
  run: LoadedRun,
  check: Check,
  signal: AbortSignal,
): Promise<void> {
  const { sql } = deps.db
  const { source, period } = check
  const log = (level: 'info' | 'warn', message: string) => logRun(sql, { runId: run.row.id, level, message })
  const total: VendorAgreement = { compared: 0, disagreed: 0, onlyTheirs: 0 }
  try {
    for (const call of await callsOf(deps, run, check)) {
      const bars = await fetchBars(deps, source, call, signal)
      const counts = await recordVendorAgreement(
        sql,
        { source: source.name, period, runId: run.row.id },
        bars,
      )
      total.compared += counts.compared
      total.disagreed += counts.disagreed
      total.onlyTheirs += counts.onlyTheirs
    }
  } catch (error) {
    if (!(error instanceof SourceError) && !(error instanceof BudgetLater)) throw error
    await log('warn', `${period} bars of ${source.name} were not compared with its own: ${error.message}`)
    return
  }
  await log(total.disagreed > 0 ? 'warn' : 'info', summary(check, total))
}

function summary({ source, period }: Check, { compared, disagreed, onlyTheirs }: VendorAgreement): string {
  const number = (value: number) => value.toLocaleString('en-US')
  const differ = disagreed > 0 ? `; ${number(disagreed)} differ: see agreement` : ''
  const missing = onlyTheirs > 0 ? `; it has ${number(onlyTheirs)} bars that are not final here` : ''
  return `${period} bars of ${source.name} agree with its own in ${number(compared - disagreed)} of ${number(compared)} values${differ}${missing}`
}

/** The whole market period by period where the source can; else symbols over all periods. */
async function callsOf(
  { db }: ActivityDeps,
  run: LoadedRun,
  { source, period, region, calendar }: Check,
): Promise<PeriodCall[]> {
  const periods = closedWithin(period, region, calendar)
  const first = periods[0]
  const last = periods.at(-1)
  if (!first || !last) return []
  const { symbols } = run.params
  if (!symbols && source.periods?.wholeMarket)
    return periods.map((each) => ({ period, symbols: null, ...each }))
  const { from, to } = region
  const exchanges = [...(source.capabilities.bars?.exchanges ?? [])]
  const asked =
    symbols ??
    (await sampleSymbols(db.sql, { runId: run.row.id, count: SAMPLED_SYMBOLS, from, to, exchanges }))
  const size = source.periods?.wholeMarket ? SYMBOLS_PER_CALL : 1
  return Array.from({ length: Math.ceil(asked.length / size) }, (_, i) => ({
    period,
    symbols: asked.slice(i * size, (i + 1) * size),
    from: first.from,
    to: last.to,
    last: last.last,
  }))
}

/** Periods whose last session lies in the region, with their calendar days. */
function closedWithin(
  period: LongPeriod,
  { from, to }: Region,
  calendar: SessionCalendar,
): Omit<PeriodCall, 'period' | 'symbols'>[] {
  const periods: Omit<PeriodCall, 'period' | 'symbols'>[] = []
  for (let at = calendar.firstAtOrAfter(from); at < calendar.length && calendar.at(at) <= to; at++) {
    const around = periodAround(period, calendar.at(at))
    const last = calendar.at(calendar.lastAtOrBefore(around.to))
    if (last <= to && periods.at(-1)?.last !== last) periods.push({ ...around, last })
  }
  return periods
}

async function fetchBars(
  deps: ActivityDeps,
  source: Source,
  call: PeriodCall,
  signal: AbortSignal,
): Promise<readonly VendorBar[]> {
  const { answer } = await askUpstream(
    deps.db.sql,
    source,
    signal,
    deps.settings.retryDelays,
    async (context) => {
      const bars = (await source.fetchPeriods?.(call, context)) ?? []
      return bars.filter(({ trade_date }) => trade_date >= call.from && trade_date <= call.to)
    },
  )
  return answer
}
