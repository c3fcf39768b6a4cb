import { createClient } from '../../client/index.ts'
import { type Config, ConfigError, loadConfig, sourceSettings } from '../../config.ts'
import { misspeltSettings } from '../../config-names.ts'
import { readRunning } from '../../local/running.ts'
import { describeSources } from '../../market/source-settings.ts'
import type { Context } from '../context.ts'
import { directService } from '../direct-service.ts'
import { findService } from '../find-service.ts'
import type { ServiceOptions } from '../service-options.ts'
import { clockFindings, clockOf, type OtherClock } from './clock.ts'
import { checkDatabase, type CheckedDatabase, secretFinding } from './database.ts'
import { ok, problem, type Tell, warning } from './finding.ts'
import { dataFolder, diskSpace, nodeVersion, temporalBinary } from './machine.ts'
import { probeSources, reachSources } from './probes.ts'
import { checkService, freshnessOf } from './service.ts'
import { accountFindings } from './sources.ts'
import { checkTemporal } from './temporal.ts'

/** Every check in the order in which they build on each other, from the machine to the data. */
export async function examine(context: Context, options: ServiceOptions, tell: Tell): Promise<void> {
  tell(nodeVersion())
  const config = configuration(context.env, tell)
  if (config === null) return
  tell(diskSpace(config.DATA_DIR), dataFolder(config.DATA_DIR), ...temporalBinary(config, context.env))
  const database = await checkedDatabase(config, tell)
  const clocks: (OtherClock | null)[] = [
    database && { name: 'PostgreSQL', aheadMs: database.aheadMs, exactMs: 0 },
  ]
  try {
    if (config.TEMPORAL_ADDRESS !== undefined)
      clocks.push(await checkTemporal(config, config.TEMPORAL_ADDRESS, tell))
    clocks.push(await clockOfSource(config))
    tell(...clockFindings(clocks.filter((clock) => clock !== null)))
    await checkRest(context, options, { config, database, tell })
  } finally {
    await database?.db.close()
  }
}

function configuration(env: NodeJS.ProcessEnv, tell: Tell): Config | null {
  try {
    const config = loadConfig(env)
    const odd = misspeltSettings(env)
    if (odd.length === 0) tell(ok('configuration', 'every variable is understood'))
    tell(...odd.map((each) => warning('configuration', each, '.env.example shows every variable')))
    return config
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    tell(...error.problems.map((each) => problem('configuration', each, '.env.example shows every variable')))
    return null
  }
}

async function checkedDatabase(config: Config, tell: Tell): Promise<CheckedDatabase | null> {
  const url = config.DATABASE_URL ?? readRunning(config.DATA_DIR)?.postgres
  if (url !== undefined) return await checkDatabase(url, tell)
  tell(ok('postgresql', 'the embedded one; it is not running'))
  return null
}

/** The one source whose server tells the time. */
async function clockOfSource(config: Config): Promise<OtherClock | null> {
  const settings = sourceSettings(config)
  return describeSources(settings, () => new Date()).has('tushare')
    ? await clockOf(new URL(settings.tushare.url).host, settings.tushare.url)
    : null
}

interface Rest {
  config: Config
  database: CheckedDatabase | null
  tell: Tell
}

/** The service with what it knows; without one the sources are asked from here. */
async function checkRest(
  context: Context,
  options: ServiceOptions,
  { config, database, tell }: Rest,
): Promise<void> {
  if (database?.isCurrent) tell(await secretFinding(database.db, config))
  const where = findService(context, options)
  const client = createClient({ url: where.url, apiKey: where.key?.reveal() })
  if (await checkService({ client, url: where.url, temporalUi: where.temporalUi }, where, tell)) return
  if (!database?.isCurrent) return await reachSources(config, tell)
  await probeSources(database.db.sql, config, tell)
  const direct = directService(context.env)
  try {
    tell(...(await accountFindings(direct)), await freshnessOf(direct))
  } finally {
    await direct.close()
  }
}
