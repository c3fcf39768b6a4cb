import {
  countDays,
  type DayCounts,
  type DayRange,
  type GateRow,
  missingOn,
  storeGates,
} from '../db/queries/verify.ts'
import { recordFailures } from '../db/queries/failures.ts'
import { logRun } from '../db/queries/logs.ts'
import { instrumentIds } from '../db/queries/planning.ts'
import type { Dataset } from '../market/datasets.ts'
import { SOURCE_NAMES, SOURCES } from '../market/sources.ts'
import { type Exchange, EXCHANGES } from '../market/symbol.ts'
import type { PlanInstrument } from '../planning/types.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { Verification } from '../workflows/contract/messages.ts'
import { compareReport } from './compare-run.ts'
import type { ActivityDeps } from './deps.ts'
import { withHeartbeat } from './heartbeat.ts'
import { dueRange, type LoadedRun, loadMarket, loadRun, type MarketFacts } from './run-context.ts'

/*
 * The day gate. A session is
 *
 *   complete             every listed instrument that a source serves has a bar or was suspended
 *   complete_with_gaps   at least 99.5 % have; the others are named
 *   incomplete           fewer, or a row that cannot be true
 *   unverified           cells are missing and no source knows the suspensions of that day
 */

const GAP_SHARE = 0.995
// Names in a gate row: enough to act on, small enough for a list.
const NAMED = 50

const EXCHANGE_NAMES = Object.keys(EXCHANGES) as Exchange[]
// Sources that are switched off now may have covered days of the whole market all the same.
const SERVED_BY = Object.fromEntries(SOURCE_NAMES.map((source) => [source, SOURCES[source].exchanges]))

const EMPTY: Verification = {
  dates: 0,
  complete: 0,
  completeWithGaps: 0,
  incomplete: 0,
  unverified: 0,
  missingCells: 0,
}

/** Checks the sessions that a run was about and keeps the result. */
export async function verifyRun(deps: ActivityDeps, owner: OwnedRun): Promise<Verification> {
  return await withHeartbeat(async () => {
    const run = await loadRun(deps, owner.runId)
    const datasets: readonly Dataset[] = run.stages.flat()
    const { sources } = await deps.sources.current()
    const capabilities = [...sources.values()].flatMap((source) => source.capabilities.bars ?? [])
    const [capability] = capabilities
    if (!datasets.includes('bars') || !capability) return EMPTY
    const market = await loadMarket(deps)
    const range = dueRange(deps, run.params, capability, market.calendar)
    if (range === null) return EMPTY
    const ids = run.params.symbols
      ? [...(await instrumentIds(deps.db.sql, run.params.symbols)).values()]
      : null
    if (run.params.symbols) await reportUnknown(deps, run, run.params.symbols)
    const exchanges = [...new Set(capabilities.flatMap((each) => each.exchanges))]
    const gates = await gatesOf(deps, market, { ...range, instruments: ids, exchanges })
    // A run over some symbols says nothing about the market's day.
    if (ids === null) await storeGates(deps.db.sql, 'bars', gates)
    const verification = await conclude(deps, owner, gates, unservedExchanges(market, exchanges))
    await compareReport(deps, run, { ...range, instruments: ids })
    return verification
  })
}

async function gatesOf(deps: ActivityDeps, market: MarketFacts, range: DayRange): Promise<GateRow[]> {
  const expected = expectedOn(market.servedBy(range.exchanges as Exchange[]), range.instruments)
  const gates: GateRow[] = []
  for (const day of await countDays(deps.db.sql, range))
    gates.push(await gateOf(deps, day, expected(day.date), range))
  return gates
}

/** Exchanges with instruments that nobody who is switched on serves: named, not missed. */
const unservedExchanges = (market: MarketFacts, served: readonly Exchange[]): Exchange[] =>
  EXCHANGE_NAMES.filter((exchange) => !served.includes(exchange) && market.servedBy([exchange]).length > 0)

