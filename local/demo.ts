import { loadConfig } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { createApiClient } from './demo/api-client.ts'
import { createOutage } from './demo/outage.ts'
import { followRun, type Following } from './demo/progress.ts'
import { printReport } from './demo/report.ts'
import { planComparison, planRuns, type DemoRun } from './demo/runs.ts'
import { createScreen, type Screen } from './demo/screen.ts'
import {
  hasRoomForOutage,
  type MarketOptions,
  setTushareFaults,
  sourceEnvironment,
  upstreamArguments,
} from './demo/upstreams.ts'
import type { ReadyInfo } from './node-part.ts'
import { runStack, stackOptionsFromEnvironment } from './up.ts'

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

/** Something that the user can mend; shown without a stack. */
export class DemoError extends Error {}

/** Each market has a database and a namespace of its own, so that a demo never mixes with real data. */
const marketName = (o: DemoOptions) => (o.data === undefined ? `sandbox_${o.stocks}x${o.years}` : 'recorded')

/**
 * Shows it all; then everything keeps running, unless it is to end.
 *
 * @returns whether everything was verified
 */
export async function runDemo(env: NodeJS.ProcessEnv, options: DemoOptions): Promise<boolean> {
  const { API_KEYS, DATABASE_URL, TEMPORAL_ADDRESS } = loadConfig(env)
  if (DATABASE_URL ?? TEMPORAL_ADDRESS) {
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
  else
    process.stdout.write('\nEverything keeps running; Ctrl-C ends it, the next start goes on where it was.\n')
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
