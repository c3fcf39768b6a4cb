import { DATE_FORMATS, SYMBOL_FORMATS } from '../sources/import/cells.ts'
import {
  AMOUNT_UNITS,
  IMPORT_DATASETS,
  type ImportDataset,
  type Units,
  VOLUME_UNITS,
  WORTH_UNITS,
} from '../sources/import/forms.ts'
import type { OpenOptions } from '../sources/import/open.ts'
import { ImportRefused } from '../sources/import/refused.ts'
import { parseSymbol } from '../market/symbol.ts'

/** The options as commander hands them over. */
export interface ImportOptions {
  dataset?: string
  query?: string
  map?: string[]
  symbol?: string
  volumeUnit?: string
  amountUnit?: string
  worthUnit?: string
  dateFormat?: string
  symbolFormat?: string
  encoding?: string
  delimiter?: string
  maxRejected?: string
  scattered?: boolean
  dryRun?: boolean
}

export interface ImportArguments {
  target: string
  open: OpenOptions
  dataset: ImportDataset
  named: ReadonlyMap<string, string>
  symbol: string | null
  /** What the user says of units; null: nothing. */
  units: Units
  dateFormat: (typeof DATE_FORMATS)[number]
  symbolFormat: (typeof SYMBOL_FORMATS)[number]
  maxRejected: number
  scattered: boolean
  dryRun: boolean
}

/** @throws ImportRefused naming the wrong option */
export function importArguments(target: string, options: ImportOptions): ImportArguments {
  return {
    target,
    open: { query: options.query, encoding: options.encoding, delimiter: options.delimiter },
    dataset: choice('dataset', options.dataset, IMPORT_DATASETS) ?? missing('dataset', IMPORT_DATASETS),
    named: new Map((options.map ?? []).flatMap((list) => list.split(',')).map(pairOf)),
    symbol: options.symbol === undefined ? null : symbolOf(options.symbol),
    units: {
      volume: choice('volume-unit', options.volumeUnit, keysOf(VOLUME_UNITS)),
      amount: choice('amount-unit', options.amountUnit, keysOf(AMOUNT_UNITS)),
      worth: choice('worth-unit', options.worthUnit, keysOf(WORTH_UNITS)),
    },
    dateFormat: choice('date-format', options.dateFormat, DATE_FORMATS) ?? 'auto',
    symbolFormat: choice('symbol-format', options.symbolFormat, SYMBOL_FORMATS) ?? 'auto',
    maxRejected: shareOf(options.maxRejected ?? '0.1'),
    scattered: options.scattered ?? false,
    dryRun: options.dryRun ?? false,
  }
}

const keysOf = <T extends object>(table: T) => Object.keys(table) as (keyof T & string)[]

function choice<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | null {
  if (value === undefined) return null
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw new ImportRefused(`--${name} is one of ${allowed.join(', ')}, not ${value}`)
  return found
}

const missing = (name: string, allowed: readonly string[]): never => {
  throw new ImportRefused(`--${name} is needed: one of ${allowed.join(', ')}`)
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new ImportRefused(`--map takes field=column, not ${text}`)
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function symbolOf(text: string): string {
  const symbol = parseSymbol(text)
  if (symbol === null) throw new ImportRefused(`--symbol is a code like 600000.SH, not ${text}`)
  return symbol
}

function shareOf(text: string): number {
  const share = Number(text)
  if (!(share >= 0 && share <= 1))
    throw new ImportRefused(`--max-rejected is a share from 0 to 1, not ${text}`)
  return share
}