/** A symbol that no list names and that brought no bar either is most likely misspelt: somebody should know. */
async function reportUnknown(deps: ActivityDeps, run: LoadedRun, symbols: readonly string[]): Promise<void> {
  const unknown = await deps.db.sql<{ id: number; symbol: string }[]>`
    select i.id, c.code as symbol from instrument i join instrument_code c on c.instrument_id = i.id
    where i.stub and c.code = any(${symbols as string[]})
      and not exists (select from bars b where b.instrument_id = i.id and b.period = 'daily')`
  if (unknown.length === 0) return
  await recordFailures(deps.db.sql, {
    job: run.job,
    dataset: 'bars',
    source: 'any',
    symbols: unknown,
    from: null,
    to: null,
    errorClass: 'BadRequest',
    message: 'no stock list names this symbol and no source has a bar of it: check its spelling',
    runId: run.row.id,
    maxRetries: deps.settings.maxFailureRetries,
  })
}

function expectedOn(
  instruments: readonly PlanInstrument[],
  ids: readonly number[] | null,
): (date: string) => number {
  const wanted = ids === null ? null : new Set(ids)
  const chosen = wanted === null ? instruments : instruments.filter((i) => wanted.has(i.id))
  return (date) =>
    chosen.filter((i) => (i.listDate ?? '') <= date && (i.delistDate === null || i.delistDate > date)).length
}

async function gateOf(
  deps: ActivityDeps,
  day: DayCounts,
  expected: number,
  range: DayRange,
): Promise<GateRow> {
  const missing = expected - day.present - day.suspended
  const row = { date: day.date, expected, present: day.present, suspended: day.suspended }
  if (day.blocked > 0) return { ...row, state: 'incomplete', reasons: { blocked_rows: day.blocked } }
  if (missing <= 0) return { ...row, state: 'complete', reasons: {} }
  const { symbols, known } = await missingOn(deps.db.sql, day.date, range, SERVED_BY, NAMED)
  const reasons = { missing, symbols }
  if (!known)
    return {
      ...row,
      state: 'unverified',
      reasons: { ...reasons, why: 'no source of suspensions for this day' },
    }
  return {
    ...row,
    state: day.present + day.suspended >= expected * GAP_SHARE ? 'complete_with_gaps' : 'incomplete',
    reasons,
  }
}

async function conclude(
  deps: ActivityDeps,
  owner: OwnedRun,
  gates: readonly GateRow[],
  notServed: readonly Exchange[],
): Promise<Verification> {
  const count = (state: string) => gates.filter((gate) => gate.state === state).length
  const verification: Verification = {
    dates: gates.length,
    complete: count('complete'),
    completeWithGaps: count('complete_with_gaps'),
    incomplete: count('incomplete'),
    unverified: count('unverified'),
    missingCells: gates.reduce(
      (sum, gate) => sum + Math.max(0, gate.expected - gate.present - gate.suspended),
      0,
    ),
    ...(notServed.length > 0 ? { notServed: [...notServed] } : {}),
  }
  await deps.db.sql`update sync_run set verification = ${deps.db.sql.json(verification as never)},
    last_trade_date = coalesce(${gates.at(-1)?.date ?? null}::date, last_trade_date), updated_at = now()
    where id = ${owner.runId} and owner_epoch = ${owner.epoch}`
  const worst = gates
    .filter((gate) => gate.state === 'incomplete')
    .slice(0, 5)
    .map((gate) => gate.date)
  await logRun(deps.db.sql, {
    runId: owner.runId,
    level: verification.incomplete > 0 ? 'warn' : 'info',
    message:
      `verified ${verification.dates} sessions: ${verification.complete} complete, ${verification.completeWithGaps} with gaps, ` +
      `${verification.incomplete} incomplete, ${verification.unverified} unverified` +
      (worst.length > 0 ? ` (${worst.join(', ')}${verification.incomplete > 5 ? ', …' : ''})` : '') +
      notServed.map((exchange) => `; ${exchange}: no source`).join(''),
  })
  return verification
}
