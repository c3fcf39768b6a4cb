import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boardOf, codeOf, exchangeOf, isBShare, isSymbol, parseSymbol } from '../../market/symbol.ts'

fc.configureGlobal({ seed: 20_240_102 })

const SPELLINGS: readonly ((code: string, suffix: string) => string)[] = [
  (code, suffix) => `${code}.${suffix}`,
  (code, suffix) => `${suffix}${code}`,
  (code, suffix) => `${suffix}.${code}`,
  (code, suffix) => `${code}.${suffix}`.toLowerCase(),
  (code, suffix) => `${suffix}${code}`.toLowerCase(),
  (code, suffix) => `${suffix}.${code}`.toLowerCase(),
  (code, suffix) => `  ${suffix}${code}\n`,
]

test.each([
  ['600519', 'SH'],
  ['900901', 'SH'],
  ['000001', 'SZ'],
  ['200002', 'SZ'],
  ['300750', 'SZ'],
  ['430047', 'BJ'],
  ['831445', 'BJ'],
  ['920008', 'BJ'],
])('%s alone belongs to %s', (code, suffix) => {
  expect(parseSymbol(code)).toBe(`${code}.${suffix}`)
})

test('a bare code that names no exchange is refused, never guessed', () => {
  expect(['100000', '500001', '700700'].map(parseSymbol)).toEqual([null, null, null])
})

test('every accepted spelling gives the same symbol', () => {
  const code = fc.stringMatching(/^[0-9]{6}$/)
  fc.assert(
    fc.property(
      code,
      fc.constantFrom('SH', 'SZ', 'BJ'),
      fc.constantFrom(...SPELLINGS),
      (digits, suffix, spell) => {
        expect(parseSymbol(spell(digits, suffix))).toBe(`${digits}.${suffix}`)
      },
    ),
  )
})

test('an old code with letters is read where its exchange is named, and refused alone', () => {
  expect(['T00018.SH', 'sh.t00018', 'SHT00018', 'T00018'].map(parseSymbol)).toEqual([
    'T00018.SH',
    'T00018.SH',
    'T00018.SH',
    null,
  ])
})

test.each([
  '',
  '60000',
  '6000000',
  '600000.SS',
  '600000.',
  '.SH600000',
  '600000SH',
  '4920017.BJ',
  '600 00.SH',
  '６00000.SH',
])('%j is no symbol', (text) => {
  expect(parseSymbol(text)).toBeNull()
})

test('whatever is parsed is canonical, and parsing it again changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (text) => {
      const symbol = parseSymbol(text)
      if (symbol === null) return
      expect([isSymbol(symbol), parseSymbol(symbol)]).toEqual([true, symbol])
    }),
  )
})

test('the exchange of a symbol is that of its suffix, and anything else is refused', () => {
  expect(['600000.SH', '000001.SZ', '920008.BJ'].map(exchangeOf)).toEqual(['SSE', 'SZSE', 'BSE'])
  expect(() => exchangeOf('600000')).toThrow('not a symbol like 600519.SH: 600000')
})

test('the code of a symbol is what stands before the dot', () => {
  expect(['600000.SH', 'T00018.SH'].map(codeOf)).toEqual(['600000', 'T00018'])
})

test('B shares are told apart from what merely looks like them', () => {
  const symbols = ['900901.SH', '200002.SZ', '920008.BJ', '900901.SZ', '200002.SH', '600900.SH']
  expect(symbols.map(isBShare)).toEqual([true, true, false, false, false, false])
})

test.each([
  ['600000.SH', 'main'],
  ['000001.SZ', 'main'],
  ['002001.SZ', 'main'],
  ['300750.SZ', 'chinext'],
  ['301001.SZ', 'chinext'],
  ['688981.SH', 'star'],
  ['689009.SH', 'cdr'],
  ['920008.BJ', 'bse'],
  ['688001.BJ', 'bse'],
])('%s is on the board %s', (symbol, board) => {
  expect(boardOf(symbol)).toBe(board)
})
