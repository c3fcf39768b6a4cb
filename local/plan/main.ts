/**
 * What a run would do and cost.
 *
 *   npm run plan -- daily_history --from 2024-01-01
 */
import { createSourceReader } from '../../api/sources.ts'
import { planRun } from '../../api/plan-run.ts'
import { Problem } from '../../api/problems.ts'
import { describePlan } from '../../api/routes/plan.ts'
import { ConfigError, loadConfig, readEnvironment, runSettings, sourceSettings } from '../../config.ts'
import { openDatabase } from '../../db/client.ts'
import { withoutParameters } from '../../db/errors.ts'
import { sealKey } from '../../db/sealed.ts'
import { databaseUrl, NoDatabase } from '../database-url.ts'
import { planArguments, USAGE, WrongArguments } from './arguments.ts'
import { planLines } from './words.ts'

async function main(args: readonly string[]): Promise<void> {
  const { job, params, json } = planArguments(args)
  const config = loadConfig(readEnvironment())
  const db = openDatabase({ url: databaseUrl(config), max: 4, name: 'ashare-sync plan' })
  try {
    const sources = createSourceReader({
      sql: db.sql,
      environment: sourceSettings(config),
      key: config.APP_SECRET ? sealKey(config.APP_SECRET) : null,
      onToken: () => undefined,
    })
    const settings = runSettings(config)
    const plan = describePlan(await planRun({ db, sources, settings, now: () => new Date() }, job, params))
    const lines = json ? [JSON.stringify({ job, params, ...plan }, null, 2)] : planLines(job, plan)
    process.stdout.write(`${lines.join('\n')}\n`)
  } finally {
    await db.close()
  }
}

const args = process.argv.slice(2)
if (args.length === 0 || args.includes('--help')) process.stdout.write(`${USAGE}\n`)
else
  await main(args).catch((error: unknown) => {
    const safe = withoutParameters(error)
    const isExpected = [WrongArguments, ConfigError, NoDatabase, Problem].some((kind) => safe instanceof kind)
    process.stderr.write(`${isExpected ? (safe as Error).message : String((safe as Error).stack)}\n`)
    process.exitCode = 1
  })
