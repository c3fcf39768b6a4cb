import { ANY_FORM, FORMS, type ImportDataset, MARKS, REQUIRED, type Units, VALUES } from './forms.ts'
import { ImportRefused } from './refused.ts'

/** Where the fields of a dataset are in a file. */
export interface Mapping {
  /** Whose column names they are. */
  form: string
  units: Units
  /** Our field → its place in the columns of the file. */
  places: ReadonlyMap<string, number>
}

/**
 * Finds the fields of a dataset by the names of the columns.
 *
 * @param named our field → column, as stated by the user; wins over what is recognised
 * @param hasSymbol the rows are of one stock that the user names
 * @throws ImportRefused with the columns that are there where one is missing
 */
export function mapColumns(
  dataset: ImportDataset,
  columns: readonly string[],
  named: ReadonlyMap<string, string>,
  hasSymbol: boolean,
): Mapping {
  const at = new Map(columns.map((name, place) => [name, place]))
  const form = formOf(dataset, at)
  const places = new Map<string, number>()
  for (const [field, names] of Object.entries(form.names[dataset] ?? {})) {
    const name = names.find((each) => at.has(each))
    if (name !== undefined) places.set(field, at.get(name) ?? -1)
  }
  const fields = ['symbol', 'trade_date', ...VALUES[dataset], ...MARKS[dataset]]
  for (const [field, name] of named) {
    const place = at.get(name)
    if (!fields.includes(field))
      throw new ImportRefused(`--map: ${dataset} has no field ${field}; it has ${fields.join(', ')}`)
    if (place === undefined)
      throw new ImportRefused(
        `--map: there is no column ${name}; there are ${columns.slice(0, 60).join(', ')}`,
      )
    places.set(field, place)
  }
  if (hasSymbol) places.delete('symbol')
  requireAll(dataset, columns, places, hasSymbol)
  return { form: form.title, units: unitsOf(form.units, named), places }
}

const formOf = (dataset: ImportDataset, at: ReadonlyMap<string, number>) =>
  FORMS.find(({ marks, names }) => names[dataset] !== undefined && marks.every((mark) => at.has(mark))) ??
  ANY_FORM

/** A column of the user's own choice is not what the form means by that field. */
const unitsOf = (units: Units, named: ReadonlyMap<string, string>): Units => ({
  ...units,
  volume: named.has('volume') ? null : units.volume,
  amount: named.has('amount') ? null : units.amount,
})

function requireAll(
  dataset: ImportDataset,
  columns: readonly string[],
  places: ReadonlyMap<string, number>,
  hasSymbol: boolean,
): void {
  const required = hasSymbol ? REQUIRED[dataset] : ['symbol', ...REQUIRED[dataset]]
  const missing = required.filter((field) => !places.has(field))
  const hasValues = VALUES[dataset].some((field) => places.has(field))
  if (missing.length === 0 && hasValues) return
  const what = missing.length > 0 ? missing.join(', ') : 'any value'
  const symbol = missing.includes('symbol') ? '; a file of one stock needs --symbol 600000.SH' : ''
  throw new ImportRefused(
    `no column for ${what} of ${dataset}. There are: ${columns.slice(0, 60).join(', ') || 'none'}. ` +
      `Name them, like --map ${missing[0] ?? 'close'}=${columns[0] ?? 'x'}${symbol}`,
  )
}
