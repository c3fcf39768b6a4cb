import type { Fault } from './faults.ts'

/** Rows with their column names, before they are damaged and after. */
export interface Table {
  fields: string[]
  items: unknown[][]
}

/** How an upstream names and writes what is damaged. */
export interface Dialect {
  readonly date: string
  readonly volume: string
  /** No value. */
  readonly none: null | ''
  /** A number as the cell `like` holds one. */
  readonly cell: (value: number, like: unknown) => unknown
}

const TUSHARE: Dialect = {
  date: 'trade_date',
  volume: 'vol',
  none: null,
  cell: (value) => Number(value.toFixed(4)),
}

const damageRow = ({ fields, items }: Table, fault: Fault, { date, none, cell }: Dialect): void => {
  const row = items[fault.row ?? 0]
  if (row === undefined) return
  const put = (name: string, value: (old: unknown) => unknown): void => {
    const at = fields.indexOf(name)
    if (at >= 0) row[at] = value(row[at])
  }
  if (fault.damage === 'null_close') put('close', () => none)
  else if (fault.damage === 'bad_date') put(date, (old) => `${String(old).slice(0, 4)}-13-45`)
  else if (fault.damage === 'zero_byte') put(fault.column ?? 'name', (old) => `${String(old)}\0`)
  else put('high', (old) => cell(Number(row[fields.indexOf('low')]) - 1, old))
}

const dropColumn = (table: Table, name: string): void => {
  const at = table.fields.indexOf(name)
  if (at < 0) return
  table.fields.splice(at, 1)
  for (const row of table.items) row.splice(at, 1)
}

const scaleColumn = ({ fields, items }: Table, name: string, factor: number, { cell }: Dialect): void => {
  const at = fields.indexOf(name)
  if (at < 0) return
  for (const row of items) row[at] = cell(Number(row[at]) * factor, row[at])
}

/** Does to the rows what a `rows` fault says, in place. */
export const damageTable = (table: Table, fault: Fault, dialect: Dialect = TUSHARE): void => {
  const { kind, percent = 50, column } = fault
  if (kind === 'empty') table.items = []
  else if (kind === 'half_day') table.items.length = Math.floor((table.items.length * percent) / 100)
  else if (kind === 'duplicates')
    table.items.push(...table.items.slice(0, 1 + (table.items.length >> 3)).map((r) => [...r]))
  else if (kind === 'missing_column') dropColumn(table, column ?? 'amount')
  else if (kind === 'renamed_column') {
    table.fields = table.fields.map((name) =>
      name === (column ?? 'amount') ? (fault.to ?? 'turnover_value') : name,
    )
  } else if (kind === 'wrong_unit') scaleColumn(table, column ?? dialect.volume, fault.factor ?? 100, dialect)
  else if (kind === 'bad_row') damageRow(table, fault, dialect)
}
