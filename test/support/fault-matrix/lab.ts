import { setTimeout as sleep } from 'node:timers/promises'
import type { AktoolsFault } from '../../../local/replay/aktools/faults.ts'
import type { Fault } from '../../../local/replay/faults.ts'
import { createSandboxMarket } from '../../../local/replay/sandbox/market.ts'
import type { SourceMode } from '../../../market/run-params.ts'
import type { SourceName } from '../../../market/sources.ts'
import { runWorkflowId } from '../../../workflows/contract/ids.ts'
import { type Lab, openLab } from '../lab.ts'
import { type FaultCase, ORDER } from './case.ts'
import { currentDetails } from './history.ts'
import { leftOf, type Played } from './played.ts'
import { type Truth, truthOf } from './truth.ts'

// An answer takes a few ms. Where all of them come, the limit is far from any delay of a busy machine.
const LIMIT_MS = 20_000
const LIMIT_OF_SILENCE_MS = 600
const REST_S = 0.3
// Somebody has to see it before it is over.
const REST_TO_BE_SEEN_S = 2
// More stocks than a snapshot of the market costs requests, so that AKShare is asked for one; delisted ones on two
// exchanges, and a day without trading of 600000.SH in the last two months.
const SANDBOX = { stocks: 66, years: 1, seed: 2, calendar: 'window' } as const

/** A system with three small upstreams of one market, in which one run after the other starts from nothing. */
export interface FaultLab {
  /** A run in which the fault lasts from the first request to the end. */
  play(each: FaultCase, mode: SourceMode): Promise<Played>
  /** A run with every source, in which the fault is over once `watch` has seen what it waits for in the Web UI. */
  playUntil(
    each: FaultCase,
    watch: (look: Look) => Promise<string>,
  ): Promise<{ run: Played; details: string }>
  close(): Promise<void>
}

/** The details of the run as the Web UI shows them now. */
type Look = () => Promise<string>

export async function openFaultLab(): Promise<FaultLab> {
  const settings = { timeoutMs: LIMIT_MS }
  const lab = await openLab({
    market: createSandboxMarket(SANDBOX),
    tushare: settings,
    akshare: settings,
    baostock: settings,
    settings: { restSeconds: REST_S },
    batchSize: 2,
  })
  const truth = truthOf(lab.market)
  // Lists and the calendar stay, and what is found out once in a month.
  for (const scope of ['stocks', 'market'] as const)
    await lab.run('daily_history', { ...truth.paramsOf(scope), source_mode: 'all' })
  return {
    play: (each, mode) => play(lab, truth, each, mode),
    playUntil: (each, watch) => playUntil(lab, truth, each, watch),
    close: () => lab.close(),
  }
}

async function play(lab: Lab, truth: Truth, each: FaultCase, mode: SourceMode): Promise<Played> {
  const { runId, begun } = await begin(lab, truth, each, mode)
  const waits = mode === 'all' && each.all === 'waits'
  const run = await lab.until(runId, waits ? ['waiting'] : undefined)
  const ms = Math.round(performance.now() - begun)
  const hits = hitsOf(lab, each.source)
  setFaults(lab, null)
  const handle = lab.client.workflow.getHandle(run.workflowId)
  // The run is final in the database a moment before its workflow is in Temporal.
  if (!waits) await handle.result()
  const played = { ...(await leftOf(lab, truth, each, run)), hits, ms }
  if (waits) {
    await handle.signal('cancel', { runId })
    await lab.until(runId)
  }
  return played
}

async function playUntil(
  lab: Lab,
  truth: Truth,
  each: FaultCase,
  watch: (look: Look) => Promise<string>,
): Promise<{ run: Played; details: string }> {
  lab.deps.settings.restSeconds = REST_TO_BE_SEEN_S
  const { runId, begun } = await begin(lab, truth, each, 'all')
  const details = await watch(() => currentDetails(lab.client, runWorkflowId(runId)))
  const hits = hitsOf(lab, each.source)
  setFaults(lab, null)
  const run = await lab.until(runId)
  lab.deps.settings.restSeconds = REST_S
  const ms = Math.round(performance.now() - begun)
  return { run: { ...(await leftOf(lab, truth, each, run)), hits, ms }, details }
}

/** Starts a run from nothing, with the source under test first. */
async function begin(
  lab: Lab,
  truth: Truth,
  { source, scope, isSilent, faults }: FaultCase,
  mode: SourceMode,
): Promise<{ runId: string; begun: number }> {
  await untilNoProbe(lab)
  await clear(lab)
  await setTimeLimit(lab, source, isSilent ? LIMIT_OF_SILENCE_MS : LIMIT_MS)
  setFaults(lab, { source, faults })
  const begun = performance.now()
  const params = { ...truth.paramsOf(scope), source_mode: mode, preferred_sources: ORDER[source] }
  return { runId: await lab.start('daily_history', params), begun }
}

/** A run does not wait for its last probe, whose result would belong to the next run. */
async function untilNoProbe({ db }: Lab): Promise<void> {
  for (;;) {
    const [probe] = await db.sql`select from source_health where probing_until > clock_timestamp()`
    if (!probe) return
    await sleep(20)
  }
}

const TABLES = [
  ['sync_batch', 'sync_run_source', 'sync_log', 'sync_failure', 'quarantine', 'sync_run'],
  ['day_gate', 'agreement', 'revision', 'bars'],
  ['source_budget', 'source_health'],
].flat()
const COVERED = ['coverage', 'coverage_hole']

/**
 * Forgets what the faults are about: the bars, and how the sources are. Factors and suspensions stay as the first runs
 * brought them: to ask for them again would be a third of each run. Deletes, since there are few rows, and 150 partitions to truncate.
 */
async function clear({ db }: Lab): Promise<void> {
  await db.sql.begin(async (tx) => {
    for (const table of TABLES) await tx`delete from ${tx(table)}`
    for (const table of COVERED) await tx`delete from ${tx(table)} where dataset = 'bars'`
  })
}

/** How long a source is waited for. Sources are made anew when a person has changed a setting. */
async function setTimeLimit({ db, deps, environment }: Lab, source: SourceName, ms: number): Promise<void> {
  if (environment[source].timeoutMs === ms) return
  environment[source].timeoutMs = ms
  const { sources } = await deps.sources.current()
  await db.sql`insert into source_setting (source) values (${source})
    on conflict (source) do update set updated_at = clock_timestamp()`
  // The new one must not wait for the old one's connection.
  await sources.get('baostock')?.close()
}

function setFaults(
  { upstream, baostock, aktools }: Lab,
  each: Pick<FaultCase, 'source' | 'faults'> | null,
): void {
  const of = (source: SourceName) => (each?.source === source ? each.faults : [])
  upstream.setFaults(of('tushare') as Fault[])
  baostock.setFaults(of('baostock') as Fault[])
  aktools.control.setFaults(of('akshare') as AktoolsFault[])
}

function hitsOf({ upstream, baostock, aktools }: Lab, source: SourceName): number {
  const states = {
    tushare: () => upstream.faults(),
    baostock: () => baostock.faults(),
    akshare: () => aktools.control.faults(),
  }[source]()
  return states.reduce((sum, { fired }) => sum + fired, 0)
}
