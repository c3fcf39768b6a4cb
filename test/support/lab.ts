import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import { NativeConnection, type Worker } from '@temporalio/worker'
import { type Logger, pino } from 'pino'
import { isoDate } from '../../local/replay/decimal.ts'
import type { ActivityDeps } from '../../activities/index.ts'
import { createRegistry } from '../../activities/source-registry.ts'
import { workflowBundle } from '../../activities/worker/bundle.ts'
import { createWorkers } from '../../activities/worker/worker.ts'
import type { SealKey } from '../../db/sealed.ts'
import { getRun, insertRun, reopenRun, type RunRow } from '../../db/queries/runs.ts'
import {
  type AktoolsReplay,
  type AktoolsReplayOptions,
  startAktoolsReplay,
} from '../../local/replay/aktools-server.ts'
import {
  type BaostockReplay,
  type BaostockReplayOptions,
  startBaostockReplay,
} from '../../local/replay/baostock-server.ts'
import type { ReplayMarket } from '../../local/replay/market.ts'
import {
  startTushareReplay,
  type TushareReplay,
  type TushareReplayOptions,
} from '../../local/replay/tushare-server.ts'
import type { Job } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'
import { RUN_DEFAULTS } from '../../market/run-settings.ts'
import { Secret } from '../../market/secret.ts'
import type { SourceSettings } from '../../market/source-settings.ts'
import { runWorkflowId, TASK_QUEUE } from '../../workflows/contract/ids.ts'
import { isFinal, type RunState } from '../../workflows/contract/status.ts'
import { BUNDLES } from './bundles.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { yearMarket } from './market.ts'
import { openNamespace, openOwnTemporal, quietRuntime, type TestTemporal } from './temporal.ts'

/** A secret that tests search histories, logs and answers for. */
export const TEST_TOKEN = `tok${'e4d1'.repeat(13)}`

export interface LabOptions {
  market?: ReplayMarket
  replay?: Partial<TushareReplayOptions>
  /** Settings of the sources. Tushare is on unless its priority is null; the others when they are named. */
  tushare?: Partial<SourceSettings['tushare']>
  akshare?: Partial<SourceSettings['akshare']> & { replay?: Partial<AktoolsReplayOptions> }
  baostock?: Partial<SourceSettings['baostock']> & { replay?: Partial<BaostockReplayOptions> }
  settings?: Partial<ActivityDeps['settings']>
  /** For tokens in the database. */
  sealKey?: SealKey
  now?: () => Date
  batchSize?: number
  log?: Logger
  /** One of the test's own, on a server that it may stop. */
  database?: TestDatabase
  /** Temporal goes away: a server of its own instead of a namespace on the one of all tests. */
  ownTemporal?: boolean
  /** Workers are started with the lab unless a test wants to start them itself. */
  worker?: boolean
}

/** A whole system of its own: database, namespace of Temporal, upstream, worker. The two servers are those of all tests. */
export interface Lab {
  db: TestDatabase
  client: Client
  temporal: TestTemporal
  market: ReplayMarket
  upstream: TushareReplay
  /** The other upstreams; there only when they were named. */
  aktools: AktoolsReplay
  baostock: BaostockReplay
  environment: SourceSettings
  deps: ActivityDeps
  startWorker(): Promise<() => Promise<void>>
  /** Inserts a run and starts its workflow. */
  start(job: Job, params?: RunParams): Promise<string>
  retry(runId: string): Promise<void>
  /** The first half of a retry: a new owner, no workflow yet. */
  reopen(runId: string): Promise<void>
  startWorkflow(runId: string): Promise<void>
  /** Resolves when the run is in one of the states (any final one by default). */
  until(runId: string, states?: readonly RunState[], seconds?: number): Promise<RunRow>
  run(job: Job, params?: RunParams): Promise<RunRow>
  close(): Promise<void>
}

/** Everything that the sandbox market has to offer, as run parameters. */
export function wholeMarket(market: ReplayMarket): RunParams {
  const { sessions } = market.calendar
  return {
    start_date: isoDate(sessions[market.firstSession] ?? ''),
    end_date: isoDate(sessions[market.lastSession] ?? ''),
  }
}

