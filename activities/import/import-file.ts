import { type PresentCounts, presentCounts } from '../../db/import/survey.ts'
import { IMPORT_SOURCE } from '../../market/sources.ts'
import { mapColumns } from '../../sources/import/columns.ts'
import type { Units } from '../../sources/import/forms.ts'
import { openRows, type OpenOptions } from '../../sources/import/open.ts'
import { type ImportDeps, type OnChunk, writeImport } from './run.ts'
import type { ImportEnd } from './finish.ts'
import { type ImportRequest, type Survey, surveyFile } from './survey.ts'

/** What a user asks for. */
export interface FileRequest extends Omit<ImportRequest, 'mapping'> {
  /** A file, or the address of a database. */
  target: string
  open?: OpenOptions
  /** Our field → column. */
  named: ReadonlyMap<string, string>
  /** As stated; null: as the form of the file has them, or as its rows show. */
  units: Units
  dryRun: boolean
}

export interface ImportWatch {
  onRows?: (rows: number) => void
  onChunk?: OnChunk
  /** @param present only of a dry run */
  onSurvey?: (survey: Survey, present: PresentCounts | null) => void
  onEnd?: (end: ImportEnd) => void
}

/**
 * Imports a file or the rows of a query; a dry run stops before anything is written.
 *
 * @returns null for a dry run
 * @throws ImportRefused when the file cannot be imported as it is; then nothing was written
 */
export async function importFile(
  deps: ImportDeps,
  request: FileRequest,
  watch: ImportWatch = {},
): Promise<ImportEnd | null> {
  const { dataset, named, symbol, units } = request
  const stream = await openRows(request.target, request.open)
  try {
    const mapping = mapColumns(dataset, stream.columns, named, symbol !== null)
    const known = {
      volume: units.volume ?? mapping.units.volume,
      amount: units.amount ?? mapping.units.amount,
      worth: units.worth ?? mapping.units.worth,
    }
    const survey = await surveyFile(
      deps.stage.sql,
      stream,
      { ...request, mapping: { ...mapping, units: known } },
      { now: deps.now(), signal: deps.signal, onRows: watch.onRows ?? (() => undefined) },
    )
    if (request.dryRun) {
      watch.onSurvey?.(survey, await presentCounts(deps.stage.sql, dataset, IMPORT_SOURCE))
      return null
    }
    watch.onSurvey?.(survey, null)
    const end = await writeImport(deps, survey, watch.onChunk ?? (() => undefined))
    watch.onEnd?.(end)
    return end
  } finally {
    await stream.close()
  }
}
