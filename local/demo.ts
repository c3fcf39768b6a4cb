import { loadConfig } from '../config.ts'
import { type Database, openDatabase } from '../db/client.ts'
import { createApiClient } from './demo/api-client.ts'
import { createOutage, type Outage } from './demo/outage.ts'
import { createPerformer, type Performer } from './demo/progress.ts'
import { readReport } from './demo/report.ts'
import { planComparison, planRuns } from './demo/runs.ts'
import { createJsonScreen, createScreen, type Screen } from './demo/screen.ts'
import {
  hasRoomForOutage,
  type MarketOptions,
  setTushareFaults,
  sourceEnvironment,
  upstreamArguments,
} from './demo/upstreams.ts'
import type { ReadyInfo } from './node-part.ts'
import type { Stack, StackOptions } from './stack.ts'
import { runStack, stackOptionsFromEnvironment } from './up.ts'
import { jsonVoice } from './voice.ts'

/*
 * `npm run demo`: everything that `npm start` brings, with replay upstreams in the place of the real ones. Starts the
 * main job, takes the best source away in the middle of it, shows how the others go on, compares all of them on a few
 * stocks, ends with what came from where and whether it is all there.
 */

export interface DemoOptions extends MarketOptions {
  /** Tushare is taken away in the middle of the run and comes back, where the market has room for it. */
  outage: boolean
  /** It ends after the tables. */
  exit: boolean
}

/** Where it says what happens. */
export interface Audience {
  out: NodeJS.WriteStream
  /** Writes one object on a line; null: people are told, on `out`. */
  jsonLine: ((value: object) => void) | null
}

/** Something that the user can mend; shown without a stack. */
export class DemoError extends Error {}

/** Each market has a database and a namespace of its own, so that a demo never mixes with real data. */
const marketName = (o: DemoOptions) => (o.data === undefined ? `sandbox_${o.stocks}x${o.years}` : 'recorded')

/**
 * Shows it all; then everything keeps running, unless it is to end.
 *
 * @returns whether everything was verified
 */
export async function runDemo(
  env: NodeJS.ProcessEnv,
  options: DemoOptions,
  { out, jsonLine }: Audience,
): Promise<boolean> {
  const { API_KEYS, DATABASE_URL, TEMPORAL_ADDRESS } = loadConfig(env)
  if (DATABASE_URL ?? TEMPORAL_ADDRESS) {
    throw new DemoError(
      'The demo brings its own PostgreSQL and Temporal, so that its market never mixes with your data: unset DATABASE_URL and TEMPORAL_ADDRESS.',
    )
  }
  const screen = jsonLine ? createJsonScreen(jsonVoice(jsonLine)) : createScreen(out)
  const stack = await startMarket(env, options, screen)
  const { api, temporalUi = null, postgres } = stack.addresses
  // People are told below the tables.
  screen.tell('ready', { api, temporal_ui: temporalUi, postgres }, [])
  screen.line(`\nupstream: ${String(stack.ready.upstream?.label)}`)
  screen.line(
    options.data === undefined
      ? 'asked in this order: Tushare Pro, BaoStock (no Beijing), AKShare'
      : 'served as Tushare Pro alone, since only its answers were recorded whole',
  )
  screen.line(`the console shows all of it: ${api}\n`)
  const db = openDatabase({ url: postgres, max: 2, name: 'ashare-sync demo' })
  const key = API_KEYS.find(({ role }) => role !== 'viewer')?.key.reveal()
  const performer = await createPerformer(createApiClient(api, key), screen)
  const done = await performAll(db, stack, options, performer, screen)
  const { value, lines } = await readReport(db, done)
  screen.tell('report', value, [...lines, ...addressLines(stack.addresses)])
  await db.close()
  if (options.exit) {
    await stack.stop()
    screen.tell('end', { verified: value.verified }, [])
  } else screen.line('\nEverything keeps running; Ctrl-C ends it, the next start goes on where it was.')
  return value.verified
}

function startMarket(env: NodeJS.ProcessEnv, options: DemoOptions, screen: Screen): Promise<Stack> {
  const market = marketName(options)
  const stack: StackOptions = {
    // Nothing starts by itself in a demo.
    ...stackOptionsFromEnvironment({ ...env, DEFAULT_SCHEDULES: 'off' }, screen),
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
  }
  return runStack(stack, screen)
}

/** The main job, with the outage, and the comparison. */
async function performAll(
  db: Database,
  { ready: { upstream = {} } }: Stack,
  options: DemoOptions,
  performer: Performer,
  screen: Screen,
): Promise<Parameters<typeof readReport>[1]> {
  const runs = await planRuns(options.data, upstream)
  const isSandbox = options.data === undefined
  const outage = options.outage && hasRoomForOutage(options) ? outageOf(upstream, screen) : null
  const ids: string[] = []
  for (const run of runs)
    ids.push(await performer.perform(run, { showLog: isSandbox, ...(outage && { watch: outage.look }) }))
  await outage?.end()
  if (outage?.happened === false) screen.line('no outage: the run was over too soon for one')
  const run = isSandbox ? await planComparison(db, upstream) : null
  if (run) screen.line('')
  const compared = run && { run, id: await performer.perform(run, { showLog: false }) }
  return { runs, ids, compared }
}

/** An upstream that loses its Tushare for a while. */
const outageOf = (victim: ReadyInfo, screen: Screen): Outage =>
  createOutage(
    (faults) => setTushareFaults(victim, faults),
    (line) => screen.line(`          ${line}`),
  )

const addressLines = ({ api, temporalUi, postgres }: Stack['addresses']): string[] => [
  `\nConsole           ${api}`,
  `API               ${api}/docs`,
  ...(temporalUi === undefined ? [] : [`Temporal Web UI   ${temporalUi}`]),
  `PostgreSQL        ${postgres}`,
]
