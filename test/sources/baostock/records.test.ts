import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { APIS, type BaostockApi } from '../../../sources/baostock/apis.ts'
import { FrameDecoder } from '../../../sources/baostock/frame.ts'
import { EchoError, fieldsOf, FormError, readPage, readRecord } from '../../../sources/baostock/records.ts'
import { Row, Rows } from '../../../sources/baostock/table.ts'
import {
  dateOf,
  decimalText,
  Memory,
  symbolOf,
  textOrNull,
  toCode,
} from '../../../sources/baostock/values.ts'
import { EXCHANGES } from './recorded.ts'

/** Rows of a record that is given as text. */
const read = (json: string, width: number) => readRecord(Buffer.from(json), width)
const bytesOf = (fields: readonly string[]) => fields.map((field) => Buffer.from(field))
const rowOf = (cell: string) => new Row(Rows.of([[cell]], 1))
/** The number in a cell. */
const decimal = (cell: string) => rowOf(cell).decimal(0)

test('no text at all is no row', () => {
  expect(read('', 3)).toHaveLength(0)
  expect(read('{"record":[]}', 3).texts()).toEqual([])
})

test('control characters inside of texts are left out, blanks inside of names stay', () => {
  const json =
    '{"record":\n\t[["sz.000002","万 科\nＡ","12\r\n.50"],\r\n["sh.600000","浦发\t银行 ","1 2.5"]]}'
  const rows = read(json, 3)
  expect(rows.texts()).toEqual([
    ['sz.000002', '万 科Ａ', '12.50'],
    ['sh.600000', '浦发银行 ', '1 2.5'],
  ])
  // The real client takes out all white space: the numbers are the same.
  const row = new Row(rows)
  expect([row.to(0).decimal(2), row.to(1).decimal(2)]).toEqual([12.5, 12.5])
})

test.each([
  ['a row that is too short', '{"record":[["a","b"],["a"]]}', /a row does not have 2 columns/],
  ['a row that is too long', '{"record":[["a","b","c"]]}', /a row does not have 2 columns/],
  ['a cell that is a number', '{"record":[["a",1]]}', /a cell is not a text/],
  ['a row that is none', '{"record":["ab"]}', /a row does not have 2 columns/],
  ['no rows', '{"records":[]}', /holds no rows/],
  ['nothing', 'null', /holds no rows/],
  ['half a record', '{"record":[["a","b"],["a"', /not JSON/],
])('%s is a changed form', (_, json, message) => {
  expect(() => read(json, 2)).toThrow(FormError)
  expect(() => read(json, 2)).toThrow(message)
})

const HEAD = ['0', 'success', 'query_stock_basic', 'anonymous', '1', '2000']
const COLUMNS = 'code, code_name,\tipoDate, outDate , type, status'

test('names of columns come without the white space around them, and the size of a page as the server counts it', () => {
  const page = readPage(
    APIS.stock_basic,
    { params: ['', ''], page: 1 },
    bytesOf([...HEAD, '', '', '', COLUMNS]),
  )
  expect(page.columns).toEqual(['code', 'code_name', 'ipoDate', 'outDate', 'type', 'status'])
  expect([page.rows.length, page.perPage]).toEqual([0, 2_000])
})

test.each([
  ['another page', { params: ['', ''], page: 2 }, [...HEAD, '', '', '', COLUMNS], EchoError],
  ['another parameter', { params: ['x', ''], page: 1 }, [...HEAD, '', '', '', COLUMNS], EchoError],
  ['no page size', { params: ['', ''], page: 1 }, [...HEAD.slice(0, 5), '', '', '', '', COLUMNS], EchoError],
  ['no columns', { params: ['', ''], page: 1 }, [...HEAD, '', '', ''], FormError],
  ['a column less', { params: ['', ''], page: 1 }, [...HEAD, '', '', '', 'code,code_name'], FormError],
])('an answer with %s is not taken', (_, asked, fields, errorClass) => {
  expect(() => readPage(APIS.stock_basic, asked, bytesOf(fields))).toThrow(errorClass)
})

describe.skipIf(EXCHANGES.length === 0)('recorded tables of the real server', () => {
  const tables = EXCHANGES.filter(({ meta }) => meta.rows !== undefined && meta.fields !== '[]')
  test.each(tables.map((each) => [each.name, each] as const))('%s', (_, { request, response, meta }) => {
    const [, , page, , ...params] = request.subarray(21, request.lastIndexOf(1)).toString().split('\x01')
    const sent = { params, page: Number(page) }
    const [frame] = new FrameDecoder().feed(response)
    const api: BaostockApi = {
      api: 'any',
      type: '',
      paged: true,
      key: [],
      required: [],
      ...(frame?.type === '96' ? { columnsParam: 1 } : {}),
    }
    const { columns, rows, perPage } = readPage(api, sent, fieldsOf(frame?.body ?? Buffer.alloc(0)))
    expect(`['${columns.join("', '")}']`).toBe(meta.fields)
    expect([String(rows.length), perPage]).toEqual([meta.rows, 10_000])
  })
})

