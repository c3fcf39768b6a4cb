/**
 * A full history, executed: 5,700 stocks over 35 years of the sandbox market without a rate limit. Its calls against the
 * least that could carry the rows, its rate, the worker's memory as the rows go by, and what it leaves in Temporal.
 *
 *   npm run bench:full-history-calls -- [--stocks 5700] [--years 35] [--factors] [--record]
 */
import { parseArgs } from 'node:util'
import { TUSHARE_ROW_CAPS } from '../market/tushare.ts'
import { segmentsOf } from './support/histories.ts'
import { ingest } from './support/ingest-run.ts'
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

const system = await openSystem({
  stocks: Number(values.stocks),
  years: Number(values.years),
  worker: values.factors ? [] : ['--without', 'adj_factor'],
})
try {
  const run = await ingest(system, print)
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
  const memoryAt = (share: number) => run.memory.find(({ rows }) => rows >= run.rows * share)
  const marks = [1_000_000, 5_000_000, 10_000_000].filter((mark) => mark < run.rows)
  const lines = [
    `${await circumstances(db)}; \`npm run bench:full-history-calls -- --stocks ${values.stocks} --years ${values.years}${values.factors ? ' --factors' : ''}\`.`,
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
  ]
  if (values.record) record('Full history, executed', lines)
  else print(`\n${lines.join('\n')}`)
} finally {
  await system.close()
}
