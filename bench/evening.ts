/**
 * What an evening costs: the daily run over a whole market that is there up to the session before, from the request to the
 * end of the run, with lists, bars, factors, valuations, suspensions and verification. Index bars are six calls more, one for
 * each index, and are left out.
 *
 *   npm run bench:evening -- [--stocks 5700] [--sessions 20] [--record]
 */
import { parseArgs } from 'node:util'
import { answerOf, createClient } from '../client/index.ts'
import type { RunRow } from '../db/queries/runs.ts'
import type { Job } from '../market/jobs.ts'
import type { RunParams } from '../market/run-params.ts'
import { circumstances, grouped, record, table } from './support/results.ts'
import { openSystem, type System } from './support/system.ts'

const { values } = parseArgs({
  options: {
    stocks: { type: 'string', default: '5700' },
    sessions: { type: 'string', default: '20' },
    record: { type: 'boolean', default: false },
  },
})
const print = (line: string) => void process.stdout.write(`${line}\n`)
const MOST_CALLS = 8
const MOST_SECONDS = 20

interface Evening {
  row: RunRow
  seconds: number
  /** Calls by interface, as the upstream counted them. */
  calls: [string, number][]
}

/** Starts a job and waits for its end. */
async function run(system: System, job: Job, params: RunParams): Promise<Evening> {
  const before = await system.upstreamStats(Number.MAX_SAFE_INTEGER)
  const started = performance.now()
  const client = createClient({ url: system.stack.addresses.api })
  const { id } = await answerOf(client.api.runs.$post({ json: { job, params } }))
  const row = await system.until(id)
  const seconds = (performance.now() - started) / 1_000
  const after = await system.upstreamStats(Number.MAX_SAFE_INTEGER)
  const calls = Object.entries(after.byApi).map(([api, stats]): [string, number] => [
    api,
    stats.calls - (before.byApi[api]?.calls ?? 0),
  ])
  return { row, seconds, calls: calls.filter(([, count]) => count > 0) }
}

/** The sessions of the market that the history before the evening is made of. */
async function sessionsBefore(system: System): Promise<{ from: string; to: string }> {
  const rows = await system.db.sql<{ d: string }[]>`
    select trade_date as d from trade_calendar where exchange = 'SSE' and is_open and trade_date < ${system.market.today}
    order by trade_date desc limit ${Number(values.sessions)}`
  return { from: rows.at(-1)?.d ?? '', to: rows[0]?.d ?? '' }
}

const system = await openSystem({
  stocks: Number(values.stocks),
  years: 1,
  worker: ['--without', 'index_bars'],
})
try {
  await run(system, 'stock_list', {})
  const { from, to } = await sessionsBefore(system)
  const history = await run(system, 'full_history', { start_date: from, end_date: to })
  print(`before: ${history.row.status}, ${history.row.inserted} rows in ${history.seconds.toFixed(1)} s`)
  const evening = await run(system, 'daily_incremental', {})
  const calls = evening.calls.reduce((sum, [, count]) => sum + count, 0)
  const met = (isMet: boolean) => (isMet ? 'met' : 'missed')
  const lines = [
    `${await circumstances(system.db)}; \`npm run bench:evening -- --stocks ${values.stocks}\`.`,
    `One session of ${grouped(system.market.instruments)} stocks after ${values.sessions} that are there: ${evening.row.status}, ` +
      `${grouped(evening.row.inserted)} rows inserted, ${String(evening.row.rejected)} refused.`,
    '',
    ...table(
      ['', 'measured', 'target', ''],
      [
        ['upstream calls', calls, `at most ${MOST_CALLS}`, met(calls <= MOST_CALLS)],
        [
          'seconds, verification included',
          evening.seconds.toFixed(1),
          `under ${MOST_SECONDS}`,
          met(evening.seconds < MOST_SECONDS),
        ],
      ],
    ),
    '',
    `Calls: ${evening.calls.map(([api, count]) => `${api} ${count}`).join(', ')}.`,
  ]
  if (values.record) record('An evening', lines)
  else print(`\n${lines.join('\n')}`)
} finally {
  await system.close()
}
