import { tableFromIPC } from 'apache-arrow'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addBars, addCalendar, addFactors, addStock } from '../db/bars-support.ts'
import { type ApiLab, openApiLab } from './support.ts'

/* The data that users read besides bars of a stock: the whole market over years, valuations, factors. */

interface Rows {
  data: Record<string, string | number | boolean | null>[]
  count: number
  errors?: { field: string; message: string }[]
}

let lab: ApiLab
let maotai: number
let pingan: number

beforeAll(async () => {
  lab = await openApiLab({ api: { now: () => new Date('2024-06-28T12:00:00Z') } })
  const { sql } = lab.db
  await addCalendar(sql)
  maotai = await addStock(sql, ['600519.SH'], { listDate: '2001-08-27' })
  pingan = await addStock(sql, ['000001.SZ'], { listDate: '1991-04-03' })
  await addBars(sql, maotai, [
    { date: '2024-01-02', close: 1685.01 },
    { date: '2024-01-03', close: 1694, preClose: null },
  ])
  await addBars(sql, pingan, [{ date: '2024-01-02', close: 9.21 }])
  await addBars(sql, pingan, [{ date: '2024-01-02', close: 9.21 }], { source: 'baostock' })
  for (const id of [maotai, pingan])
    await addFactors(
      sql,
      id,
      [
        ['2024-01-02', 2],
        ['2024-01-03', 4],
      ],
      { covers: '{[2024-01-02,2024-01-04)}' },
    )
})
afterAll(() => lab.close())

const read = (path: string, headers?: Record<string, string>) => lab.get<Rows>(path, headers)
/** Decimals of the database are text. */
const plain = (value: unknown) =>
  typeof value === 'string' && value !== '' && !Number.isNaN(Number(value)) ? Number(value) : value
const bytesOf = async (path: string): Promise<ArrayBuffer> => (await lab.app.request(path)).arrayBuffer()

describe('bars of the whole market over many days', () => {
  const LINES = [
    'symbol,trade_date,close,volume',
    '000001.SZ,2024-01-02,9.21,100',
    '600519.SH,2024-01-02,1685.01,100',
    '600519.SH,2024-01-03,1694,100',
  ]
  const columns = (text: string) =>
    text
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(','))
      .map((cells) => [0, 1, 5, 9].map((i) => cells[i]).join())

  test('come as CSV by symbol and date, each stock by the best source', async () => {
    expect(columns((await read('/api/bars?from=2024-01-01&format=csv')).text)).toEqual(LINES)
  })

  test('come as Parquet and as Arrow with the same rows', async () => {
    const rows: Record<string, unknown>[] = await parquetReadObjects({
      file: await bytesOf('/api/bars?from=2024-01-01&format=parquet'),
    })
    const day = (value: Date) => value.toISOString().slice(0, 10)
    const lines = rows.map((row) =>
      [row['symbol'], day(row['trade_date'] as Date), row['close'], row['volume']].join(),
    )
    expect(lines).toEqual(LINES.slice(1))
    const table = tableFromIPC(new Uint8Array(await bytesOf('/api/bars?from=2024-01-01&format=arrow')))
    expect([...(table.getChild('close') ?? [])]).toEqual([9.21, 1685.01, 1694])
  })

  test('are adjusted with the factors of each stock', async () => {
    const rows: Record<string, unknown>[] = await parquetReadObjects({
      file: await bytesOf('/api/bars?from=2024-01-02&to=2024-01-03&adjust=qfq&format=parquet'),
    })
    expect(rows.map(({ close, factor, anchor_factor }) => [close, factor, anchor_factor])).toEqual([
      [4.605, 2, 4],
      [842.505, 2, 4],
      [1694, 4, 4],
    ])
  })

  test('have a version that stands until a row or a factor changes', async () => {
    const path = '/api/bars?from=2024-01-01&adjust=hfq&format=csv'
    const etag = (await read(path)).headers.get('etag') ?? ''
    expect((await read(path, { 'if-none-match': etag })).status).toBe(304)
    await lab.db.sql`update adj_factor set factor = 5 where trade_date = '2024-01-03'`
    expect((await read(path, { 'if-none-match': etag })).status).toBe(200)
    await lab.db.sql`update adj_factor set factor = 4 where trade_date = '2024-01-03'`
  })

  test.each(['application/vnd.apache.parquet', 'application/vnd.apache.arrow.stream', 'text/csv'])(
    'come as %s when that is accepted',
    async (accept) => {
      const answer = await lab.app.request('/api/bars?from=2024-01-01', { headers: { accept } })
      await answer.arrayBuffer()
      expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([200, accept])
    },
  )

  test('are refused as JSON, which nobody could read', async () => {
    const answer = await read('/api/bars?from=2024-01-01')
    expect([answer.status, answer.body.errors?.[0]?.message]).toEqual([400, expect.stringMatching(/parquet/)])
  })
})

