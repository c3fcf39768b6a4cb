/**
 * What a dead first source costs a run that another one does: the same run without it, with one that refuses connections,
 * with one that takes them and never answers, and with one that has no more to say than that it is overloaded.
 *
 *   npm run bench:failover -- [--stocks 1300] [--limit 500] [--record]
 *
 * BaoStock does the work under a budget, one symbol of a year a call, so that the machine is not what is measured. Every run
 * has a system of its own: nothing is known of the dead source before. Its time limit is the default one.
 */
import { parseArgs } from 'node:util'
import type { Fault } from '../local/replay/faults.ts'
import { type BarsRun, runBars } from './support/bars-run.ts'
import { circumstances, grouped, record, table } from './support/results.ts'
import { openSystem } from './support/system.ts'

const { values } = parseArgs({
  options: {
    stocks: { type: 'string', default: '1300' },
    limit: { type: 'string', default: '500' },
    record: { type: 'boolean', default: false },
  },
})
const print = (line: string) => void process.stdout.write(`${line}\n`)

interface Case {
  name: string
  env: Record<string, string>
  faults: readonly Fault[]
}

// Nobody listens on port 1.
const REFUSES = { TUSHARE_URL: 'http://127.0.0.1:1' }
const CASES: readonly Case[] = [
  { name: 'without the dead source', env: { TUSHARE_PRIORITY: '' }, faults: [] },
  { name: 'it refuses connections', env: REFUSES, faults: [] },
  { name: 'it never answers', env: {}, faults: [{ kind: 'hang' }] },
  { name: 'it answers 503', env: {}, faults: [{ kind: 'http_status', status: 503 }] },
]

let where = ''
const runs: [Case, BarsRun][] = []
for (const each of CASES) runs.push([each, await measure(each)])
const base = runs[0]?.[1].seconds ?? 0
const lines = [
  `${where}; \`npm run bench:failover -- --stocks ${values.stocks} --limit ${values.limit}\`.`,
  `Daily bars of ${values.stocks} stocks over a year from BaoStock at ${values.limit} calls a minute, Tushare before it in the order. From the trigger to the end of the run: lists, planning and verification included. A dead source costs seconds, whatever the length of the run.`,
  '',
  ...table(
    ['first source', 'status', 'seconds', 'cells', 'seconds more', 'over the run without it (target 1.10)'],
    runs.map(([{ name }, run]) => [
      name,
      run.status,
      run.seconds.toFixed(1),
      grouped(run.shares.reduce((sum, { cells }) => sum + cells, 0)),
      (run.seconds - base).toFixed(1),
      `${(run.seconds / base).toFixed(3)} x`,
    ]),
  ),
]
if (values.record) record('A dead first source', lines)
else print(`\n${lines.join('\n')}`)

async function measure({ name, env, faults }: Case): Promise<BarsRun> {
  const system = await openSystem({
    stocks: Number(values.stocks),
    years: 1,
    allSources: true,
    env: {
      BAOSTOCK_CALLS_PER_MINUTE: values.limit,
      BAOSTOCK_MIN_INTERVAL_MS: '0',
      BAOSTOCK_PRIORITY: '2',
      AKSHARE_PRIORITY: '',
      ...env,
    },
    worker: ['--one-symbol', '--without', 'adj_factor'],
  })
  try {
    await system.setFaults(faults)
    const run = await runBars(system, { start_date: system.market.first, end_date: system.market.today })
    print(`${name}: ${run.status} after ${run.seconds.toFixed(1)} s: ${JSON.stringify(run.shares)}`)
    where = await circumstances(system.db)
    return run
  } finally {
    await system.close()
  }
}
