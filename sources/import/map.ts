import type { TradeDate } from '../../market/date.ts'
import { isFactor, NO_FACTOR, orderedBar } from '../rows.ts'
import { valuationProblem } from '../valuations.ts'
import {
  type Bad,
  dateOf,
  type DateFormat,
  decimalOf,
  flagOf,
  isBad,
  isNothing,
  symbolOf,
  type SymbolFormat,
} from './cells.ts'
import type { Mapping } from './columns.ts'
import { type ImportDataset, MARKS, VALUES } from './forms.ts'
import type { Cells } from './row-stream.ts'

/** A row that may be taken; `values` are in the order of the dataset's merge, in the units of the file. */
export interface ImportRow {
  symbol: string
  trade_date: TradeDate
  values: (string | boolean | null)[]
}

export type MappedRow =
  | { kind: 'row'; row: ImportRow }
  /** Nothing is wrong with it and there is nothing in it, e.g. a day of a suspension. */
  | { kind: 'skipped'; reason: string }
  | { kind: 'rejected'; symbol: string | null; trade_date: TradeDate | null; reason: string }

export interface MapOptions {
  dataset: ImportDataset
  mapping: Mapping
  dateFormat: DateFormat
  symbolFormat: SymbolFormat
  /** Of a file of one stock. */
  symbol: string | null
}

// The same few thousand codes and dates come in millions of rows.
const REMEMBERED = 50_000
// Longer texts are no codes and no dates.
const LONGEST_REMEMBERED = 40

function remembering<T>(read: (value: unknown) => T): (value: unknown) => T {
  const known = new Map<unknown, T>()
  return (value) => {
    if (typeof value === 'object') return read(value)
    if (typeof value === 'string' && value.length > LONGEST_REMEMBERED) return read(value)
    let result = known.get(value)
    if (result === undefined) {
      result = read(value)
      if (known.size < REMEMBERED) known.set(value, result)
    }
    return result
  }
}

/** What `createMapper` reads of a row, and the mapper. */
export interface Mapper {
  /** Places of the cells that it wants, in their order. */
  wanted: readonly number[]
  map(cells: Cells): MappedRow
}

/** Cells of a file → rows, with the checks that need no other row and no unit. */
export function createMapper(options: MapOptions): Mapper {
  const { dataset, mapping, symbol } = options
  const fields = ['symbol', 'trade_date', ...VALUES[dataset], ...MARKS[dataset]].filter((f) =>
    mapping.places.has(f),
  )
  const at = new Map(fields.map((field, place) => [field, place]))
  const cell = (cells: Cells, field: string) => cells[at.get(field) ?? -1] ?? null
  const readDate = remembering((value) => dateOf(value, options.dateFormat))
  const readSymbol = remembering((value) => symbolOf(value, options.symbolFormat))
  return {
    wanted: fields.map((field) => mapping.places.get(field) ?? -1),
    map: (cells) => {
      const own = symbol ?? readSymbol(cell(cells, 'symbol'))
      const trade_date = readDate(cell(cells, 'trade_date'))
      if (own === null) return { kind: 'skipped', reason: 'B shares' }
      const key = {
        symbol: isBad(own) ? null : own,
        trade_date: isBad(trade_date) ? null : trade_date,
      }
      const rejected = (reason: string): MappedRow => ({ kind: 'rejected', ...key, reason })
      if (isBad(own)) return rejected(`symbol ${own.bad}`)
      if (isBad(trade_date)) return rejected(`trade_date ${trade_date.bad}`)
      const read = (field: string) => cell(cells, field)
      const skipped = reasonToSkip(dataset, read)
      if (skipped !== null) return { kind: 'skipped', reason: skipped }
      const values = valuesOf(dataset, read)
      const reason = isBad(values) ? values.bad : problemOf(dataset, values, read)
      if (reason !== null || isBad(values)) return rejected(reason ?? '')
      return { kind: 'row', row: { symbol: own, trade_date, values: [...values.values()] } }
    },
  }
}

type Read = (field: string) => unknown

function reasonToSkip(dataset: ImportDataset, read: Read): string | null {
  const traded = flagOf(read('traded'))
  if (traded === false) return 'suspended (tradestatus 0)'
  return VALUES[dataset].every((field) => isNothing(read(field))) ? 'no value in the row' : null
}

type Values = Map<string, string | boolean | null>

function valuesOf(dataset: ImportDataset, read: Read): Values | Bad {
  const values: Values = new Map()
  for (const field of VALUES[dataset]) {
    const value = field === 'is_st' ? flagOf(read(field)) : decimalOf(read(field))
    if (isBad(value)) return { bad: `${field} ${value.bad}` }
    values.set(field, value)
  }
  return values
}

function problemOf(dataset: ImportDataset, values: Values, read: Read): string | null {
  const text = (field: string) => values.get(field) as string | null
  switch (dataset) {
    case 'adj_factor':
      return isFactor(Number(text('factor') ?? 0)) ? null : NO_FACTOR.reason
    case 'daily_basic':
      return valuationProblem(Object.fromEntries(values))
    case 'bars': {
      const adjusted = decimalOf(read('adjusted'))
      if (typeof adjusted === 'string' && Number(adjusted) !== 3)
        return `adjusted prices (adjustflag ${adjusted}): raw ones (3) are needed`
      const number = (field: string) => (text(field) === null ? null : Number(text(field)))
      const bar = orderedBar({
        open: number('open'),
        high: number('high'),
        low: number('low'),
        close: number('close'),
        // Whether it is a whole number of shares shows once its unit is known.
        volume: text('volume')?.replace(/\..*/, '') ?? null,
        amount: text('amount'),
      })
      return 'reason' in bar ? bar.reason : null
    }
  }
}
