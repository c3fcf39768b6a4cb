/**
 * Brings a file of the user's own into the database.
 *
 *   npm run import -- daily.parquet --dataset bars
 */
import { pino } from 'pino'
import { importFile } from '../../activities/import/import-file.ts'
import { activitySettings } from '../../activities/worker/settings.ts'
import { createRegistry } from '../../activities/source-registry.ts'
import { ConfigError, loadConfig, readEnvironment, sourceSettings } from '../../config.ts'
import { openDatabase } from '../../db/client.ts'
import { DatabaseError, withoutParameters } from '../../db/errors.ts'
import { sealKey } from '../../db/sealed.ts'
import { ImportRefused } from '../../sources/import/refused.ts'
import { databaseUrl, NoDatabase } from '../database-url.ts'
import { importArguments, USAGE } from './arguments.ts'
import { endLines, presentLines, surveyLines } from './words.ts'

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const progress = (line: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`)
}

async function main(args: readonly string[], signal: AbortSignal): Promise<void> {
  const given = importArguments(args)
  const config = loadConfig(readEnvironment())
  const url = databaseUrl(config)
  const db = openDatabase({ url, max: 4, name: 'ashare-sync import' })
  const stage = openDatabase({ url, max: 1, name: 'ashare-sync import rows', lasting: true })
  const now = () => new Date()
  const sources = createRegistry({
    sql: db.sql,
    environment: sourceSettings(config),
    key: config.APP_SECRET ? sealKey(config.APP_SECRET) : null,
    log: pino({ level: 'silent' }),
    now,
  })
  try {
    const settings = activitySettings(config)
    await importFile({ db, stage, sources, settings, now, signal }, given, {
      onRows: (rows) => progress(`${rows.toLocaleString('en-US')} rows read`),
      onChunk: (done, of) => progress(`${done} of ${of} parts written`),
      onSurvey: (survey, present) => {
        progress('')
        for (const line of [...surveyLines(survey), ...(present ? presentLines(present) : [])]) print(line)
      },
      onEnd: (end) => {
        progress('')
        for (const line of endLines(end)) print(line)
      },
    })
  } finally {
    await sources.close()
    await stage.close()
    await db.close()
  }
}

const args = process.argv.slice(2)
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
if (args.length === 0 || args.includes('--help')) print(USAGE)
else
  await main(args, stopping.signal).catch((error: unknown) => {
    const safe = withoutParameters(error)
    const isExpected = [ImportRefused, ConfigError, NoDatabase].some((kind) => safe instanceof kind)
    progress('')
    const hint = safe instanceof DatabaseError ? '; start the import again, nothing is counted twice' : ''
    const message = stopping.signal.aborted ? 'stopped' : (safe as Error).message
    process.stderr.write(
      `${isExpected || stopping.signal.aborted ? message : `${String((safe as Error).stack)}${hint}`}\n`,
    )
    process.exitCode = 1
  })
