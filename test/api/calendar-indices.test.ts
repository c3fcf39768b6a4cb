import { readFileSync } from 'node:fs'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addCalendar, addStock } from '../db/bars-support.ts'
import { type ApiLab, openApiLab } from './support.ts'

/* The calendar, indices, and the notebook that reads all of it. */

interface Rows {
  data: Record<string, string | number | boolean | null>[]
}

let lab: ApiLab
let maotai: number
let pingan: number

beforeAll(async () => {
  lab = await openApiLab({ api: { now: () => new Date('2024-06-28T12:00:00Z') } })
  await addCalendar(lab.db.sql)
  maotai = await addStock(lab.db.sql, ['600519.SH'])
  pingan = await addStock(lab.db.sql, ['000001.SZ'])
})
afterAll(() => lab.close())

const read = (path: string) => lab.get<Rows>(path)

describe('the calendar', () => {
  test('has sessions with those around them', async () => {
    const { body } = await read('/api/calendar?from=2024-01-05&to=2024-01-08')
    expect(body.data).toEqual([
      { exchange: 'SSE', trade_date: '2024-01-05', is_open: true, previous_session: '2024-01-04', next_session: '2024-01-08' },
      { exchange: 'SSE', trade_date: '2024-01-08', is_open: true, previous_session: '2024-01-05', next_session: '2024-01-09' },
    ]) // prettier-ignore
    expect(body).toMatchObject({ known_from: '2024-01-01', known_to: '2024-12-31' })
  })

  test('has closed days when they are asked for, and nothing before the first session', async () => {
    const { body } = await read('/api/calendar?from=2023-12-01&to=2024-01-06&days=all&exchange=SZSE')
    expect([body.data[0], body.data.at(-1)]).toEqual([
      { exchange: 'SZSE', trade_date: '2024-01-01', is_open: true, previous_session: null, next_session: '2024-01-02' },
      { exchange: 'SZSE', trade_date: '2024-01-06', is_open: false, previous_session: '2024-01-05', next_session: '2024-01-08' },
    ]) // prettier-ignore
  })
})

describe('indices', () => {
  beforeAll(async () => {
    const { sql } = lab.db
    const [index] = await sql<
      { id: number }[]
    >`select instrument_id as id from instrument_code where code = '000300.SH'`
    const id = index?.id ?? 0
    const bar = {
      instrument_id: id,
      symbol: '000300.SH',
      open: 3386.35,
      close: 3386.35,
      volume: '112345678.5',
      amount: null,
    }
    await sql`insert into index_bars ${sql([
      { ...bar, trade_date: '2024-01-02', source: 'tushare' },
      { ...bar, trade_date: '2024-01-02', source: 'baostock', close: 3386.4 },
      { ...bar, trade_date: '2024-01-03', source: 'baostock', close: 3378.2 },
    ])}`
    await sql`
      insert into index_member (index_id, trade_date, instrument_id, source, index_symbol, symbol, weight)
      values (${id}, '2024-01-02', ${maotai}, 'tushare', '000300.SH', '600519.SH', 5.87), (${id}, '2024-01-02', ${pingan}, 'tushare', '000300.SH', '000001.SZ', null)`
  })

  test('have bars in numbers, each session of the best source', async () => {
    const { body } = await read('/api/indices/000300/bars')
    expect(
      body.data.map(({ trade_date, close, volume, amount, source }) => [
        trade_date,
        close,
        volume,
        amount,
        source,
      ]),
    ).toEqual([
      ['2024-01-02', 3386.35, 112_345_678.5, null, 'tushare'],
      ['2024-01-03', 3378.2, 112_345_678.5, null, 'baostock'],
    ])
    const named = await read('/api/indices/000300.SH/bars?source=baostock&to=2024-01-02')
    expect(named.body.data).toMatchObject([{ close: 3386.4 }])
  })

  test('come in the other formats too', async () => {
    const rows: Record<string, unknown>[] = await parquetReadObjects({
      file: await (await lab.app.request('/api/indices/sh.000300/bars?format=parquet')).arrayBuffer(),
    })
    expect(rows.map(({ symbol, close }) => [symbol, close])).toEqual([
      ['000300.SH', 3386.35],
      ['000300.SH', 3378.2],
    ])
  })

  test('have members with weights in numbers, by weight', async () => {
    const { body } = await lab.get<{ as_of: string; items: object[] }>(
      '/api/indices/000300.SH/members?date=2024-02-01',
    )
    expect(body).toMatchObject({
      as_of: '2024-01-02',
      items: [
        { symbol: '600519.SH', weight: 5.87 },
        { symbol: '000001.SZ', weight: null },
      ],
    })
  })

  test('have members as a table too, each with the list that it is from', async () => {
    const path = '/api/indices/000300/members?date=2024-02-01&format=csv'
    const csv = await lab.get(path)
    expect(csv.text.split('\r\n')).toEqual([
      'index,as_of,symbol,name,weight,source',
      '000300.SH,2024-01-02,600519.SH,,5.87,tushare',
      '000300.SH,2024-01-02,000001.SZ,,,tushare',
      '',
    ])
    const etag = csv.headers.get('etag') ?? ''
    expect((await lab.get(path, { 'if-none-match': etag })).status).toBe(304)
    const none = await lab.get('/api/indices/000300/members?date=2023-12-01&format=csv')
    expect([none.status, none.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
  })

  test.each([
    ['/api/indices/000999/bars', 404],
    ['/api/indices/000300/bars?from=2024-02-01&to=2024-01-01', 400],
    ['/api/indices/000300/members?date=2023-12-01', 404],
    ['/api/indices/000001.SH/members', 404],
  ])('%s is refused', async (path, status) => {
    expect((await read(path)).status).toBe(status)
  })
})

test('every address in docs/notebook.ipynb is answered', async () => {
  const notebook = JSON.parse(
    readFileSync(new URL('../../docs/notebook.ipynb', import.meta.url), 'utf8'),
  ) as { cells: { cell_type: string; source: string[] }[] }
  const code = notebook.cells.filter(({ cell_type }) => cell_type === 'code').flatMap(({ source }) => source)
  const paths = code.flatMap((line) => [...line.matchAll(/f"\{API\}([^"]+)"/g)].map(([, path = '']) => path))
  expect(paths.length).toBeGreaterThan(5)
  for (const path of paths) {
    const answer = await lab.app.request(path.replace('{symbol}', '600519.SH'))
    await answer.arrayBuffer()
    expect([path, answer.status]).toEqual([path, 200])
  }
})
