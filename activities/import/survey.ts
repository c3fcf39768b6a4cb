import type { Sql } from '../../db/client.ts'
import { checkRows } from '../../db/import/check.ts'
import { refusedCounts, type RefusedCount } from '../../db/import/stage.ts'
import { type StagedInstrument, stagedInstruments } from '../../db/import/survey.ts'
import { loadCalendar } from '../../db/queries/planning.ts'
import { settledThrough } from '../../market/bar-periods.ts'
import { counted } from '../../market/counted.ts'
import type { ImportDataset, Units } from '../../sources/import/forms.ts'
import { createMapper, type MapOptions } from '../../sources/import/map.ts'
import { ImportRefused } from '../../sources/import/refused.ts'
import type { RowStream } from '../../sources/import/row-stream.ts'
import { loadRows } from './load.ts'
import { findUnits } from './units.ts'

export interface ImportRequest extends Omit<MapOptions, 'mapping'> {
  mapping: MapOptions['mapping'] & { units: Units }
  /** Share of the rows that may be refused; with more of them the file is. */
  maxRejected: number
  /** Its rows are days although most sessions in between are missing. */
  scattered: boolean
}

/** What a file holds, before anything is written. */
export interface Survey {
  file: string
  dataset: ImportDataset
  form: string
  units: string
  /** Read, with those that are skipped or refused. */
  read: number
  /** That may be merged. */
  rows: number
  skipped: ReadonlyMap<string, number>
  duplicates: number
  refused: RefusedCount[]
  instruments: StagedInstrument[]
  /** Symbols that no list names. */
  unknown: string[]
  from: string
  to: string
}

/** Reads a file into the temporary tables and checks it. */
export async function surveyFile(
  sql: Sql,
  stream: RowStream,
  request: ImportRequest,
  watch: { now: Date; signal: AbortSignal; onRows: (rows: number) => void },
): Promise<Survey> {
  const { dataset, mapping } = request
  if ((await loadCalendar(sql)).length === 0)
    throw new ImportRefused('the trading calendar is not there yet: run the job stock_list once, then import')
  const loaded = await loadRows(sql, dataset, stream, createMapper(request), watch)
  if (loaded.rows === 0) throw new ImportRefused(`${stream.label} has no rows`)
  await refuseBad(sql, loaded.rows, request)
  const { scales, words } = await findUnits(sql, dataset, mapping.units)
  const { duplicates } = await checkRows(sql, dataset, scales, settledThrough(watch.now))
  const refused = await refuseBad(sql, loaded.rows, request)
  const instruments = await stagedInstruments(sql)
  const dates = instruments.flatMap(({ from, to }) => [from, to]).sort()
  if (instruments.length === 0) throw new ImportRefused(`no row of ${stream.label} can be taken`)
  if (!request.scattered) refuseLongBars(instruments)
  return {
    file: stream.label,
    dataset,
    form: mapping.form,
    units: words,
    read: loaded.rows,
    rows: instruments.reduce((sum, { rows }) => sum + rows, 0),
    skipped: loaded.skipped,
    duplicates,
    refused,
    instruments,
    unknown: instruments.filter(({ id }) => id === 0).flatMap(({ symbols }) => symbols),
    from: dates[0] ?? '',
    to: dates.at(-1) ?? '',
  }
}

/** With so many bad rows it is not the rows: a column is taken for another one, or the file is damaged. */
async function refuseBad(sql: Sql, read: number, { maxRejected }: ImportRequest): Promise<RefusedCount[]> {
  const refused = await refusedCounts(sql)
  const count = refused.reduce((sum, { rows }) => sum + rows, 0)
  if (count <= read * maxRejected) return refused
  const reasons = refused.slice(0, 5).map(({ reason, rows, example }) => `  ${rows} x ${reason} (${example})`)
  throw new ImportRefused(
    `${count} of ${counted(read, 'row')} cannot be taken:\n${reasons.join('\n')}\n` +
      'Nothing was imported. See --map, --date-format and --symbol-format, or allow more with --max-rejected 0.5',
  )
}

// Of every listed stock far more than half of the sessions have a row; weeks are a fifth, months a twentieth.
const DAILY_SHARE = 0.35

/** Weeks and months are made of days here: as days they would be wrong. The same goes for factors of ex-dates only. */
function refuseLongBars(instruments: readonly StagedInstrument[]): void {
  const rows = instruments.reduce((sum, each) => sum + each.rows, 0)
  const sessions = instruments.reduce((sum, each) => sum + each.sessions, 0)
  if (rows >= sessions * DAILY_SHARE) return
  throw new ImportRefused(
    `there are rows on only ${Math.round((100 * rows) / sessions)} % of the sessions between the first and the last one of each ` +
      'symbol: weekly or monthly bars, or factors of ex-dates only, cannot be imported. Single days can: --scattered',
  )
}
