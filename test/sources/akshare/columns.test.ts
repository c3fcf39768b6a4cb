import { describe, expect, test } from 'vitest'
import { checkColumns, LAYOUTS } from '../../../sources/akshare/columns.ts'
import type { AkshareFunction } from '../../../sources/akshare/functions.ts'
import type { Row } from '../../../sources/akshare/values.ts'
import { SourceError } from '../../../sources/errors.ts'
import { changed, factorRows, history, renamed, snapshot } from './rows.ts'
import { FRIDAY } from './upstream.ts'

const A_CELL = {
  date: '2024-01-02T00:00:00.000',
  code: '600519',
  text: '文字',
  number: 1.5,
  count: 100,
  decimal: '1.50',
}

/** Ten rows of any function, with every column that is read and those that are only known. */
function rowsOf(name: AkshareFunction): Row[] {
  if (name === 'stock_zh_a_hist') return history(10, FRIDAY)
  if (name === 'stock_zh_a_spot_em') return snapshot(10)
  if (name === 'stock_zh_a_daily') return factorRows([['2024-01-02', '1.5000000000000000']])
  const { used, known } = LAYOUTS[name]
  const row = Object.fromEntries([
    ...Object.entries(used).map(([column, kind]) => [
      column,
      A_CELL[kind.replace('?', '') as keyof typeof A_CELL],
    ]),
    ...known.map((column) => [column, null]),
  ]) as Row
  return Array.from({ length: 10 }, () => row)
}

/** What the check says of an answer, null when it lets it pass. */
function complaint(name: AkshareFunction, rows: readonly Row[]): SourceError | null {
  try {
    checkColumns(name, rows)
    return null
  } catch (error) {
    if (error instanceof SourceError && error.errorClass === 'SchemaDrift') return error
    throw error
  }
}

const NAMES = Object.keys(LAYOUTS) as AkshareFunction[]
const COLUMNS = NAMES.flatMap((name) =>
  Object.keys(LAYOUTS[name].used).map((column) => [name, column] as const),
)

describe('an answer of the usual form', () => {
  test.each(NAMES)('of %s passes, in any order and with columns that nobody knows', (name) => {
    const rows = rowsOf(name)
    const turned = rows.map((row) => ({ 新的一列: 1, ...Object.fromEntries(Object.entries(row).reverse()) }))
    expect(complaint(name, rows)).toBeNull()
    expect(complaint(name, turned)).toBeNull()
  })
})

describe('a column that is gone', () => {
  test.each(COLUMNS)('of %s is named: %s', (name, column) => {
    const rows = rowsOf(name).map((row) =>
      Object.fromEntries(Object.entries(row).filter(([c]) => c !== column)),
    )
    expect(complaint(name, rows)?.message).toContain(`the answer lacks ${column}`)
  })

  test.each(COLUMNS)('of %s is named with what stands in its place: %s', (name, column) => {
    const error = complaint(name, renamed(rowsOf(name), column, `${column}（新）`))
    expect(error?.message).toContain(`the answer lacks ${column}; instead it has ${column}（新）`)
    expect(error?.details.sample).toContain(`${column}（新）`)
  })

  test('is missed in later rows too', () => {
    const rows = history(10, FRIDAY).map(({ 收盘: close, ...row }, i) =>
      i < 4 ? { ...row, 收盘: close } : row,
    )
    expect(complaint('stock_zh_a_hist', rows)?.message).toContain('收盘 no longer holds numbers')
  })
})

describe('a column of another kind', () => {
  test.each(COLUMNS)('of %s is named: %s', (name, column) => {
    const rows = changed(rowsOf(name), column, () => ({ an: 'object' }))
    expect(complaint(name, rows)?.message).toContain(`${column} no longer holds`)
  })

  test('is one that became empty: pandas makes nulls of what it cannot read', () => {
    const rows = changed(history(10, FRIDAY), '成交额', () => null)
    expect(complaint('stock_zh_a_hist', rows)?.message).toContain('成交额 no longer holds numbers')
  })

  test.each([
    ['numbers as text', '收盘', '10.05'],
    ['codes that lost their zeros', '股票代码', 1],
    ['instants of another zone', '日期', '2024-01-01T16:00:00.000Z'],
    ['days counted in milliseconds', '日期', 1_704_153_600_000],
  ])('is %s', (_, column, value) => {
    const rows = changed(history(10, FRIDAY), column, () => value)
    expect(complaint('stock_zh_a_hist', rows)?.message).toContain(column)
  })

  test('is not a column in which single cells are missing', () => {
    const rows = history(10, FRIDAY).map((row, i) => (i < 5 ? { ...row, 成交量: null } : row))
    expect(complaint('stock_zh_a_hist', rows)).toBeNull()
  })

  test('is not a column that may be empty', () => {
    for (const empty of [null, ''])
      expect(
        complaint(
          'stock_info_bj_name_code',
          changed(rowsOf('stock_info_bj_name_code'), '地区', () => empty),
        ),
      ).toBeNull()
  })
})
