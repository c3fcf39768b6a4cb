import { SESSION_DATASETS, type SessionDataset } from '../db/audit/cells.ts'
import { coveredSpan } from '../db/audit/covered-span.ts'
import { deriveLeft } from '../db/derived-due.ts'
import { recordFailures } from '../db/queries/failures.ts'
import { logRun } from '../db/queries/logs.ts'
import { instrumentIds } from '../db/queries/planning.ts'
import { type GateRow, judgedDays, storeGates } from '../db/queries/verify.ts'
import { settleFailures } from '../db/settle-failures.ts'
import { counted } from '../market/counted.ts'
import type { Dataset } from '../market/datasets.ts'
import { scopeOf } from '../market/jobs.ts'
import { type Exchange, EXCHANGES } from '../market/symbol.ts'
import { newestReady } from '../planning/market-facts.ts'
import type { DateRange } from '../planning/types.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { Verification } from '../workflows/contract/messages.ts'
import { settlePeriods } from './check-vendor.ts'
import { compareReport } from './compare-run.ts'
import { countsOf, gatesOf, ofBrought } from './day-gate.ts'
import type { ActivityDeps } from './deps.ts'
import { withHeartbeat } from './heartbeat.ts'
import { countLeft } from './retry-failures.ts'
import type { StoredVerification } from './run-conclusion.ts'
import { dueRange, type LoadedRun, loadMarket, loadRun, type MarketFacts } from './run-context.ts'

const EXCHANGE_NAMES = Object.keys(EXCHANGES) as Exchange[]

const EMPTY: Verification = {
  dates: 0,
  complete: 0,
  completeWithGaps: 0,
  incomplete: 0,
  unverified: 0,
  missingCells: 0,
}

/** The days of one dataset that a run was about. */
interface CheckedDays {
  dataset: SessionDataset
  gates: GateRow[]
  from: string
  to: string
  /** The newest session that can be there, where nothing of it has come. */
  awaited: string | null
  /** Exchanges with instruments that nobody who is switched on serves: named, not missed. */
  notServed: Exchange[]
}

/** Checks the sessions that a run was about and keeps the result. What it comes to is that of its bars. */
export async function verifyRun(deps: ActivityDeps, owner: OwnedRun): Promise<Verification> {
  return await withHeartbeat(async (signal) => {
    const run = await loadRun(deps, owner.runId)
    await deriveLeft(deps.db.sql, owner.runId)
    // A commit resolves what it covers alone: what took several of them is known now.
    await settleFailures(deps.db.sql, owner.runId, deps.now())
    if (scopeOf(run.job) === 'failures') {
      // Single cells, and maybe of many years: their days are checked by the runs that are about them.
      await countLeft(deps, run)
      return EMPTY
    }
    const ids = run.params.symbols
      ? [...(await instrumentIds(deps.db.sql, run.params.symbols)).values()]
      : null
    const checked: CheckedDays[] = []
    for (const dataset of datasetsOf(run)) {
      const days = await checkDays(deps, run, dataset, ids)
      if (days) checked.push(days)
    }
    const bars = checked.find(({ dataset }) => dataset === 'bars')
    if (bars && run.params.symbols) await reportUnknown(deps, run, run.params.symbols)
    const verification = await conclude(deps, owner, checked)
    if (bars) {
      const region = { from: bars.from, to: bars.to, instruments: ids }
      await compareReport(deps, run, region)
      await settlePeriods(deps, run, region, signal)
    }
    return verification
  })
}

function datasetsOf(run: LoadedRun): SessionDataset[] {
  const datasets: readonly Dataset[] = run.stages.flat()
  return SESSION_DATASETS.filter((dataset) => datasets.includes(dataset))
}

