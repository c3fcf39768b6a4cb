import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { InferRequestType } from 'hono/client'
import { isoDate } from '../../local/replay/decimal.ts'
import { answerOf, type Client, createClient } from '../../client/index.ts'
import { type Database, openDatabase } from '../../db/client.ts'
import { getRun, type RunRow } from '../../db/queries/runs.ts'
import { setTushareFaults } from '../../local/demo/upstreams.ts'
import type { ReadyInfo } from '../../local/node-part.ts'
import type { Fault } from '../../local/replay/faults.ts'
import { type Stack, startStack } from '../../local/stack.ts'
import type { JournalStats } from '../../local/replay/journal.ts'
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/ids.ts'
import { isFinal, type RunState } from '../../workflows/contract/status.ts'

const TOKEN = 'token-of-the-replay-upstream'
const file = (path: string) => new URL(path, import.meta.url).pathname

export interface SystemOptions {
  /** Size of the sandbox market. */
  stocks: number
  years: number
  /** Like `daily=500`; no limit without it. */
  limits?: string
  /** BaoStock and AKShare as well, each at its default limits unless `env` says otherwise. Without it: Tushare alone. */
  allSources?: boolean
  /** More environment for worker and API. */
  env?: Record<string, string>
  /** Arguments of bench/support/worker.ts. */
  worker?: readonly string[]
}

/** The whole product in processes of its own, as `npm run demo` starts it, on a folder that is removed at the end. */
export interface System {
  stack: Stack
  namespace: string
  db: Database
  /** What the upstream said of its market when it was ready. */
  market: { instruments: number; first: string; today: string; url: string; token: string }
  workerPid: number
  /** Starts a run over the API; the answer is the run's id. */
  trigger(body: Trigger): Promise<string>
  /** Waits for the end of a run, or until `seconds` have passed. */
  until(runId: string, seconds?: number): Promise<RunRow>
  upstreamStats(since?: number): Promise<JournalStats>
  /** Replaces what goes wrong with the upstream's Tushare. */
  setFaults(faults: readonly Fault[]): Promise<void>
  close(): Promise<void>
}

export async function openSystem(options: SystemOptions): Promise<System> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ashare-bench-'))
  // A worker of some other stack may come back to a port that is ours now: it must find nothing to do.
  const namespace = basename(dataDir).toLowerCase()
  const stack = await startStack({
    dataDir,
    port: 0,
    temporalNamespace: namespace,
    searchAttributes: SEARCH_ATTRIBUTES,
    log: () => undefined,
    worker: { file: file('worker.ts'), args: options.worker ?? [] },
    extraParts: [
      {
        name: 'upstream',
        file: file('../../local/replay/main.ts'),
        args: [
          ...[
            '--token',
            TOKEN,
            '--warm',
            '--stocks',
            String(options.stocks),
            '--years',
            String(options.years),
          ],
          ...(options.limits === undefined ? [] : ['--limits', options.limits]),
        ],
      },
    ],
    childEnv: ({ ready }) => ({
      TUSHARE_URL: String(ready.upstream?.url),
      TUSHARE_TOKEN: TOKEN,
      TUSHARE_CALLS_PER_MINUTE: '0',
      DEFAULT_SCHEDULES: 'off',
      ...othersEnvironment(ready.upstream ?? {}, options.allSources ?? false),
      ...options.env,
    }),
  })
  const upstream = stack.ready.upstream ?? {}
  const url = String(upstream.url)
  const db = openDatabase({ url: stack.addresses.postgres, max: 4, name: 'ashare-sync bench' })
  return {
    stack,
    namespace,
    db,
    market: {
      instruments: Number(upstream.instruments),
      first: isoDate(String(upstream.first)),
      today: isoDate(String(upstream.today)),
      url,
      token: TOKEN,
    },
    workerPid: Number(stack.part('worker').pid),
    trigger: (body) => trigger(stack.addresses.api, body),
    until: (runId, seconds = 7_200) => untilFinal(db, runId, seconds),
    upstreamStats: async (since = 0) => {
      const headers = { 'x-replay-key': String(upstream.controlKey) }
      const response = await fetch(`${url}/__replay/stats?since=${since}`, { headers })
      return (await response.json()) as JournalStats
    },
    setFaults: (faults) => setTushareFaults(upstream, faults),
    close: async () => {
      await db.close()
      await stack.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** A source that is not wanted is switched off: it would be the real one. */
function othersEnvironment(upstream: ReadyInfo, areWanted: boolean): Record<string, string> {
  if (!areWanted) return { AKSHARE_PRIORITY: '', BAOSTOCK_PRIORITY: '' }
  const { aktools, baostock } = upstream as {
    aktools: { url: string }
    baostock: { host: string; port: number }
  }
  return { AKTOOLS_URL: aktools.url, BAOSTOCK_HOST: baostock.host, BAOSTOCK_PORT: String(baostock.port) }
}

/** What `POST /api/sync/trigger` takes. */
export type Trigger = NonNullable<InferRequestType<Client['api']['sync']['trigger']['$post']>['json']>

async function trigger(url: string, json: Trigger): Promise<string> {
  const { data } = await answerOf(createClient({ url }).api.sync.trigger.$post({ json }))
  return data.job_id
}

async function untilFinal(db: Database, runId: string, seconds: number): Promise<RunRow> {
  const deadline = Date.now() + seconds * 1_000
  for (;;) {
    const row = await getRun(db, runId)
    if (row && (isFinal(row.status as RunState) || Date.now() > deadline)) return row
    await sleep(250)
  }
}

/** Memory of a process in MiB: now, and the most that it ever had. */
export function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string) =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024)
  return { now: mib('VmRSS'), peak: mib('VmHWM') }
}
