/**
 * Three sources in `parallel` against each of them alone, where calls are what is scarce.
 *
 *   npm run bench:parallel -- [--stocks 1800] [--limit 600] [--alone tushare,baostock,akshare] [--record]
 *
 * All three get the same budget and the same work for a call: one symbol over a year. In earnest they differ: a call of
 * Tushare brings up to 100 symbols. So this measures how well the shared list of batches keeps every source busy, not what
 * a second source is worth to an account of Tushare's.
 *
 * The symbols are those that all three have; lists come before, and every run begins without a bar.
 */
import { parseArgs } from 'node:util'
import { isSourceName, SOURCE_NAMES, type SourceName } from '../market/sources.ts'
import { type BarsRun, commonSymbols, forgetBars, runBars } from './support/bars-run.ts'
import { circumstances, grouped, record, table } from './support/results.ts'
import { openSystem } from './support/system.ts'

const { values } = parseArgs({
  options: {
    stocks: { type: 'string', default: '1800' },
    limit: { type: 'string', default: '600' },
    alone: { type: 'string', default: 'tushare,baostock,akshare' },
    record: { type: 'boolean', default: false },
  },
})
const alone = values.alone.split(',').filter(isSourceName)
const print = (line: string) => void process.stdout.write(`${line}\n`)

const system = await openSystem({
  stocks: Number(values.stocks),
  years: 1,
  allSources: true,
  env: Object.fromEntries(
    ['TUSHARE', 'AKSHARE', 'BAOSTOCK'].flatMap((source) => [
      [`${source}_CALLS_PER_MINUTE`, values.limit],
      [`${source}_MIN_INTERVAL_MS`, '0'],
    ]),
  ),
  worker: ['--one-symbol', '--without', 'adj_factor'],
})
try {
  await system.until(await system.trigger({}))
  const { first, today } = system.market
  const symbols = await commonSymbols(system, first)
  const region = { symbols, start_date: first, end_date: today }
  const runs: [string, BarsRun][] = []
  for (const source of alone) runs.push([`${source} alone`, await measure({ ...region, ...only(source) })])
  runs.push(['parallel', await measure({ ...region, source_mode: 'parallel' })])
  const best = Math.max(...runs.slice(0, -1).map(([, run]) => rateOf(run)))
  const lines = [
    `${await circumstances(system.db)}; \`npm run bench:parallel -- --stocks ${values.stocks} --limit ${values.limit} --alone ${values.alone}\`.`,
    `${grouped(symbols.length)} symbols over a year, one symbol a call, ${values.limit} calls a minute for each source (of which 97 % are used); daily bars only. From the claim of the first batch to the end of the last.`,
    '',
    ...table(
      ['run', 'status', 'cells', 'seconds', 'cells/s', 'calls', 'over the best alone (target 2.6)'],
      runs.map(([name, run]) => [
        name,
        run.status,
        grouped(cellsOf(run)),
        run.barsSeconds.toFixed(1),
        grouped(rateOf(run)),
        run.shares.map(({ source, calls }) => `${source} ${grouped(calls)}`).join(', '),
        `${(rateOf(run) / best).toFixed(2)} x`,
      ]),
    ),
  ]
  if (values.record) record('Three sources in parallel', lines)
  else print(`\n${lines.join('\n')}`)
} finally {
  await system.close()
}

async function measure(body: object): Promise<BarsRun> {
  await forgetBars(system)
  const run = await runBars(system, body)
  print(`${run.status} after ${run.seconds.toFixed(1)} s: ${JSON.stringify(run.shares)}`)
  return run
}

/** The others stand behind it and are not asked while it answers. */
function only(source: SourceName): object {
  return { preferred_sources: [source, ...SOURCE_NAMES.filter((other) => other !== source)] }
}

function cellsOf({ shares }: BarsRun): number {
  return shares.reduce((sum, { cells }) => sum + cells, 0)
}

function rateOf(run: BarsRun): number {
  return cellsOf(run) / run.barsSeconds
}
