/**
 * Requests a second of the API in its own process: bars of one stock over 30 years, adjusted, uncached and by ETag; and the
 * status of a run, beside the same work in FastAPI (same database, same questions, one process each), in turns.
 *
 *   npm run bench:http -- [--seconds 10] [--no-fastapi] [--record]
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import autocannon from 'autocannon'
import { type DataService, openDataService } from './support/data-service.ts'
import { circumstances, grouped, record, table } from './support/results.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    fastapi: { type: 'boolean', default: true },
    record: { type: 'boolean', default: false },
  },
  allowNegative: true,
})
const STOCKS = 40
const SESSIONS = 7_300
const CLIENTS = 50

const PATHS = Array.from({ length: STOCKS }, (_, i) => `/api/bars?symbol=${600_001 + i}&adjust=qfq`)

interface Load {
  /** Requests a second. */
  rate: number
  /** Milliseconds. */
  median: number
  p99: number
}

/** @param status that every answer has to have */
async function load(
  url: string,
  requests: autocannon.Request[],
  clients: number,
  status: number,
): Promise<Load> {
  const run = async (duration: number) => await autocannon({ url, requests, connections: clients, duration })
  await run(2)
  const { requests: sent, latency, statusCodeStats, errors, timeouts } = await run(Number(values.seconds))
  const others = Object.keys(statusCodeStats ?? {}).filter((code) => code !== String(status))
  if (errors + timeouts > 0 || others.length > 0)
    throw new Error(
      `${errors} errors, ${timeouts} timeouts, statuses ${Object.keys(statusCodeStats ?? {}).join()}`,
    )
  return { rate: sent.average, median: latency.p50, p99: latency.p99 }
}

/** A run under way with 200 batches, a third of them done. */
async function insertRun({ db: { sql } }: DataService): Promise<void> {
  const id = randomUUID()
  await sql`
    insert into sync_run (id, job, status, params, lock_key, workflow_id, started_at, total, inserted, cells_total, cells_done, calls)
    values (${id}, 'full_history', 'running', '{}', 'global', ${`sync/${id}`}, now() - interval '5 minutes', 5700, 5000000, 17000000, 5000000, 900)`
  await sql`
    insert into sync_batch (run_id, seq, stage, dataset, state, owner_epoch, region, started_at, finished_at, cells_total, cells_done)
    select ${id}, n, 3, 'bars', case when n < 66 then 'done' else 'pending' end, 1, '{}', case when n < 66 then now() - interval '1 s' * (70 - n) end,
      case when n < 66 then now() - interval '1 s' * (66 - n) end, 80000, case when n < 66 then 80000 else 0 end
    from generate_series(1, 200) n`
  await sql`
    insert into sync_run_source (run_id, dataset, source, inserted, updated)
    select ${id}, d, s, 100000, 12 from unnest(array['bars', 'adj_factor', 'daily_basic', 'suspension']) d, unnest(array['tushare', 'baostock']) s`
}

const run = promisify(execFile)

/** FastAPI with uvicorn and asyncpg, in an environment of its own. */
async function startFastapi(
  databaseUrl: string,
): Promise<{ url: string; about: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-bench-'))
  await run('python3', ['-m', 'venv', join(folder, 'venv')])
  const python = join(folder, 'venv/bin/python')
  const packages = ['fastapi', 'uvicorn[standard]', 'asyncpg']
  await run(python, ['-m', 'pip', 'install', '-q', ...packages], { timeout: 600_000 })
  const freeze = await run(python, ['-m', 'pip', 'freeze'])
  const about = freeze.stdout
    .split('\n')
    .filter((line) => /^(fastapi|uvicorn|asyncpg|uvloop)==/.test(line))
    .join(', ')
  const port = await freePort()
  const app = [
    '-m',
    'uvicorn',
    'fastapi-status:app',
    '--port',
    String(port),
    '--log-level',
    'warning',
    '--no-access-log',
  ]
  const child: ChildProcess = spawn(python, app, {
    cwd: new URL('support', import.meta.url).pathname,
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  while (
    !(await fetch(`${url}/api/sync/status`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error('FastAPI did not start')
    await sleep(100)
  }
  const stop = async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
  return { url, about, stop }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const service = await openDataService({ stocks: STOCKS, sessions: SESSIONS })
const lines: string[][] = []
const note = (name: string, { rate, median, p99 }: Load, target: string): void => {
  const line = [name, grouped(rate), String(median), String(p99), target]
  lines.push(line)
  process.stdout.write(`${line.join('  ')}\n`)
}
try {
  await insertRun(service)
  const plain = PATHS.map((path) => ({ path }))
  note('bars of a stock, 30 years, qfq', await load(service.url, plain, 4, 200), '40')
  const known: autocannon.Request[] = []
  for (const path of PATHS) {
    const { headers } = await fetch(service.url + path, { method: 'HEAD' })
    known.push({ path, headers: { 'if-none-match': headers.get('etag') ?? '' } })
  }
  note('the same, known by its ETag', await load(service.url, known, 4, 304), '300')
  const status = [{ path: '/api/sync/status' }]
  let about = ''
  if (values.fastapi) {
    const other = await startFastapi(service.databaseUrl)
    about = other.about
    try {
      note('status of a run', await load(service.url, status, CLIENTS, 200), '2,000')
      note('status of a run, FastAPI', await load(other.url, status, CLIENTS, 200), '')
      note('status of a run', await load(service.url, status, CLIENTS, 200), '2,000')
      note('status of a run, FastAPI', await load(other.url, status, CLIENTS, 200), '')
    } finally {
      await other.stop()
    }
  } else note('status of a run', await load(service.url, status, CLIENTS, 200), '2,000')
  if (values.record) {
    const head = ['request', 'a second', 'median, ms', '99th percentile, ms', 'target, a second']
    const title = `${values.seconds} s each after 2 s to warm up; clients, server and database on the same 2 cores. 4 clients for bars, ${CLIENTS} for the status. ${about}`
    record('HTTP', [await circumstances(service.db), title, '', ...table(head, lines)])
  }
} finally {
  await service.close()
}
