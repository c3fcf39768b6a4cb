/**
 * Rows a second through the whole pipeline (Temporal workflow, activities, replay upstream, PostgreSQL), each in a
 * process of its own and without a rate limit, against
 *
 *   copy   the same pipeline with plain COPY into the same table in the place of the merge
 *   dlt    the Python library dlt, which sends the same calls and merges into the same PostgreSQL
 *
 *   npm run bench:ingest -- [--stocks 2000] [--years 2] [--rounds 3] [--dlt] [--record]
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import type { SourceCall } from '../market/capability.ts'
import { prepareForCopy } from './support/copy-merge.ts'
import { ingest, type IngestRun } from './support/ingest-run.ts'
import { circumstances, grouped, median, record, table } from './support/results.ts'
import { openSystem, type System } from './support/system.ts'

const { values } = parseArgs({
  options: {
    stocks: { type: 'string', default: '2000' },
    years: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    dlt: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
})
const print = (line: string) => void process.stdout.write(`${line}\n`)
const run = promisify(execFile)

interface Load {
  rows: number
  seconds: number
}

async function round(kind: 'merge' | 'copy', after?: (system: System, run: IngestRun) => Promise<void>) {
  const system = await openSystem({
    stocks: Number(values.stocks),
    years: Number(values.years),
    worker: ['--without', 'adj_factor', ...(kind === 'copy' ? ['--copy'] : [])],
  })
  try {
    if (kind === 'copy') await prepareForCopy(system.db.sql)
    const done = await ingest(system, () => undefined)
    const [held] = await system.db.sql<
      { rows: number }[]
    >`select count(*)::int as rows from bars where period = 'daily'`
    const [stats] = await system.db.sql<{ deadlocks: number }[]>`
      select deadlocks from pg_stat_database where datname = current_database()`
    if ((stats?.deadlocks ?? 0) > 0) print(`${kind}: ${stats?.deadlocks ?? 0} deadlocks`)
    if (done.status !== 'success' || held?.rows !== done.rows)
      throw new Error(`${kind}: ${done.status}, ${done.rows} rows counted, ${held?.rows ?? 0} in the table`)
    print(
      `${kind}: ${grouped(done.rows)} rows, ${done.seconds.toFixed(1)} s (bars ${done.barsSeconds.toFixed(1)} s), worker ${done.peakMiB} MiB, CPU ${JSON.stringify(done.cpu)}`,
    )
    await after?.(system, done)
    return done
  } finally {
    await system.close()
  }
}

interface DltTool {
  python: string
  version: string
  remove: () => void
}

/** dlt in a folder of its own, from the package index. */
async function installDlt(): Promise<DltTool> {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-bench-dlt-'))
  await run('python3', ['-m', 'venv', folder])
  const python = join(folder, 'bin/python')
  await run(python, ['-m', 'pip', 'install', '-q', 'dlt[postgres]'], { timeout: 300_000 })
  const { stdout } = await run(python, ['-c', 'import dlt; print(dlt.__version__)'])
  return { python, version: stdout.trim(), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** The calls of a run, once more by dlt, into an empty database beside ours. */
async function loadWithDlt(
  { python }: DltTool,
  system: System,
  { runId }: IngestRun,
  format?: string,
): Promise<Load> {
  const home = mkdtempSync(join(tmpdir(), 'ashare-bench-dlt-home-'))
  const batches = await system.db.sql<{ calls: SourceCall[] }[]>`
    select call_list as calls from sync_batch where run_id = ${runId} and dataset = 'bars' and state = 'done' order by seq`
  const calls = join(home, 'calls.json')
  writeFileSync(calls, JSON.stringify(batches.flatMap((batch) => batch.calls)))
  const url = new URL(system.stack.addresses.postgres)
  const name = `dlt_${format ?? 'default'}`
  await system.db.sql.unsafe(`create database ${name}`)
  url.pathname = `/${name}`
  url.protocol = 'postgresql:'
  const script = new URL('support/dlt-load.py', import.meta.url).pathname
  const args = [script, calls, system.market.url, system.market.token, url.toString()]
  try {
    const { stdout } = await run(python, format === undefined ? args : [...args, format], {
      env: { ...process.env, HOME: home, DLT_DATA_DIR: home, RUNTIME__DLTHUB_TELEMETRY: 'false' },
      timeout: 1_800_000,
    })
    const load = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Load
    print(`dlt ${format ?? ''}: ${grouped(load.rows)} rows, ${load.seconds.toFixed(1)} s`)
    return load
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

const ours: IngestRun[] = []
const copies: IngestRun[] = []
const dlt: Load[] = []
let where = ''
const tool = values.dlt ? await installDlt() : undefined
// In turns, so that a change of the machine's load meets both.
for (let i = 0; i < Number(values.rounds); i++) {
  ours.push(
    await round('merge', async (system, done) => {
      where = await circumstances(system.db)
      if (tool && i === 0) dlt.push(await loadWithDlt(tool, system, done))
    }),
  )
  copies.push(await round('copy'))
}
tool?.remove()

const rate = (runs: readonly Load[]) => median(runs.map((each) => each.rows / each.seconds))
const barsRate = (runs: readonly IngestRun[]) => median(runs.map((each) => each.rows / each.barsSeconds))
const cpu = (runs: readonly IngestRun[], part: string) =>
  median(runs.map((each) => each.cpu[part] ?? 0)).toFixed(1)
const line = (title: string, runs: readonly IngestRun[]) => [
  title,
  grouped(rate(runs)),
  grouped(barsRate(runs)),
  cpu(runs, 'worker'),
  cpu(runs, 'postgres'),
  cpu(runs, 'upstream'),
  cpu(runs, 'temporal'),
  `${Math.max(...runs.map((each) => each.peakMiB))} MiB`,
]
const lines = [
  `${where}; \`npm run bench:ingest -- --stocks ${values.stocks} --years ${values.years} --rounds ${values.rounds}${values.dlt ? ' --dlt' : ''}\`.`,
  `${grouped(ours[0]?.rows ?? 0)} daily bars of ${values.stocks} stocks over ${values.years} years of the sandbox market in ${ours[0]?.calls ?? 0} calls, no rate limit, an empty database each time, medians of ${ours.length}.`,
  '',
  ...table(
    [
      'pipeline',
      'rows/s, whole run',
      'rows/s, first claim to last commit',
      'CPU s: worker',
      'PostgreSQL',
      'upstream',
      'Temporal',
      'worker, peak RSS',
    ],
    [
      line('this service (COPY to staging, merge, coverage, counters)', ours),
      line('the same with plain COPY into the table', copies),
      ...(dlt.length > 0
        ? [
            [
              `dlt ${tool?.version ?? ''}, write_disposition merge`,
              grouped(rate(dlt)),
              '',
              '',
              '',
              '',
              '',
              '',
            ],
          ]
        : []),
    ],
  ),
  '',
  `Against plain COPY: ${(rate(ours) / rate(copies)).toFixed(2)} x over the whole run, ${(barsRate(ours) / barsRate(copies)).toFixed(2)} x from first claim to last commit (target 0.6).`,
  ...(dlt.length > 0 ? [`Against dlt: ${(rate(ours) / rate(dlt)).toFixed(1)} x (target 3, better 5).`] : []),
  'The whole run counts lists, planning and verification as well; dlt does none of these.',
]
if (values.record) record('Ingest', lines)
else print(`\n${lines.join('\n')}`)
