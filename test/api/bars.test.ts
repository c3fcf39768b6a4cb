import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addBars, addFactors, addStock } from '../db/bars-support.ts'
import { type ApiLab, openApiLab } from './support.ts'

let lab: ApiLab
let id: number
let other: number

interface Bars {
  data: Record<string, unknown>[]
  count: number
  adjust: string
  errors?: { field: string; message: string }[]
  code?: string
}

beforeAll(async () => {
  // Wednesday, before the bars of the day are ready.
  lab = await openApiLab({ api: { now: () => new Date('2024-01-10T10:00:00+08:00') } })
})
afterAll(() => lab.close())
beforeEach(async () => {
  await clear()
  id = await addStock(lab.db.sql, ['430047.BJ', '920047.BJ'])
  other = await addStock(lab.db.sql, ['000001.SZ'])
  await addBars(lab.db.sql, id, [
    { date: '2024-01-04', close: 20, preClose: null },
    { date: '2024-01-05', close: 11, preClose: 10 },
    { date: '2024-01-08', close: 12, preClose: 11 },
  ])
  await addBars(lab.db.sql, other, [{ date: '2024-01-08', close: 3.125, preClose: 3 }])
  await addFactors(lab.db.sql, id, [['2024-01-04', 1], ['2024-01-05', 2]], { covers: '{[2024-01-02,2024-01-09)}' }) // prettier-ignore
  await lab.db.sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d::date, extract(isodow from d) < 6, 'tushare' from generate_series('2023-12-25'::date, '2024-12-31', '1 day') d`
})
afterEach(clear)

async function clear(): Promise<void> {
  for (const table of ['bars', 'adj_factor', 'coverage', 'trade_calendar', 'instrument_code', 'instrument'])
    await lab.db.sql`delete from ${lab.db.sql(table)}`
}

const read = (query: string, headers?: Record<string, string>) => lab.get<Bars>(`/api/bars?${query}`, headers)
const column = ({ body }: { body: Bars }, name: string) => body.data.map((row) => row[name])

describe('what is asked for', () => {
  test.each(['430047', '920047.BJ', 'bj.430047', 'BJ920047'])(
    'a stock by %s gives its one series',
    async (symbol) => {
      const answer = await read(`symbol=${symbol}`)
      expect([answer.status, column(answer, 'close'), answer.body.count]).toEqual([200, [20, 11, 12], 3])
    },
  )

  test('several stocks come one after the other, each under the code that was asked for', async () => {
    const answer = await read('symbol=000001,430047,920047.BJ')
    expect(column(answer, 'symbol')).toEqual(['430047.BJ', '430047.BJ', '430047.BJ', '000001.SZ'])
  })

  test('dates bound the answer', async () => {
    expect(column(await read('symbol=430047&from=2024-01-05&to=2024-01-07'), 'trade_date')).toEqual([
      '2024-01-05',
    ])
  })

  test('a day of the whole market has every stock under its code of today', async () => {
    const answer = await read('date=2024-01-08')
    expect(answer.body.data.map((row) => [row['symbol'], row['close']])).toEqual([
      ['000001.SZ', 3.125],
      ['920047.BJ', 12],
    ])
  })

  test('adjusted prices say with which factor', async () => {
    const answer = await read('symbol=920047&adjust=qfq')
    expect(answer.body.data[0]).toEqual({
      symbol: '920047.BJ', trade_date: '2024-01-04', open: 10, high: 10, low: 10, close: 10, pre_close: null, change: null, pct_chg: null,
      volume: 100, amount: 2000, is_st: null, source: 'tushare', disputed: false, adjusted: true, factor: 1, anchor_factor: 2, factor_source: 'tushare',
    }) // prettier-ignore
  })

  test('a stock without factors has no adjusted price, and says so', async () => {
    const [row] = (await read('symbol=000001&adjust=hfq')).body.data
    expect([row?.['close'], row?.['adjusted'], row?.['volume']]).toEqual([null, false, 100])
  })

  test('the anchor and the decimals', async () => {
    expect(column(await read('symbol=430047&adjust=qfq&anchor=2024-01-04'), 'close')).toEqual([20, 22, 24])
    await lab.db.sql`update adj_factor set factor = 3 where trade_date = '2024-01-05'`
    expect(column(await read('symbol=430047&adjust=qfq&decimals=2'), 'close')).toEqual([6.67, 11, 12])
  })

  test('the running week is there, dated by its last session, and not final', async () => {
    const answer = await read('symbol=430047&adjust=hfq&period=weekly')
    expect(answer.body.data.map((row) => [row['trade_date'], row['period_start'], row['is_final']])).toEqual([
      ['2024-01-05', '2024-01-01', true],
      ['2024-01-12', '2024-01-08', false],
    ])
  })

  test('any day names its week', async () => {
    await addFactors(lab.db.sql, other, [['2024-01-08', 1]], { covers: '{[2024-01-02,2024-01-09)}' })
    expect(column(await read('date=2024-01-10&adjust=qfq&period=weekly'), 'close')).toEqual([3.125, 12])
  })

  test.each([
    ['symbol=430047&from=0001-01-01&to=9999-12-31', 3],
    ['symbol=430047&from=0001-01-01&to=9999-12-31&period=weekly', 2],
    ['symbol=430047&from=9999-12-31&period=weekly', 0],
    ['symbol=430047&from=2024-01-11', 0],
    ['symbol=430047&to=0001-01-01', 0],
    ['date=9999-12-31&period=monthly', 0],
    ['date=0001-01-01&period=weekly', 0],
    ['date=2024-01-11', 0],
  ])('any dates do: %s', async (query, count) => {
    const answer = await read(`${query}&adjust=qfq`)
    expect([answer.status, answer.body.count]).toEqual([200, count])
  })

  test('a moment of the past, by instant or by the end of a day in Shanghai', async () => {
    await lab.db.sql`update bars set updated_at = '2024-01-09T15:59:00Z'`
    const count = async (asOf: string) => (await read(`symbol=430047&as_of=${asOf}`)).body.count
    expect([
      await count('2024-01-09'),
      await count('2024-01-08'),
      await count('2024-01-09T15:58:59Z'),
      await count('2024-01-09T23:59:00+08:00'),
      await count('2024-01-09T23:59:00%2B08:00'),
    ]).toEqual([3, 0, 0, 3, 3])
  })
})

describe('formats', () => {
  const LINES = [
    'symbol,trade_date,open,high,low,close,pre_close,change,pct_chg,volume,amount,is_st,source',
    '000001.SZ,2024-01-08,3.125,3.125,3.125,3.125,3,0.125,4.1667,100,312.5000,,tushare',
    '',
  ]

  test.each([
    ['symbol=000001&source=tushare&format=csv', {}],
    ['symbol=000001&source=tushare', { accept: 'text/csv' }],
    ['symbol=000001&source=tushare', { accept: 'application/json;q=0.5, text/csv' }],
  ])('CSV by %s %j', async (query, headers) => {
    const answer = await read(query, headers)
    expect([answer.headers.get('content-type'), answer.text]).toEqual([
      'text/csv; charset=utf-8; header=present',
      LINES.join('\r\n'),
    ])
  })

  test('the name of a format counts more than what is accepted, which is JSON by default', async () => {
    const types = await Promise.all([
      read('symbol=000001&format=json', { accept: 'text/csv' }),
      read('symbol=000001', { accept: '*/*' }),
      read('symbol=000001'),
    ])
    expect(types.map(({ headers }) => headers.get('content-type'))).toEqual(Array(3).fill('application/json'))
  })

  test('no bars are an empty list, not an error', async () => {
    await lab.db.sql`delete from bars`
    const answer = await read('symbol=000001')
    expect([answer.status, answer.body]).toMatchObject([200, { data: [], count: 0 }])
  })
})

describe('refusals name the field and what to do', () => {
  test.each([
    ['', 'symbol', /date=/],
    ['symbol=600000&date=2024-01-08', 'date', /leave it out/],
    ['symbol=ABC', 'symbol', /"ABC" is no symbol; write 600000/],
    ['symbol=000001,900901', 'symbol', /B share/],
    ['symbol=,', 'symbol', /1 to 100/],
    [`symbol=${Array.from({ length: 101 }, (_, i) => 600_000 + i).join()}`, 'symbol', /has 101/],
    ['symbol=000001&from=2024-02-30', 'from', /no day of the calendar/],
    ['symbol=000001&from=2024-02-02&to=2024-02-01', 'to', /before from/],
    ['date=2024-01-08&from=2024-01-08', 'from', /symbol=/],
    ['date=2024-01-08&to=2024-01-08', 'to', /symbol=/],
    ['symbol=000001&period=hourly', 'period', /daily, weekly, monthly/],
    ['symbol=000001&adjust=both', 'adjust', /none, qfq, hfq/],
    ['symbol=000001&adjust=hfq&anchor=2024-01-08', 'anchor', /qfq/],
    ['symbol=000001&source=nobody', 'source', /best, tushare/],
    ['symbol=000001&as_of=yesterday', 'as_of', /instant/],
    ['symbol=000001&as_of=2024-01-08T10:00:00', 'as_of', /instant/],
    ['symbol=000001&decimals=11', 'decimals', /0 to 10/],
    ['symbol=000001&format=xml', 'format', /json, csv/],
    ['symbol=000001&adjusted=qfq', 'adjusted', /not known/],
  ])('%s', async (query, field, message) => {
    const answer = await read(query)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json'])
    expect(answer.body.errors?.map((error) => error.field)).toContain(field)
    expect(answer.body.errors?.find((error) => error.field === field)?.message).toMatch(message)
  })

  test('a code that no stock has is not found, and which one it was', async () => {
    const answer = await read('symbol=000001,600999')
    expect([answer.status, answer.body.code]).toEqual([404, 'stock_not_found'])
    expect(answer.body.errors).toEqual([
      { field: 'symbol', message: 'no stock has or had the code 600999.SH' },
    ])
  })
})

describe('what the asker has already', () => {
  test('is not sent again, until something was corrected', async () => {
    const first = await read('symbol=430047&adjust=qfq')
    const tag = first.headers.get('etag') ?? ''
    const again = (etag: string) => read('symbol=430047&adjust=qfq', { 'if-none-match': etag })
    const known = await again(tag)
    expect([known.status, known.text, known.headers.get('etag')]).toEqual([304, '', tag])
    expect([(await again(`"x", W/${tag}`)).status, (await again('"x"')).status]).toEqual([304, 200])
    await lab.db.sql`update bars set close = 13 where trade_date = '2024-01-08' and instrument_id = ${id}`
    const corrected = await again(tag)
    expect([corrected.status, column(corrected, 'close'), corrected.headers.get('etag') === tag]).toEqual([
      200,
      [10, 11, 13],
      false,
    ])
  })

  test('in another format is another thing', async () => {
    const json = await read('symbol=430047')
    const csv = await read('symbol=430047&format=csv', { 'if-none-match': json.headers.get('etag') ?? '' })
    expect(csv.status).toBe(200)
  })

  test('has to be asked about: history can be corrected', async () => {
    const { headers } = await read('symbol=430047')
    expect([headers.get('cache-control'), headers.get('vary')]).toEqual(['private, no-cache', 'Accept'])
  })

  test('a HEAD has the headers and holds nothing', async () => {
    for (let i = 0; i < 6; i++) {
      const answer = await lab.app.request('/api/bars?symbol=430047', { method: 'HEAD' })
      expect([answer.status, answer.headers.get('etag') !== null, await answer.text()]).toEqual([
        200,
        true,
        '',
      ])
    }
    expect((await read('symbol=430047')).status).toBe(200)
  })
})
