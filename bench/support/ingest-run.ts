import { readdirSync, readFileSync } from 'node:fs'
import { setInterval } from 'node:timers'
import { memoryOf, type System } from './system.ts'

/** What one run over the whole market of a system came to. */
export interface IngestRun {
  runId: string
  status: string
  /** Rows that arrived in market tables by the datasets of the last stage. */
  rows: number
  calls: number
  /** From the trigger to the end of the run: lists, planning and verification included. */
  seconds: number
  /** From the claim of the first batch of bars to the commit of the last. */
  barsSeconds: number
  peakMiB: number
  /** Peak of the worker's resident memory when that many rows were in. */
  memory: { rows: number; nowMiB: number; peakMiB: number }[]
  cpu: Record<string, number>
}

/** Runs the whole history of a system's market. */
export async function ingest(system: System, log: (line: string) => void): Promise<IngestRun> {
  const { db, market, workerPid } = system
  const before = cpuByPart(system)
  const started = performance.now()
  const dates = { start_date: market.first, end_date: market.today }
  const runId = await system.trigger({ periods: ['daily'], ...dates })
  const memory: IngestRun['memory'] = []
  const sampler = setInterval(() => {
    void db.sql<{ rows: number }[]>`select inserted as rows from sync_run where id = ${runId}`
      .then(([row]) => {
        const { now, peak } = memoryOf(workerPid)
        memory.push({ rows: row?.rows ?? 0, nowMiB: now, peakMiB: peak })
        if (memory.length % 10 === 0) log(`${row?.rows ?? 0} rows, worker ${now} MiB, peak ${peak} MiB`)
      })
      .catch(() => undefined)
  }, 1_000)
  const run = await system.until(runId)
  const seconds = (performance.now() - started) / 1_000
  clearInterval(sampler)
  const after = cpuByPart(system)
  const [bars] = await db.sql<{ seconds: number; rows: number; calls: number }[]>`
    select extract(epoch from max(finished_at) - min(started_at))::float8 as seconds, sum(inserted)::int as rows, sum(calls)::int as calls
    from sync_batch where run_id = ${runId} and dataset in ('bars', 'adj_factor') and state <> 'split'`
  return {
    runId,
    status: run.status,
    rows: bars?.rows ?? 0,
    calls: bars?.calls ?? 0,
    seconds,
    barsSeconds: bars?.seconds ?? 0,
    peakMiB: memoryOf(workerPid).peak,
    memory,
    cpu: Object.fromEntries(
      Object.entries(after).map(([name, used]) => [name, Math.round((used - (before[name] ?? 0)) * 10) / 10]),
    ),
  }
}

const PARTS = ['worker', 'upstream', 'postgres', 'temporal', 'api'] as const

/** CPU seconds that the parts and their children have used. */
function cpuByPart({ stack }: System): Record<string, number> {
  const used = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => processTimes(pid) ?? [])
  return Object.fromEntries(
    PARTS.map((name) => {
      const pid = stack.part(name).pid
      return [
        name,
        used.filter((p) => p.pid === pid || p.parent === pid).reduce((sum, p) => sum + p.seconds, 0),
      ]
    }),
  )
}

function processTimes(pid: string): { pid: number; parent: number; seconds: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [, parent = 0] = fields
    // utime, stime and those of children that have ended, in ticks of 10 ms.
    const ticks = fields.slice(11, 15).reduce((sum, n) => sum + n, 0)
    return { pid: Number(pid), parent, seconds: ticks / 100 }
  } catch {
    // It has ended since the folder was read.
    return undefined
  }
}
