import { SESSION_DATASETS, type SessionDataset } from '../../db/audit/cells.ts'
import { type StagedDay, stagedDays, stagedOn } from '../../db/import/survey.ts'
import { loadMarketFacts } from '../../db/plan-datasets.ts'
import { logRun } from '../../db/queries/logs.ts'
import { runTotals, type RunTotalsRow } from '../../db/queries/runs.ts'
import { type GateRow, storeGates } from '../../db/queries/verify.ts'
import type { SessionCalendar } from '../../market/calendar.ts'
import { counted } from '../../market/counted.ts'
import type { TradeDate } from '../../market/date.ts'
import { type Exchange, EXCHANGES } from '../../market/symbol.ts'
import type { DateRange } from '../../planning/types.ts'
import type { Verification } from '../../workflows/contract/messages.ts'
import type { FinalState } from '../../workflows/contract/status.ts'
import { countsOf, gatesOf } from '../day-gate.ts'
import { compareImport } from './compare.ts'
import { ImportRefused } from '../../sources/import/refused.ts'
import type { Survey } from './survey.ts'
import type { ImportDeps } from './run.ts'

export interface ImportEnd {
  runId: string
  status: FinalState
  message: string | null
  totals: RunTotalsRow
  verification: Verification | null
}

interface Owner {
  runId: string
  epoch: number
}

/** Checks the days of what came and what other sources say of them, as after any run, and closes the run. */
export async function finishImport(
  deps: ImportDeps,
  owner: Owner,
  survey: Survey,
  ids: readonly number[],
): Promise<ImportEnd> {
  const verification = await verifyImport(deps, owner, survey)
  await compareImport(deps.db.sql, owner.runId, survey, ids)
  const totals = await runTotals(deps.db.sql, owner.runId)
  const { status, message } = conclusion(totals, verification)
  await deps.db.sql.begin(async (tx) => {
    const { count } = await tx`
      update sync_run set status = ${status}, message = ${message}, finished_at = now(), updated_at = now()
      where id = ${owner.runId} and owner_epoch = ${owner.epoch} and status = 'running'`
    if (count === 0)
      throw new ImportRefused(
        'the import was ended from outside while its days were verified: all of its rows are in',
      )
    const counts = `${totals.inserted} inserted, ${totals.updated} updated, ${totals.unchanged} unchanged, ${totals.rejected} refused`
    await logRun(tx, {
      runId: owner.runId,
      level: status === 'success' ? 'info' : 'warn',
      message: `${status}: ${counts}${message === null ? '' : `. ${message}`}`,
    })
  })
  return { runId: owner.runId, status, message, totals, verification }
}

function conclusion(
  { rejected }: RunTotalsRow,
  verification: Verification | null,
): { status: FinalState; message: string | null } {
  const incomplete = verification?.incomplete ?? 0
  const problems = [
    rejected > 0
      ? `${counted(rejected, 'row was', 'rows were')} refused: the quarantine of the run holds them with their reasons`
      : null,
    incomplete > 0
      ? `${counted(incomplete, 'session is', 'sessions are')} incomplete: daily_history over their dates brings what is missing`
      : null,
  ].filter((problem) => problem !== null)
  return problems.length === 0
    ? { status: 'success', message: null }
    : { status: 'success_with_errors', message: problems.join('; ') }
}

/** The gates of the days of a file; kept as those of the market where the file holds most of it that day. */
async function verifyImport(deps: ImportDeps, owner: Owner, survey: Survey): Promise<Verification | null> {
  const { dataset, to } = survey
  const { sql } = deps.db
  if (!isSessionDataset(dataset)) return null
  const market = await loadMarketFacts(sql, dataset, deps.now())
  const exchanges = await servedExchanges(deps, dataset)
  const days = await stagedDays(deps.stage.sql)
  const isWhole = ({ date, rows }: StagedDay) =>
    rows * 2 > market.marketRows(market.calendar.firstAtOrAfter(date), exchanges)
  const whole = days.filter(isWhole).map(({ date }) => date)
  const others = days.filter((day) => !isWhole(day)).map(({ date }) => date)
  const gates = async (dates: readonly TradeDate[], instruments: readonly number[] | null) => {
    const found: GateRow[] = []
    for (const run of runsOf(dates, market.calendar))
      found.push(...(await gatesOf(sql, market, { ...run, dataset, exchanges, instruments })))
    return found
  }
  const ofMarket = await gates(whole, null)
  if (ofMarket.length > 0) await storeGates(sql, dataset, ofMarket)
  const ofStocks = await gates(others, await stagedOn(deps.stage.sql, others))
  const verification = countsOf([...ofMarket, ...ofStocks])
  await sql`
    update sync_run set verification = ${sql.json(verification as never)}, last_trade_date = ${to}, updated_at = now()
    where id = ${owner.runId} and owner_epoch = ${owner.epoch}`
  return verification
}

const isSessionDataset = (dataset: string): dataset is SessionDataset =>
  (SESSION_DATASETS as readonly string[]).includes(dataset)

/** Ascending sessions as ranges of those that follow each other. */
function runsOf(dates: readonly TradeDate[], calendar: SessionCalendar): DateRange[] {
  const runs: DateRange[] = []
  let next = -1
  for (const date of dates) {
    const at = calendar.firstAtOrAfter(date)
    const last = runs.at(-1)
    if (last && at === next) last.to = date
    else runs.push({ from: date, to: date })
    next = at + 1
  }
  return runs
}

/** Those of the sources that are switched on, as for any run; all where none is. */
async function servedExchanges(deps: ImportDeps, dataset: SessionDataset): Promise<Exchange[]> {
  const { sources } = await deps.sources.current()
  const served = [...sources.values()].flatMap((source) => source.capabilities[dataset]?.exchanges ?? [])
  return served.length > 0 ? [...new Set(served)] : (Object.keys(EXCHANGES) as Exchange[])
}
