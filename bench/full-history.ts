/**
 * A full history, executed: 5,700 stocks over 35 years of the sandbox market without a rate limit. Its calls against the
 * least that could carry the rows, its rate, also against that of a tenth of the stocks, the worker's memory as the rows go
 * by, what it leaves in Temporal and on the disk, and then: reading it, for which the script gives this process the heap of the API
 * (api/node-flags.ts), and verifying ten years of it.
 *
 *   npm run bench:full-history -- [--stocks 5700] [--years 35] [--factors] [--record]
 */
import { parseArgs } from 'node:util'
import { TUSHARE_ROW_CAPS } from '../market/tushare.ts'
import { segmentsOf } from './support/histories.ts'
import { measureReads, measureVerify } from './support/history-reads.ts'
import { ingest, type IngestRun } from './support/ingest-run.ts'
import { circumstances, grouped, record, table } from './support/results.ts'
import { openSystem } from './support/system.ts'

const { values } = parseArgs({
  options: {
    stocks: { type: 'string', default: '5700' },
    years: { type: 'string', default: '35' },
    factors: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
})
const print = (line: string) => void process.stdout.write(`${line}\n`)

const open = (stocks: number) =>
  openSystem({
    stocks,
    years: Number(values.years),
    worker: values.factors ? [] : ['--without', 'adj_factor'],
  })

async function ofATenth(): Promise<IngestRun> {
  const system = await open(Math.round(Number(values.stocks) / 10))
  try {
    return await ingest(system, print)
  } finally {
    await system.close()
  }
}

const tenth = await ofATenth()
print(`a tenth of the stocks: ${tenth.rows} rows in ${tenth.seconds.toFixed(1)} s`)
const system = await open(Number(values.stocks))
try {
  const run = await ingest(system, print)
  print(`${run.rows} rows in ${run.seconds.toFixed(1)} s`)
  const { db } = system
  const [counts] = await db.sql<{ bars: number; batches: number; unchanged: number; verification: object }[]>`
    select (select count(*) from bars where period = 'daily') as bars, unchanged, verification,
      (select count(*) from sync_batch where run_id = r.id) as batches
    from sync_run r where id = ${run.runId}`
  const datasets = await db.sql<
    { dataset: 'bars' | 'adj_factor'; rows: number; calls: number; planned: number }[]
  >`
    select dataset, sum(inserted)::bigint as rows, sum(calls)::int as calls, sum(calls_planned)::int as planned
    from sync_batch where run_id = ${run.runId} and dataset in ('bars', 'adj_factor') and state <> 'split' group by 1 order by 1 desc`
  const { byApi } = await system.upstreamStats()
  const segments = await segmentsOf(system, run.runId)
  const [size] = await db.sql<{ all: number; bars: number }[]>`
    select pg_database_size(current_database())::float8 as all,
      (select sum(pg_total_relation_size(inhrelid))::float8 from pg_inherits where inhparent = 'bars'::regclass) as bars`
  const uses = [await measureVerify(system, 10), ...(await measureReads(system))]
  const times = run.rows / tenth.rows
  const memoryAt = (share: number) => run.memory.find(({ rows }) => rows >= run.rows * share)
  const marks = [1_000_000, 5_000_000, 10_000_000].filter((mark) => mark < run.rows)
  const lines = [
    `${await circumstances(db)}; \`npm run bench:full-history -- --stocks ${values.stocks} --years ${values.years}${values.factors ? ' --factors' : ''}\`.`,
    `${values.stocks} stocks, ${system.market.first} to ${system.market.today}; the run ended as ${run.status}.`,
    '',
    ...table(
      [
        'dataset',
        'rows',
        'calls planned',
        'calls sent',
        'as the upstream counted',
        'least: rows / cap',
        'sent / least',
      ],
      datasets.map(({ dataset, rows, calls, planned }) => {
        const api = dataset === 'bars' ? 'daily' : 'adj_factor'
        const least = Math.ceil(rows / TUSHARE_ROW_CAPS[api])
        return [
          ...[dataset, grouped(rows), grouped(planned), grouped(calls), grouped(byApi[api]?.calls ?? 0)],
          ...[grouped(least), `${(calls / least).toFixed(3)} (target 1.10)`],
        ]
      }),
    ),
    '',
    ...table(
      ['measure', 'value'],
      [
        [
          'whole run: lists, planning, verification included',
          `${run.seconds.toFixed(0)} s, ${grouped(run.rows / run.seconds)} rows/s`,
        ],
        [
          'first claim to last commit',
          `${run.barsSeconds.toFixed(0)} s, ${grouped(run.rows / run.barsSeconds)} rows/s`,
        ],
        [
          `the same with a tenth of the stocks, ${grouped(tenth.rows)} rows`,
          `${tenth.seconds.toFixed(0)} s, ${grouped(tenth.rows / tenth.seconds)} rows/s; ${times.toFixed(1)} x the rows take ${(run.seconds / tenth.seconds).toFixed(1)} x the time (target ${(1.1 * times).toFixed(1)})`,
        ],
        [
          'database, all its tables and indexes',
          `${grouped((size?.all ?? 0) / 1_048_576)} MiB, of which bars with weeks and months ${grouped((size?.bars ?? 0) / 1_048_576)} MiB`,
        ],
        [
          'CPU seconds',
          Object.entries(run.cpu)
            .map(([part, s]) => `${part} ${grouped(s)}`)
            .join(', '),
        ],
        ...marks.map((mark) => {
          const at = memoryAt(mark / run.rows)
          return [
            `worker, peak RSS up to ${grouped(mark)} rows`,
            `${at?.peakMiB ?? '?'} MiB (then ${at?.nowMiB ?? '?'})`,
          ]
        }),
        [`worker, peak RSS up to ${grouped(run.rows)} rows`, `${run.peakMiB} MiB (target 350)`],
        ['batches', grouped(counts?.batches ?? 0)],
        ['Temporal executions in the chain', String(segments.length)],
        [
          'history events in each',
          segments.map((s) => grouped(s.events)).join(', ') + ' (target under 4,096)',
        ],
        [
          'largest payload',
          `${grouped(Math.max(...segments.map((s) => s.largest.bytes)))} bytes (target under 16,384), in ${segments.map((s) => s.largest.where)[0] ?? '?'}`,
        ],
        ['rows that came twice', grouped(counts?.unchanged ?? 0)],
        ['verification', JSON.stringify(counts?.verification ?? null)],
      ],
    ),
    '',
    'With all of that in the tables, through the functions that the API answers from; factors of the stocks that are read were put in by SQL:',
    '',
    ...table(['use', 'measured', 'target'], uses),
  ]
  if (values.record) record('Full history, executed', lines)
  else print(`\n${lines.join('\n')}`)
} finally {
  await system.close()
}
