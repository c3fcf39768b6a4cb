import { connect } from 'node:net'
import { pino } from 'pino'
import { createRegistry } from '../../activities/source-registry.ts'
import { BudgetLater, fetchContext } from '../../activities/upstream.ts'
import { type Config, sourceSettings } from '../../config.ts'
import type { Sql } from '../../db/client.ts'
import { restOf } from '../../db/health.ts'
import { sealKey } from '../../db/sealed.ts'
import { baostockHost } from '../../market/baostock.ts'
import { SITES } from '../../market/sites.ts'
import { SOURCE_ERRORS } from '../../market/source-errors.ts'
import { describeSources } from '../../market/source-settings.ts'
import type { SourceName } from '../../market/sources.ts'
import type { Source } from '../../sources/contract.ts'
import { SourceError } from '../../sources/errors.ts'
import { type Finding, ok, problem, type Tell, warning, wordsOf } from './finding.ts'

/* The sources without a service: asked from here, within their budgets where the database is there to count them. */

const PROBE_LIMIT_MS = 15_000
const AGAIN = 'try again later; see docs/sources.md'

/** One cheap request to each site of each source that is on. */
export async function probeSources(sql: Sql, config: Config, tell: Tell): Promise<void> {
  const registry = createRegistry({
    sql,
    environment: sourceSettings(config),
    key: config.APP_SECRET ? sealKey(config.APP_SECRET) : null,
    log: pino({ level: 'silent' }),
    now: () => new Date(),
  })
  try {
    const { sources } = await registry.current()
    for (const source of sources.values())
      for (const site of SITES[source.name]) tell(await probe(sql, source, site))
  } finally {
    await registry.close()
  }
}

async function probe(sql: Sql, source: Source, site: string): Promise<Finding> {
  const check = `source ${source.name}`
  const rest = await restOf(sql, { source: source.name, site })
  if (rest)
    return warning(
      check,
      `${site} rests until ${new Date(rest.untilMs).toISOString()}: ${rest.reason}`,
      'it is not asked before',
    )
  try {
    const context = fetchContext(sql, source, AbortSignal.timeout(PROBE_LIMIT_MS))
    const { latencyMs } = await source.probe(context, site)
    return ok(check, `${site} answered in ${Math.round(latencyMs)} ms`)
  } catch (error) {
    if (error instanceof BudgetLater) return warning(check, `${site}: ${error.message}`, 'wait until then')
    if (!(error instanceof SourceError)) return problem(check, `${site}: ${wordsOf(error)}`, AGAIN)
    const { hint } = SOURCE_ERRORS[error.errorClass]
    return problem(check, `${site}: ${error.message}`, hint)
  }
}

const REACH_LIMIT_MS = 5_000

/** Whether a connection to each source that is on can be made; nothing is asked, since nobody counts calls here. */
export async function reachSources(config: Config, tell: Tell): Promise<void> {
  const settings = sourceSettings(config)
  const { tushare, akshare, baostock } = settings
  const places: Readonly<Record<SourceName, () => { host: string; port: number }>> = {
    tushare: () => placeOf(tushare.url),
    akshare: () => placeOf(akshare.url ?? ''),
    baostock: () => ({ host: baostockHost(baostock), port: baostock.port }),
  }
  const on = [...describeSources(settings, () => new Date()).keys()]
  tell(...(await Promise.all(on.map((name) => reach(name, places[name]())))))
}

function placeOf(url: string): { host: string; port: number } {
  const { hostname, port, protocol } = new URL(url)
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  }
}

function reach(name: SourceName, { host, port }: { host: string; port: number }): Promise<Finding> {
  const check = `source ${name}`
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: REACH_LIMIT_MS })
    const end = (finding: Finding): void => {
      socket.destroy()
      resolve(finding)
    }
    const away = (why: string) =>
      warning(
        check,
        `${host}:${port} is not reached from here: ${why}`,
        'see whether this machine has internet',
      )
    socket.once('connect', () =>
      end(ok(check, `${host}:${port} is reached; it was asked nothing, since no database counts calls`)),
    )
    socket.once('timeout', () => end(away(`no answer within ${REACH_LIMIT_MS / 1_000} s`)))
    socket.once('error', (error) => end(away((error as NodeJS.ErrnoException).code ?? error.message)))
  })
}