test.each([
  ['311141441.3700', '311141441.37'],
  ['23615000000.000000', '23615000000'],
  ['45661999', '45661999'],
  ['0.000000', '0'],
  ['-0.050000', '-0.05'],
  ['100', '100'],
  [' 1 234.50', '1234.5'],
  ['', null],
  ['0.288或0.32', null],
  ['1e5', null],
  ['nan', null],
])('the decimal %j is %j', (cell, value) => {
  expect(decimalText(cell)).toBe(value)
})

test('a number keeps the digits that it was sent with', () => {
  expect([decimal('6.2070789300'), decimal('0.075200'), decimal('')]).toEqual([6.20707893, 0.0752, null])
})

const cells = fc.oneof(
  fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.nat({ max: 12 })).map(([n, places]) => {
    const digits = String(n).padStart(places + 1, '0')
    return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
  }),
  fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '-', ' ', 'e', '+'), maxLength: 6 }),
)

test('a cell is read as the number and as the decimal that its text is, or not at all', () => {
  fc.assert(
    fc.property(cells, fc.boolean(), (digits, isNegative) => {
      const cell = isNegative ? `-${digits}` : digits
      const stripped = cell.replaceAll(' ', '')
      expect(decimal(cell)).toBe(/^-?\d+(\.\d+)?$/.test(stripped) ? Number(stripped) : null)
      expect(rowOf(cell).decimalText(0)).toBe(decimalText(cell))
    }),
    { numRuns: 5_000 },
  )
})

const texts = fc.string({
  unit: fc.constantFrom(...Array.from('ab1,.![]{}:" \\\n\t浦é\u{20bb7}')),
  maxLength: 14,
})

test('rows come out as they are written, in the spelling of the server and in any other', () => {
  fc.assert(
    fc.property(
      fc
        .integer({ min: 1, max: 5 })
        .chain((width) =>
          fc.array(fc.array(texts, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
        ),
      fc.boolean(),
      (rows, isSpaced) => {
        const json = JSON.stringify({ record: rows }, null, isSpaced ? 1 : 0)
        expect(read(json, rows[0]?.length ?? 0).texts()).toEqual(rows)
      },
    ),
    { numRuns: 500 },
  )
})

test('cells are cut where they are, whichever rows are looked at and in whatever order', () => {
  // Longer than all that is cut from at a time, each of the last ones alone.
  const rows = Array.from({ length: 3_000 }, (_, i) => [`sh.${600_000 + i}`, String(i * 0.125), ''])
  rows.push(['long', '1'.repeat(40_000), 'x'], ['last', '0.50', '!'])
  const view = new Row(read(JSON.stringify({ record: rows }), 3))
  // Every row once, with strides of about half of them.
  for (let n = 0, i = 0; n < rows.length; n++, i = (i + 1_501) % rows.length) {
    const row = view.to(i)
    // From the back, and from the front.
    expect([row.text(2), row.text(1), row.text(0)]).toEqual(rows[i]?.toReversed())
    expect(row.texts()).toEqual(rows[i])
  }
})

const labels = fc.constantFrom(
  '',
  'a',
  'b',
  'ab',
  'aba',
  ' a',
  'b\n',
  '浦',
  'a text that is too long to keep',
  '0'.repeat(12),
)

test('what is remembered of a text is what was read of it, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(labels, fc.boolean()), { maxLength: 40 }), (asked) => {
      const memory = new Memory((text) => (text === '' ? null : `<${text}>`))
      for (const [label, isText] of asked) {
        const bytes = Buffer.from(`,${label},`)
        const found = isText ? memory.of(label) : memory.ofBytes(bytes, 1, bytes.length - 1)
        const text = label.replaceAll(/\s/g, '')
        expect(found).toBe(text === '' ? null : `<${text}>`)
      }
    }),
    { numRuns: 500 },
  )
})

test('codes, dates and texts', () => {
  expect([symbolOf('sh.600000'), symbolOf('sz.000001'), symbolOf('bj.920001')]).toEqual([
    '600000.SH',
    '000001.SZ',
    '920001.BJ',
  ])
  expect([symbolOf('600000'), symbolOf('sh600000'), symbolOf('hk.00700'), symbolOf('')]).toEqual(
    Array(4).fill(null),
  )
  expect([dateOf('2024-02-29'), dateOf('2023-02-29'), dateOf('20240229'), dateOf('')]).toEqual([
    '2024-02-29',
    null,
    null,
    null,
  ])
  expect([textOrNull(' 浦发银行 '), textOrNull('  '), textOrNull('')]).toEqual(['浦发银行', null, null])
  expect([toCode('600000.SH'), toCode('000001.SZ')]).toEqual(['sh.600000', 'sz.000001'])
  expect(() => toCode('sh.600000')).toThrow(TypeError)
})
