import { expect, test } from 'vitest'
import { codeOf, countOf, dateOf, decimalOf, numberOf, textOf } from '../../../sources/akshare/values.ts'

test.each([
  ['a date of pandas', '2024-01-02T00:00:00.000', '2024-01-02'],
  ['a date kept as text', '2024-01-02', '2024-01-02'],
  ['a date with a time', '2024-09-30 00:00:00', '2024-09-30'],
  ['a date as a number', 19910403, '1991-04-03'],
  ['a date without dashes', '19910403', '1991-04-03'],
  ['an instant: its day depends on the zone', '2024-01-01T16:00:00.000Z', null],
  ['an instant with its zone', '2024-01-02T00:00:00+08:00', null],
  ['a day that does not exist', '2024-02-30T00:00:00.000', null],
  ['milliseconds', 1_704_153_600_000, null],
  ['another order', '02/01/2024', null],
  ['nothing', null, null],
])('%s is read by its characters', (_, cell, date) => {
  expect(dateOf(cell)).toBe(date)
})

test.each([
  ['a count', 27766, 27766],
  ['a count in a column where one is missing', JSON.parse('27766.0') as number, 27766],
  ['a count with separators', '19,405,918,198', 19_405_918_198],
  ['a small count as text', '100', 100],
  ['separators at the wrong places', '1,94,059', null],
  ['half a share', 0.5, null],
  ['a negative text', '-100', null],
  ['nothing', null, null],
])('%s is a whole number or none', (_, cell, count) => {
  expect(countOf(cell)).toBe(count)
})

test('decimals come as numbers or as text, and as nothing else', () => {
  expect(['169.1453113717332000', '1', 1.5, '1e3', '-1.0', '', null].map(decimalOf)).toEqual([
    169.1453113717332,
    1,
    1.5,
    null,
    null,
    null,
    null,
  ])
})

test('a code is six characters, never a number', () => {
  expect(['000001', 'T00018', 1, '1', 'sh600000', '60000', null].map(codeOf)).toEqual([
    '000001',
    'T00018',
    null,
    null,
    null,
    null,
    null,
  ])
})

test('what is no number and no text is nothing', () => {
  expect(['1', Number.NaN, Number.POSITIVE_INFINITY, null, 0].map(numberOf)).toEqual([
    null,
    null,
    null,
    null,
    0,
  ])
  expect(['万  科Ａ', '  ', '', 5, null].map(textOf)).toEqual(['万  科Ａ', null, null, null, null])
})
