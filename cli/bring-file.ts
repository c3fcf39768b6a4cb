import { pino } from 'pino'
import { importFile } from '../activities/import/import-file.ts'
import type { ImportEnd } from '../activities/import/finish.ts'
import type { Survey } from '../activities/import/survey.ts'
import { createRegistry } from '../activities/source-registry.ts'
import { activitySettings } from '../activities/worker/settings.ts'
import { loadConfig, sourceSettings } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { DatabaseError, withoutParameters } from '../db/errors.ts'
import type { PresentCounts } from '../db/import/survey.ts'
import { sealKey } from '../db/sealed.ts'
import { databaseUrl } from '../local/database-url.ts'
import { ImportRefused } from '../sources/import/refused.ts'
import type { Context } from './context.ts'
import { CliError, interrupted } from './errors.ts'
import { EXIT } from './exit-codes.ts'
import { importArguments, type ImportOptions } from './import-arguments.ts'
import { endLines, presentLines, surveyLines } from './import-words.ts'
import { number } from '../local/words.ts'

export const isRefusal = (error: unknown): error is ImportRefused => error instanceof ImportRefused

interface Brought {
  survey?: Survey
  present?: PresentCounts
  end?: ImportEnd
}

/**
 * Imports a file into the database of the environment.
 *
 * @returns whether all of it came in
 * @throws ImportRefused, NoDatabase, ConfigError, CliError
 */
export async function bringFile(
  context: Context,
  file: string,
  options: ImportOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const given = importArguments(file, options)
  const config = loadConfig(context.env)
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
  const brought: Brought = {}
  const progress = progressOn(context)
  try {
    const settings = activitySettings(config)
    await importFile({ db, stage, sources, settings, now, signal }, given, {
      onRows: (rows) => progress(`${number(rows)} rows read`),
      onChunk: (done, of) => progress(`${done} of ${of} parts written`),
      onSurvey: (survey, present) => {
        progress('')
        Object.assign(brought, { survey, ...(present && { present }) })
        for (const line of [...surveyLines(survey), ...(present ? presentLines(present) : [])])
          context.print(line)
      },
      onEnd: (end) => {
        progress('')
        brought.end = end
        for (const line of endLines(end)) context.print(line)
      },
    })
  } catch (error) {
    progress('')
    throw failureOf(error, signal)
  } finally {
    await sources.close()
    await stage.close()
    await db.close()
  }
  if (context.json) context.result(documentOf(brought), [])
  return brought.end === undefined || brought.end.status === 'success'
}

const progressOn =
  ({ err, json }: Context) =>
  (line: string): void => {
    if (err.isTTY && !json) err.write(`\r\x1b[K${line}`)
  }

function failureOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return interrupted('stopped; what is whole stays, start it again to go on')
  const safe = withoutParameters(error)
  if (!(safe instanceof DatabaseError)) return safe
  const hint = 'start the import again, nothing is counted twice'
  return new CliError(EXIT.unreachable, 'database', `${safe.message}; ${hint}`)
}

/** As the API names its fields. */
const documentOf = ({ survey, present, end }: Brought): object => ({
  ...(survey && {
    file: survey.file,
    dataset: survey.dataset,
    form: survey.form,
    units: survey.units,
    from: survey.from,
    to: survey.to,
    read: survey.read,
    rows: survey.rows,
    symbols: survey.instruments.length,
    unknown_symbols: survey.unknown,
    skipped: Object.fromEntries(survey.skipped),
    duplicates: survey.duplicates,
    refused: survey.refused,
  }),
  would: present ?? null,
  run: end
    ? {
        id: end.runId,
        status: end.status,
        message: end.message,
        inserted: end.totals.inserted,
        updated: end.totals.updated,
        unchanged: end.totals.unchanged,
        rejected: end.totals.rejected,
      }
    : null,
})
