import type { ListedStock } from '../../db/queries/instruments.ts'
import type { VersionedTable } from '../tables/answer.ts'
import { smallTable } from '../tables/small-table.ts'
import type { TableColumn } from '../tables/table.ts'

type Column = TableColumn & { name: keyof ListedStock }

const of = (type: TableColumn['type'], ...names: (keyof ListedStock)[]) =>
  names.map((name): Column => ({ name, type }))

// The fields of a stock in the order of the JSON.
const COLUMNS: readonly Column[] = [
  ...of('text', 'symbol', 'name', 'fullname', 'cnspell', 'area', 'industry', 'market', 'board', 'exchange'),
  ...of('text', 'list_status'),
  ...of('date', 'list_date', 'delist_date'),
  ...of('text', 'is_hs'),
  { name: 'total_mv', type: 'number', unit: 'CNY' },
  ...of('number', 'pe', 'pb'),
  ...of('date', 'valuation_date'),
]

/** Stocks as a table. @param version of what they are read from */
export const stockTable = (stocks: readonly ListedStock[], version: string): VersionedTable =>
  smallTable(COLUMNS, stocks, version)
