import { parseArgs } from 'node:util'
import { loadConfig, readEnvironment } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { createApiClient } from './demo/api-client.ts'
import { createOutage } from './demo/outage.ts'
import { followRun, type Following } from './demo/progress.ts'
import { printReport } from './demo/report.ts'
import { planComparison, planRuns, type DemoRun } from './demo/runs.ts'
import { createScreen, type Screen } from './demo/screen.ts'
import { hasRoomForOutage, setTushareFaults, sourceEnvironment, upstreamArguments } from './demo/upstreams.ts'
import type { ReadyInfo } from './node-part.ts'
import { isExpected, runStack, stackOptionsFromEnvironment } from './up.ts'

/*
 * `npm run demo`: everything that `npm start` brings, with replay upstreams in the place of the real ones. Starts the
 * main job, takes the best source away in the middle of it, shows how the others go on, compares all of them on a few
 * stocks, ends with what came from where and whether it is all there.
 */

const HELP = `npm run demo -- [options]

  --stocks N     stocks of the sandbox market (300)
  --years N      years of the sandbox market (3)
  --no-outage    let Tushare live; without this it is taken away in the middle of the run and comes back, where the market
                 has 500 stock-years or more
  --limit N      let Tushare grant only N calls a minute for each interface
  --data DIR     serve recorded real data from DIR in place of the sandbox market: Tushare only, without an outage
  --exit         end after the tables; status 0 only when everything was verified
`

interface DemoOptions {
  data: string | undefined
  stocks: string
  years: string
  limit: string | undefined
  outage: boolean
  exit: boolean
}

function readOptions(args: string[]): DemoOptions {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      stocks: { type: 'string', default: '300' },
      years: { type: 'string', default: '3' },
      limit: { type: 'string' },
      'no-outage': { type: 'boolean', default: false },
      exit: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    process.exit(0)
  }
  for (const name of ['stocks', 'years', 'limit'] as const) {
    if (values[name] !== undefined && !/^[1-9]\d*$/.test(values[name]))
      throw new DemoError(`--${name} takes a whole number from 1`)
  }
  const { data, limit } = values
  return { ...values, data, limit, outage: !values['no-outage'] }
}

/** Something that the user can mend; shown without a stack. */
class DemoError extends Error {}

/** Each market has a database and a namespace of its own, so that a demo never mixes with real data. */
const marketName = (o: DemoOptions) => (o.data === undefined ? `sandbox_${o.stocks}x${o.years}` : 'recorded')

async function demo(options: DemoOptions): Promise<boolean> {
  const env = readEnvironment()
  if (env.DATABASE_URL || env.TEMPORAL_ADDRESS) {
    throw new DemoError(
      'The demo brings its own PostgreSQL and Temporal, so that its market never mixes with your data: unset DATABASE_URL and TEMPORAL_ADDRESS.',
    )
  }
  const market = marketName(options)
  const stack = await runStack({
    ...stackOptionsFromEnvironment(env),
    database: `ashare_${market}`,
    temporalNamespace: market.replaceAll('_', '-'),
    extraParts: [
      {
        name: 'upstream',
        file: new URL('./replay/main.ts', import.meta.url).pathname,
        args: upstreamArguments(options),
      },
    ],
    childEnv: ({ ready }) => sourceEnvironment(options, ready.upstream ?? {}),
  })
  const upstream = stack.ready.upstream ?? {}
  const screen = createScreen(process.stdout)
  screen.line(`\nupstream: ${String(upstream.label)}`)
  screen.line(
    options.data === undefined
      ? 'asked in this order: Tushare Pro, BaoStock (no Beijing), AKShare\n'
      : 'served as Tushare Pro alone, since only its answers were recorded whole\n',
  )
  const db = openDatabase({ url: stack.addresses.postgres, max: 2, name: 'ashare-sync demo' })
  const { API_KEYS } = loadConfig(env)
  const key = API_KEYS.find(({ role }) => role !== 'viewer')?.key.reveal()
  const shown = { api: createApiClient(stack.addresses.api, key), screen }
  const runs = await planRuns(options.data, upstream)
  const showLog = options.data === undefined
  const ids = await performRuns(
    runs,
    { ...shown, showLog },
    options.outage && hasRoomForOutage(options) ? upstream : null,
  )
  const comparison = options.data === undefined ? await planComparison(db, upstream) : null
  const compared = comparison && {
    run: comparison,
    id: await followRun(comparison, { ...shown, showLog: false }),
  }
  const verified = await printReport(db, { runs, ids, compared }, (line) => screen.line(line))
  printAddresses(stack.addresses, screen)
  await db.close()
  if (options.exit) await stack.stop()
  return verified
}

/** @param victim the upstream that loses its Tushare for a while; null: nothing happens to it */
async function performRuns(
  runs: readonly DemoRun[],
  shown: Following,
  victim: ReadyInfo | null,
): Promise<string[]> {
  const outage =
    victim &&
    createOutage(
      (faults) => setTushareFaults(victim, faults),
      (line) => shown.screen.line(`          ${line}`),
    )
  const watch = outage ? { watch: outage.look } : {}
  const ids: string[] = []
  for (const run of runs) ids.push(await followRun(run, { ...shown, ...watch }))
  await outage?.end()
  if (outage?.happened === false) shown.screen.line('no outage: the run was over too soon for one')
  return ids
}

function printAddresses(
  at: { api: string; temporalUi: string | undefined; postgres: string },
  screen: Screen,
): void {
  screen.line(`\nAPI               ${at.api}  (every endpoint: ${at.api}/openapi.json)`)
  if (at.temporalUi) screen.line(`Temporal Web UI   ${at.temporalUi}`)
  screen.line(`PostgreSQL        ${at.postgres}`)
}

try {
  const options = readOptions(process.argv.slice(2))
  const verified = await demo(options)
  if (options.exit) process.exit(verified ? 0 : 1)
  process.stdout.write('\nEverything keeps running; Ctrl-C ends it, the next start goes on where it was.\n')
} catch (error) {
  const known = error instanceof DemoError || isExpected(error)
  process.stderr.write(`${known ? error.message : String((error as Error).stack)}\n`)
  process.exit(1)
}
