import { parseArgs } from 'node:util'
import { DATE_FORMATS, SYMBOL_FORMATS } from '../../sources/import/cells.ts'
import {
  AMOUNT_UNITS,
  IMPORT_DATASETS,
  type ImportDataset,
  type Units,
  VOLUME_UNITS,
  WORTH_UNITS,
} from '../../sources/import/forms.ts'
import type { OpenOptions } from '../../sources/import/open.ts'
import { ImportRefused } from '../../sources/import/refused.ts'
import { parseSymbol } from '../../market/symbol.ts'

export const USAGE = `npm run import -- FILE --dataset bars|adj_factor|daily_basic [options]
npm run import -- postgres://… --query 'select …' --dataset bars [options]

FILE is CSV (also .gz) or Parquet. Columns named as Tushare, BaoStock or AKShare do are recognised.

  --dry-run                      say what would be done, write nothing
  --map open=o,volume=v          our field = your column
  --symbol 600000.SH             of a file of one stock, which has no column for it
  --volume-unit shares|lots      --amount-unit yuan|thousand-yuan
  --worth-unit one|ten-thousand  of shares and market values in daily_basic
  --date-format MM/DD/YYYY|DD/MM/YYYY     where the year does not come first
  --symbol-format code           bare codes, of which leading zeros may be lost
  --encoding gb18030             --delimiter ';'
  --max-rejected 0.1             share of rows that may be refused
  --scattered                    single days, most sessions in between are not in the file

See docs/import.md.`

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

/** @throws ImportRefused naming the wrong argument */
export function importArguments(args: readonly string[]): ImportArguments {
  const { values, positionals } = parsed(args)
  const [target, ...more] = positionals
  if (target === undefined || more.length > 0) throw new ImportRefused(`name one file\n\n${USAGE}`)
  return {
    target,
    open: { query: values.query, encoding: values.encoding, delimiter: values.delimiter },
    dataset: choice('dataset', values.dataset, IMPORT_DATASETS) ?? missing('dataset', IMPORT_DATASETS),
    named: new Map((values.map ?? []).flatMap((list) => list.split(',')).map(pairOf)),
    symbol: values.symbol === undefined ? null : symbolOf(values.symbol),
    units: {
      volume: choice('volume-unit', values['volume-unit'], keysOf(VOLUME_UNITS)),
      amount: choice('amount-unit', values['amount-unit'], keysOf(AMOUNT_UNITS)),
      worth: choice('worth-unit', values['worth-unit'], keysOf(WORTH_UNITS)),
    },
    dateFormat: choice('date-format', values['date-format'], DATE_FORMATS) ?? 'auto',
    symbolFormat: choice('symbol-format', values['symbol-format'], SYMBOL_FORMATS) ?? 'auto',
    maxRejected: shareOf(values['max-rejected'] ?? '0.1'),
    scattered: values.scattered ?? false,
    dryRun: values['dry-run'] ?? false,
  }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        dataset: text,
        query: text,
        map: { type: 'string', multiple: true },
        symbol: text,
        'volume-unit': text,
        'amount-unit': text,
        'worth-unit': text,
        'date-format': text,
        'symbol-format': text,
        encoding: text,
        delimiter: text,
        'max-rejected': text,
        scattered: flag,
        'dry-run': flag,
      },
    })
  } catch (error) {
    throw new ImportRefused(`${(error as Error).message}\n\n${USAGE}`)
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