/** Null when no source has the dataset or nothing of it is due. */
async function checkDays(
  deps: ActivityDeps,
  run: LoadedRun,
  dataset: SessionDataset,
  ids: readonly number[] | null,
): Promise<CheckedDays | null> {
  const { sources } = await deps.sources.current()
  const capabilities = [...sources.values()].flatMap((source) => source.capabilities[dataset] ?? [])
  const [capability] = capabilities
  if (!capability) return null
  const market = await loadMarket(deps, dataset)
  const due = dueRange(deps, run.params, capability, market.calendar)
  const mends = run.params.mend === true
  const range = mends ? await withinCovered(deps, dataset, due) : due
  if (range === null) return null
  const exchanges = [...new Set(capabilities.flatMap((each) => each.exchanges))]
  const region = { ...range, dataset, instruments: ids, exchanges, tellBrought: mends }
  // Days of which nobody brought the whole market lack most of it, and no check is to bring that.
  const days = mends && ids === null ? { days: await judgedDays(deps.db.sql, region) } : {}
  const found = await gatesOf(deps.db.sql, market, { ...region, ...days })
  // A run over some symbols says nothing about the market's day.
  if (ids === null) await storeGates(deps.db.sql, dataset, found)
  const gates = mends ? found.map(ofBrought) : found
  const awaited = awaitedIn(gates, newestReady(deps.now(), capability, market.calendar))
  return { dataset, gates, ...range, awaited, notServed: unservedExchanges(market, exchanges) }
}

function awaitedIn(gates: readonly GateRow[], newest: string | null): string | null {
  const last = gates.at(-1)
  return last?.date === newest && last.state === 'incomplete' && last.present === 0 ? last.date : null
}

/** A run that mends is about what was brought before: days of other datasets are not missed in this one. */
async function withinCovered(
  deps: ActivityDeps,
  dataset: SessionDataset,
  due: DateRange | null,
): Promise<DateRange | null> {
  const span = await coveredSpan(deps.db.sql, [dataset])
  if (due === null || span === null) return null
  const from = due.from > span.from ? due.from : span.from
  const to = due.to < span.to ? due.to : span.to
  return from <= to ? { from, to } : null
}

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

/** Keeps the outcome with the run: that of its bars, and of every dataset under `datasets`. */
async function conclude(
  deps: ActivityDeps,
  owner: OwnedRun,
  checked: readonly CheckedDays[],
): Promise<Verification> {
  const [first] = checked
  if (!first) return EMPTY
  const bars = checked.find(({ dataset }) => dataset === 'bars')
  const verification: Verification = bars
    ? { ...verificationOf(bars), ...(bars.notServed.length > 0 ? { notServed: bars.notServed } : {}) }
    : EMPTY
  const datasets = Object.fromEntries(checked.map((days) => [days.dataset, verificationOf(days)]))
  const stored: StoredVerification = { ...verification, datasets }
  await deps.db.sql`update sync_run set verification = ${deps.db.sql.json(stored as never)},
    last_trade_date = coalesce(${(bars ?? first).gates.at(-1)?.date ?? null}::date, last_trade_date), updated_at = now()
    where id = ${owner.runId} and owner_epoch = ${owner.epoch}`
  for (const days of checked) await logDays(deps, owner.runId, days)
  return verification
}

const verificationOf = ({ gates, awaited }: CheckedDays): Verification => ({
  ...countsOf(gates),
  ...(awaited === null ? {} : { awaited }),
})

async function logDays(
  deps: ActivityDeps,
  runId: string,
  { dataset, gates, notServed }: CheckedDays,
): Promise<void> {
  const counts = countsOf(gates)
  const worst = gates
    .filter((gate) => gate.state === 'incomplete')
    .slice(0, 5)
    .map((gate) => gate.date)
  await logRun(deps.db.sql, {
    runId,
    level: counts.incomplete > 0 ? 'warn' : 'info',
    message:
      `verified ${counted(counts.dates, 'session')} of ${dataset}: ${counts.complete} complete, ${counts.completeWithGaps} with gaps, ` +
      `${counts.incomplete} incomplete, ${counts.unverified} unverified` +
      (worst.length > 0 ? ` (${worst.join(', ')}${counts.incomplete > 5 ? ', …' : ''})` : '') +
      notServed.map((exchange) => `; ${exchange}: no source`).join(''),
  })
}