export async function openLab(options: LabOptions = {}): Promise<Lab> {
  const market = options.market ?? yearMarket(60)
  const [db, temporal, upstream, aktools, baostock] = await Promise.all([
    options.database ?? createTestDatabase(),
    options.ownTemporal ? openOwnTemporal() : openNamespace(),
    startTushareReplay({ market, token: TEST_TOKEN, ...options.replay }),
    options.akshare ? startAktoolsReplay({ market, ...options.akshare.replay }) : null,
    options.baostock ? startBaostockReplay({ market, ...options.baostock.replay }) : null,
  ])
  const { client } = temporal
  const environment: SourceSettings = {
    tushare: {
      priority: 1,
      token: new Secret(TEST_TOKEN),
      url: upstream.url,
      timeoutMs: 10_000,
      points: undefined,
      callsPerMinute: 0,
      minIntervalMs: 0,
      ...options.tushare,
    },
    akshare: {
      priority: 2,
      url: aktools?.url,
      timeoutMs: 10_000,
      callsPerMinute: 0,
      minIntervalMs: 0,
      ...withoutReplay(options.akshare),
    },
    baostock: {
      priority: baostock ? 3 : null,
      host: baostock?.host ?? '127.0.0.1',
      port: baostock?.port ?? 1,
      apiKey: undefined,
      timeoutMs: 10_000,
      callsPerMinute: 0,
      minIntervalMs: 0,
      ...withoutReplay(options.baostock),
    },
  }
  const log = options.log ?? pino({ level: 'silent' })
  // After the newest session of the sandbox, whatever day the test runs.
  const now = options.now ?? (() => new Date('2026-11-22T12:00:00Z'))
  const sources = createRegistry({ sql: db.sql, environment, key: options.sealKey ?? null, log, now })
  const deps: ActivityDeps = {
    db,
    sources,
    settings: {
      ...RUN_DEFAULTS,
      batchSize: options.batchSize ?? RUN_DEFAULTS.batchSize,
      maxFailureRetries: 3,
      // As many as in production, but a test need not wait for seconds.
      retryDelays: [50, 100, 200],
      restSeconds: 0.3,
      ...options.settings,
    },
    log,
    now,
  }
  const stops: (() => Promise<void>)[] = []
  const lab: Lab = {
    db,
    client,
    temporal,
    market,
    upstream,
    aktools: aktools as AktoolsReplay,
    baostock: baostock as BaostockReplay,
    environment,
    deps,
    startWorker: async () => {
      const stop = await startWorker(temporal, deps)
      stops.push(stop)
      return stop
    },
    start: async (job, params = {}) => {
      const runId = randomUUID()
      const row = await insertRun(db, {
        id: runId,
        job,
        params,
        lockKey: 'global',
        workflowId: runWorkflowId(runId),
        requestId: null,
      })
      if (!row) throw new Error('another run holds the lock')
      await startWorkflow(client, row)
      return runId
    },
    reopen: async (runId) => {
      const epoch = await reopenRun(db, runId)
      if (typeof epoch !== 'number')
        throw new Error(`run ${runId} cannot be reopened: ${epoch ?? 'not final'}`)
    },
    startWorkflow: async (runId) => {
      const row = await getRun(db, runId)
      if (row) await startWorkflow(client, row)
    },
    retry: async (runId) => {
      await lab.reopen(runId)
      await lab.startWorkflow(runId)
    },
    until: (runId, states, seconds) => untilState(db, runId, states, seconds),
    run: async (job, params) => await lab.until(await lab.start(job, params)),
    close: async () => {
      for (const stop of stops.reverse()) await stop()
      await sources.close()
      await upstream.close()
      await aktools?.close()
      await baostock?.close()
      await temporal.close()
      await db.drop()
    },
  }
  if (options.worker ?? true) await lab.startWorker()
  return lab
}

function withoutReplay<T extends { replay?: unknown }>(
  options: T | undefined,
): Omit<T, 'replay'> | undefined {
  if (!options) return undefined
  const settings = { ...options }
  delete settings.replay
  return settings
}

/** A run is final in the database a moment before its workflow is in Temporal: a retry at once waits for that. */
async function startWorkflow(client: Client, row: RunRow, tries = 600): Promise<void> {
  try {
    await client.workflow.start('syncRun', {
      taskQueue: TASK_QUEUE,
      workflowId: row.workflowId,
      args: [{ runId: row.id, epoch: row.ownerEpoch, job: row.job, requestId: null }],
    })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError) || tries === 0) throw error
    await sleep(50)
    await startWorkflow(client, row, tries - 1)
  }
}

async function startWorker(
  { address, namespace }: TestTemporal,
  deps: ActivityDeps,
): Promise<() => Promise<void>> {
  quietRuntime()
  const connection = await NativeConnection.connect({ address })
  const bundle = await workflowBundle(BUNDLES)
  const stopping = new AbortController()
  const workers: Worker[] = await createWorkers({
    connection,
    namespace,
    bundle,
    deps: { ...deps, stopping: stopping.signal },
  })
  const running = Promise.all(workers.map((worker) => worker.run()))
  return async () => {
    if (workers.every((worker) => worker.getState() === 'STOPPED')) return
    stopping.abort()
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
    await running
    await connection.close()
  }
}

async function untilState(
  db: TestDatabase,
  runId: string,
  states?: readonly RunState[],
  seconds = 120,
): Promise<RunRow> {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    // Twenty times a second: the whole row, and a statement that is planned anew, would be a part of what tests take.
    const [found] = await db.sql<
      { state: RunState }[]
    >`select status as state from sync_run where id = ${runId}`
    const state = found?.state
    if (state && (states ? states.includes(state) : isFinal(state))) {
      const row = await getRun(db, runId)
      // In a moment it may have gone on from where it was.
      if (row?.status === state) return row
    }
    if (Date.now() > deadline)
      throw new Error(
        `run ${runId} is ${state ?? 'gone'} after ${seconds} s, not ${states?.join(' or ') ?? 'final'}`,
      )
    await sleep(50)
  }
}
