/**
 * What a run of many batches leaves in Temporal: batches of one symbol, so that the server asks for continue-as-new.
 *
 *   npm run bench:history-size -- [--stocks 1000] [--years 5] [--batch-size 1] [--record]
 */
import { parseArgs } from 'node:util'
import { segmentsOf } from './support/histories.ts'
import { ingest } from './support/ingest-run.ts'
import { circumstances, grouped, record, table } from './support/results.ts'
import { openSystem } from './support/system.ts'

const { values } = parseArgs({
  options: {
    stocks: { type: 'string', default: '1000' },
    // Long enough that a call for each stock costs less than one for each session.
    years: { type: 'string', default: '5' },
    'batch-size': { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
})
const print = (line: string) => void process.stdout.write(`${line}\n`)

const system = await openSystem({
  stocks: Number(values.stocks),
  years: Number(values.years),
  worker: ['--without', 'adj_factor'],
  env: { BATCH_SIZE: values['batch-size'] },
})
try {
  const run = await ingest(system, print)
  const segments = await segmentsOf(system, run.runId)
  const [batches] = await system.db.sql<{ all: number; done: number }[]>`
    select count(*) as all, count(*) filter (where state = 'done') as done from sync_batch where run_id = ${run.runId}`
  const lines = [
    `${await circumstances(system.db)}; \`npm run bench:history-size -- --stocks ${values.stocks} --years ${values.years} --batch-size ${values['batch-size']}\`.`,
    `${grouped(batches?.done ?? 0)} of ${grouped(batches?.all ?? 0)} batches done in ${run.seconds.toFixed(0)} s; the run ended as ${run.status} with ${grouped(run.rows)} rows. The chain of its executions:`,
    '',
    ...table(
      [
        'execution',
        'events (target under 4,096 when it ends)',
        'payloads, bytes',
        'largest payload (target under 16,384)',
        'in',
      ],
      segments.map((s, i) => [
        i + 1,
        grouped(s.events),
        grouped(s.bytes),
        grouped(s.largest.bytes),
        s.largest.where,
      ]),
    ),
  ]
  if (values.record) record('Workflow histories and continue-as-new', lines)
  else print(`\n${lines.join('\n')}`)
} finally {
  await system.close()
}
