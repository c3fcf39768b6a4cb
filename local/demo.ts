import { parseArgs } from 'node:util'
import { readEnvironment } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { createApiClient } from './demo/api-client.ts'
import { printReport } from './demo/report.ts'
import { followRun } from './demo/progress.ts'
import { planRuns, type DemoRun } from './demo/runs.ts'
import { isExpected, runStack, stackOptionsFromEnvironment } from './up.ts'

/*
 * `npm run demo`: everything that `npm start` brings, with the replay upstream in the place of the real one. Starts the
 * main job, shows its progress, ends with a table of what arrived and whether it is all there.
 */

const HELP = `npm run demo -- [options]

  --data DIR     serve recorded real data from DIR instead of the sandbox market
  --stocks N     stocks of the sandbox market (300)
  --years N      years of the sandbox market (3)
  --limit N      let the upstream grant only N calls a minute for each interface
  --exit         end after the table; status 0 only when everything was verified
`

const TOKEN = 'token-of-the-replay-upstream'

interface DemoOptions {
  data: string | undefined
  stocks: string
  years: string
  limit: string | undefined
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
  return { ...values, data: values.data, limit: values.limit }
}

/** Something that the user can mend; shown without a stack. */
class DemoError extends Error {}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

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
    childEnv: ({ ready }) => ({
      TUSHARE_URL: String(ready.upstream?.url),
      TUSHARE_TOKEN: TOKEN,
      ...(options.limit === undefined
        ? { TUSHARE_CALLS_PER_MINUTE: '0' }
        : { TUSHARE_CALLS_PER_MINUTE: options.limit }),
    }),
  })
  const upstream = stack.ready.upstream ?? {}
  print(`\nupstream: ${String(upstream.label)}\n`)
  const api = createApiClient(stack.addresses.api)
  const db = openDatabase({ url: stack.addresses.postgres, max: 2, name: 'ashare-sync demo' })
  const runs = await planRuns(options.data, upstream)
  const verified = await performRuns(runs, { api, db })
  printAddresses(stack.addresses)
  await db.close()
  if (options.exit) await stack.stop()
  return verified
}

async function performRuns(
  runs: readonly DemoRun[],
  { api, db }: { api: ReturnType<typeof createApiClient>; db: ReturnType<typeof openDatabase> },
): Promise<boolean> {
  const ids: string[] = []
  for (const run of runs) {
    print(run.title)
    ids.push(await followRun(api, run, print))
  }
  return await printReport(db, ids, runs, print)
}

const upstreamArguments = (o: DemoOptions): string[] => [
  ...['--token', TOKEN],
  ...(o.data === undefined ? ['--stocks', o.stocks, '--years', o.years] : ['--data', o.data]),
  ...(o.limit === undefined ? [] : ['--limits', `*=${o.limit}`]),
]

function printAddresses(at: { api: string; temporalUi: string | undefined; postgres: string }): void {
  print(`\nAPI               ${at.api}  (every endpoint: ${at.api}/openapi.json)`)
  if (at.temporalUi) print(`Temporal Web UI   ${at.temporalUi}`)
  print(`PostgreSQL        ${at.postgres}`)
}

try {
  const options = readOptions(process.argv.slice(2))
  const verified = await demo(options)
  if (options.exit) process.exit(verified ? 0 : 1)
  print('\nEverything keeps running; Ctrl-C ends it, the next start goes on where it was.')
} catch (error) {
  const known = error instanceof DemoError || isExpected(error)
  process.stderr.write(`${known ? error.message : String((error as Error).stack)}\n`)
  process.exit(1)
}
