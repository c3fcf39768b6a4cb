import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { floatText, pythonRepr } from '../../local/replay/aktools/python-json.ts'
import { frameJson, columns } from '../../local/replay/aktools/frame.ts'
import { withAktools } from './aktools-client.ts'
import { smallMarket } from './aktools-market.ts'

interface Recorded {
  readonly status: number
  readonly type: string
  readonly body: string
}

/**
 * What AKTools 0.0.91 over AKShare 1.19.5, pandas 3.1.1, FastAPI 0.165 and starlette 1.10 answered when the sites
 * behind it were given the small market; by path below /api/public/.
 */
const ANSWERS = JSON.parse(readFileSync(new URL('aktools-answers.json', import.meta.url), 'utf8')) as Record<
  string,
  Recorded
>

test('answers the small market byte by byte as the real AKTools did', () =>
  withAktools({ market: smallMarket() }, async ({ url }) => {
    expect(Object.keys(ANSWERS).length).toBe(52)
    for (const [path, expected] of Object.entries(ANSWERS)) {
      const response = await fetch(`${url}/api/public/${path}`)
      const type = response.headers.get('content-type')
      const body = await response.text()
      expect({ path, status: response.status, type, body }).toEqual({ path, ...expected })
    }
  }))

// From json.dumps(json.loads(frame.to_json(orient='records'))) of pandas 3.1.1 on Python 3.11.
test.each([
  [1, '1.0'],
  [-0, '0.0'],
  [10.25, '10.25'],
  [123456789012.34, '123456789012.34'],
  [8.1000000001e-6, '8.1e-06'],
  [0.0001, '0.0001'],
  [0.00009, '9e-05'],
  [1 / 3, '0.3333333333'],
  [0.99999999995, '1.0'],
  [5e-11, '1e-10'],
  [1e-11, '0.0'],
  [-1e-11, '-0.0'],
  [1e16, '1e+16'],
  [1.23456789012e17, '1.23456789e+17'],
  [NaN, 'null'],
  [Infinity, 'null'],
  [null, 'null'],
])('the float %d is %s', (value, text) => expect(floatText(value)).toBe(text))

test('an integer column that misses one value is a float column', () => {
  const whole = { columns: columns('int', 'n'), rows: [[27766], [1]] }
  expect(frameJson(whole)).toBe('[{"n":27766},{"n":1}]')
  expect(frameJson({ ...whole, rows: [[27766], [null]] })).toBe('[{"n":27766.0},{"n":null}]')
})

test('texts are escaped as Python does it', () => {
  const frame = { columns: columns('text', '名称', 'b"'), rows: [['*ST 中"文\n', null]] }
  expect(frameJson(frame)).toBe('[{"名称":"*ST 中\\"文\\n","b\\"":null}]')
  expect([`it's`, 'a"b', `'"`, 'a\tb\u0001'].map(pythonRepr)).toEqual([
    `"it's"`,
    `'a"b'`,
    `'\\'"'`,
    `'a\\tb\\x01'`,
  ])
})

test('a frame without rows is an empty array, and a date that is none stays as it is', () => {
  expect(frameJson({ columns: columns('date', 'd'), rows: [] })).toBe('[]')
  const rows = [['20240102'], ['2024-13-45'], [null]]
  expect(frameJson({ columns: columns('date', 'd'), rows })).toBe(
    '[{"d":"2024-01-02T00:00:00.000"},{"d":"2024-13-45"},{"d":null}]',
  )
})
