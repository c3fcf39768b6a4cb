import { expect, test } from 'vitest'
import type { Answer, StockRow } from '../../sources/contract.ts'
import { onlyStorable, unstorable } from '../../sources/storable.ts'

const ROW = {
  symbol: '600000.SH',
  trade_date: '2024-01-02',
  name: '浦发银行 𠮷',
  total_mv: '311141441.37',
  pe: null,
}

test('a row of what there is can be stored', () => {
  expect(unstorable(ROW)).toBeNull()
})

test.each([
  [{ name: 'a\0b' }, 'name holds a character that no text may have'],
  [{ name: 'half of a pair: \ud842' }, 'name holds a character that no text may have'],
  [{ name: '名'.repeat(501) }, 'name is longer than 500 characters'],
  [{ pe: Infinity }, 'pe is no number'],
  [{ pe: NaN }, 'pe is no number'],
  [{ pe: -1e300 }, 'pe is more than there can be of anything'],
  [{ total_mv: `1${'0'.repeat(19)}.5` }, 'total_mv is more than there can be of anything'],
  [{ items: { end_type: '4\0' } }, 'end_type holds a character that no text may have'],
  [{ trade_date: '9999-12-31' }, 'trade_date is no date'],
])('a row with %j is refused', (differs, reason) => {
  expect(unstorable({ ...ROW, ...differs })).toBe(reason)
})

const TODAY = '2026-11-20'
const answerOf = (rows: object[], more: Partial<Answer> = {}): Answer => ({
  rows: rows as StockRow[],
  codeChanges: [],
  rejected: [],
  requests: 1,
  ...more,
})

test('what cannot be stored is kept apart with its key and its text, in all parts of an answer', () => {
  const bad = { ...ROW, name: '\0' }
  const raw = JSON.stringify(bad)
  const reason = 'name holds a character that no text may have'
  const refused = { symbol: '600000.SH', trade_date: '2024-01-02', reason, raw }
  expect(onlyStorable('daily_basic', answerOf([ROW, bad]), TODAY)).toMatchObject({
    rows: [ROW],
    rejected: [refused],
  })
  const beside = answerOf([ROW], { alongside: { daily_basic: [bad, ROW] } })
  expect(onlyStorable('bars', beside, TODAY)).toMatchObject({
    rows: [ROW],
    alongside: { daily_basic: [ROW] },
    rejected: [refused],
  })
})

const LISTED = { symbol: '600000.SH', name: '浦发银行', list_date: '1999-11-10', delist_date: null }

test.each([
  [{ list_date: '2026-12-18' }],
  [{ list_date: null }],
  [{ list_date: null, delist_date: '2020-01-02' }],
  [{ delist_date: '1999-11-11' }],
])('a stock with %j may be true', (differs) => {
  const row = { ...LISTED, ...differs }
  expect(onlyStorable('stock_list', answerOf([row]), TODAY)).toMatchObject({ rows: [row], rejected: [] })
})

test.each([
  [{ list_date: '9999-12-31' }, 'listed on 9999-12-31, more than a year ahead'],
  [{ list_date: '2027-11-22' }, 'listed on 2027-11-22, more than a year ahead'],
  [{ delist_date: '1999-11-09' }, 'delisted on 1999-11-09, not after its listing on 1999-11-10'],
  [{ delist_date: '1999-11-10' }, 'delisted on 1999-11-10, not after its listing on 1999-11-10'],
])(
  'a stock with %j, of which no day would ever be expected, is refused with the reason',
  (differs, reason) => {
    const row = { ...LISTED, ...differs }
    expect(onlyStorable('stock_list', answerOf([row, LISTED]), TODAY)).toMatchObject({
      rows: [LISTED],
      rejected: [{ symbol: '600000.SH', trade_date: null, reason }],
    })
  },
)
