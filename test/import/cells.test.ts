import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dateOf, decimalOf, flagOf, isBad, symbolOf } from '../../sources/import/cells.ts'
import { mapColumns } from '../../sources/import/columns.ts'

const bad = { bad: expect.any(String) as string }

test.each([
  ['2024-01-02', '2024-01-02'],
  ['20240102', '2024-01-02'],
  [20240102, '2024-01-02'],
  [20240102n, '2024-01-02'],
  ['20240102.0', '2024-01-02'],
  ['2024/1/2', '2024-01-02'],
  ['2024-01-02 00:00:00', '2024-01-02'],
  ['2024-01-02T00:00:00.000Z', '2024-01-02'],
  [new Date('2024-01-02T00:00:00Z'), '2024-01-02'],
  // Midnight of Shanghai, as a database in UTC has it.
  [new Date('2024-01-01T16:00:00Z'), '2024-01-02'],
  ['2025-02-30', bad],
  ['2024-01-02 09:31:00', bad],
  [new Date('2024-01-02T09:31:00Z'), bad],
  ['02/01/2024', bad],
  ['', bad],
  [null, bad],
])('the day of %o is %o', (value, expected) => {
  expect(dateOf(value, 'auto')).toEqual(expected)
})

test('days and months are told apart by what is said of them', () => {
  expect(dateOf('2/1/2024', 'DD/MM/YYYY')).toBe('2024-01-02')
  expect(dateOf('2/1/2024', 'MM/DD/YYYY')).toBe('2024-02-01')
  expect(dateOf('13/14/2024', 'DD/MM/YYYY')).toEqual(bad)
})

test.each([
  ['600000.SH', '600000.SH'],
  ['sh.600000', '600000.SH'],
  ['SH600000', '600000.SH'],
  ['600000.XSHG', '600000.SH'],
  ['000001.XSHE', '000001.SZ'],
  ['SZSE.000001', '000001.SZ'],
  ['600000.SS', '600000.SH'],
  ['430004', '430004.BJ'],
  [600000, '600000.SH'],
  // B shares are outside the universe.
  ['900901.SH', null],
  ['1', bad],
  [1, bad],
  ['AAPL', bad],
  ['600000.HK', bad],
  [null, bad],
])('the symbol of %o is %o', (value, expected) => {
  expect(symbolOf(value, 'auto')).toEqual(expected)
})

test('codes get back the zeros that a spreadsheet has dropped', () => {
  expect([1, '1', '300750', 1.0].map((value) => symbolOf(value, 'code'))).toEqual([
    '000001.SZ',
    '000001.SZ',
    '300750.SZ',
    '000001.SZ',
  ])
})

test.each([
  ['10.50', '10.50'],
  [10.5, '10.5'],
  [123456789012n, '123456789012'],
  ['1.2e3', '1200'],
  [1e-7, '0.0000001'],
  ['NaN', null],
  [NaN, null],
  ['--', null],
  ['None', null],
  [Infinity, bad],
  ['0x10', bad],
  ['1,234', bad],
  ['abc', bad],
  [{}, bad],
  ['1'.repeat(19), bad],
])('the number of %o is %o', (value, expected) => {
  expect(decimalOf(value)).toEqual(expected)
})

test('flags are 1 or 0, whatever their type', () => {
  expect(['1', 1, true, '1.0', 'True', '0', 0, false, '', null].map(flagOf)).toEqual([
    ...[true, true, true, true, true, false, false, false, null, null],
  ])
  expect(flagOf('2')).toEqual(bad)
})

test('no cell breaks the reading, and a number is the decimal that it was', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.string(), fc.double()), (value) => {
      for (const read of [
        decimalOf,
        flagOf,
        (v: unknown) => dateOf(v, 'auto'),
        (v: unknown) => symbolOf(v, 'auto'),
      ]) {
        const result = read(value)
        if (typeof result === 'object' && result !== null) expect(isBad(result)).toBe(true)
      }
    }),
  )
  fc.assert(
    fc.property(fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e15, max: 1e15 }), (value) => {
      // Not `toBe`: minus zero is zero.
      expect(Number(decimalOf(value)) === value).toBe(true)
    }),
  )
})

test('columns are named by the user before they are recognised', () => {
  const columns = ['ts_code', 'trade_date', 'open', 'high', 'low', 'close', 'vol', 'amount', 'shares']
  const known = mapColumns('bars', columns, new Map(), false)
  const named = mapColumns('bars', columns, new Map([['volume', 'shares']]), false)

  expect([known.form, known.units.volume, known.places.get('volume')]).toEqual(['Tushare', 'lots', 6])
  // Whatever the form means by volume, it is not this column.
  expect([named.form, named.units.volume, named.places.get('volume')]).toEqual(['Tushare', null, 8])
  expect(() => mapColumns('bars', columns, new Map([['volume', 'none']]), false)).toThrow(
    'there is no column none',
  )
  expect(() => mapColumns('bars', columns, new Map([['price', 'close']]), false)).toThrow(
    'has no field price',
  )
})