describe('valuations', () => {
  beforeAll(async () => {
    const { sql } = lab.db
    const rows = [
      {
        instrument_id: maotai,
        trade_date: '2024-01-02',
        source: 'tushare',
        pe_ttm: 30.5,
        total_mv: '2116690000000.5',
        updated_at: '2024-01-02T12:00:00Z',
      },
      {
        instrument_id: maotai,
        trade_date: '2024-01-02',
        source: 'baostock',
        pe_ttm: 31,
        pb: 9.5,
        updated_at: '2024-01-02T12:00:00Z',
      },
      {
        instrument_id: pingan,
        trade_date: '2024-01-02',
        source: 'baostock',
        pe_ttm: 4,
        pb: 0.5,
        updated_at: '2024-01-02T12:00:00Z',
      },
    ].map((row) => ({ pb: null, total_mv: null, symbol: '600519.SH', ...row }))
    await sql`insert into daily_basic ${sql(rows)}`
  })

  test('take each group of fields from the best source that has it, as the view does', async () => {
    const { body } = await read('/api/valuation?symbol=600519')
    expect(body.data).toMatchObject([
      { symbol: '600519.SH', trade_date: '2024-01-02', pe_ttm: 30.5, pb: 9.5, total_mv: 2_116_690_000_000.5, pe_ttm_source: 'tushare', pb_source: 'baostock', worth_source: 'tushare', turnover_source: null },
    ]) // prettier-ignore
    const [row] = await lab.db.sql`select * from daily_basic_best where instrument_id = ${maotai}`
    for (const [name, value] of Object.entries(body.data[0] ?? {}))
      expect([name, plain(row?.[name])]).toEqual([name, plain(value)])
  })

  test('of one source, of a day of the whole market, and of many days', async () => {
    const named = await read('/api/valuation?date=2024-01-02&source=baostock')
    expect(named.body.data.map(({ symbol, pe_ttm, source }) => [symbol, pe_ttm, source])).toEqual([
      ['000001.SZ', 4, 'baostock'],
      ['600519.SH', 31, 'baostock'],
    ])
    const csv = await read('/api/valuation?from=2024-01-01&format=csv')
    expect(csv.text.split('\r\n').map((line) => line.slice(0, 20))).toEqual([
      'symbol,trade_date,tu',
      '000001.SZ,2024-01-02',
      '600519.SH,2024-01-02',
      '',
    ])
  })

  test('as they were known', async () => {
    const { sql } = lab.db
    await sql`
      insert into revision (dataset, instrument_id, trade_date, source, old, known_from, known_to)
      values ('daily_basic', ${maotai}, '2024-01-02', 'tushare', '{"pe_ttm": 29, "total_mv": 1}', '2024-01-02T12:00:00Z', '2024-01-05T12:00:00Z')`
    await sql`update daily_basic set updated_at = '2024-01-05T12:00:00Z' where source = 'tushare'`
    const known = async (asOf: string) =>
      (await read(`/api/valuation?symbol=600519&as_of=${asOf}`)).body.data.map(({ pe_ttm, pb }) => [
        pe_ttm,
        pb,
      ])
    expect([await known('2024-01-01'), await known('2024-01-04'), await known('2024-01-05')]).toEqual([
      [],
      [[29, 9.5]],
      [[30.5, 9.5]],
    ])
  })
})

describe('factors', () => {
  test('are those of one source for each stock, by symbol and date', async () => {
    const { body } = await read('/api/factors?date=2024-01-03')
    expect(body.data).toEqual([
      { symbol: '000001.SZ', trade_date: '2024-01-03', factor: 4, source: 'tushare' },
      { symbol: '600519.SH', trade_date: '2024-01-03', factor: 4, source: 'tushare' },
    ])
    const rows: Record<string, unknown>[] = await parquetReadObjects({
      file: await bytesOf('/api/factors?from=2024-01-01&format=parquet'),
    })
    expect(rows.map(({ symbol, factor }) => [symbol, factor])).toEqual([
      ['000001.SZ', 2],
      ['000001.SZ', 4],
      ['600519.SH', 2],
      ['600519.SH', 4],
    ])
    expect((await read('/api/factors?symbol=600519&source=akshare')).body.data).toEqual([])
  })
})

describe('what is known already', () => {
  test('may be kept a minute where it is closed, and is asked about where it is not', async () => {
    const policy = async (path: string) => (await read(path)).headers.get('cache-control')
    expect([
      await policy('/api/bars?symbol=600519&to=2024-03-01'),
      await policy('/api/bars?symbol=600519&to=2024-03-01&adjust=qfq&anchor=2024-03-01'),
      await policy('/api/bars?symbol=600519&to=2024-03-01&adjust=qfq'),
      await policy('/api/bars?symbol=600519&to=2024-06-20'),
      await policy('/api/calendar?from=2024-01-05&to=2024-01-08'),
      await policy('/api/valuation?symbol=600519'),
    ]).toEqual([
      'private, max-age=60',
      'private, max-age=60',
      'private, no-cache',
      'private, no-cache',
      'private, max-age=60',
      'private, no-cache',
    ])
  })

  test('is known again after something else was written, and not after a change', async () => {
    const path = '/api/bars?symbol=600519&source=tushare'
    const etag = (await read(path)).headers.get('etag') ?? ''
    await lab.db.sql`update instrument set stub = stub where id = ${pingan}`
    expect((await read(path, { 'if-none-match': etag })).status).toBe(304)
    await lab.db
      .sql`update bars set close = 1690 where instrument_id = ${maotai} and trade_date = '2024-01-03'`
    expect((await read(path, { 'if-none-match': etag })).status).toBe(200)
  })
})
