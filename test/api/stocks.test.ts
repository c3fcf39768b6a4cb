import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { type ApiLab, openApiLab } from './support.ts'

/* Stocks over the years: codes that change, names that change, and those that are gone. */

interface Stock {
  symbol: string
  name: string | null
  exchange: string
  list_status: string | null
  delist_date: string | null
  total_mv: number | null
  pe: number | null
  pb: number | null
  valuation_date: string | null
}
interface Detail extends Stock {
  codes: { symbol: string; valid_to: string | null }[]
  names: { name: string; start_date: string; end_date: string | null }[]
  special_treatment: { kind: string; from_date: string; to_date: string | null }[]
  valuation: {
    trade_date: string
    total_mv: number
    pe: number | null
    pb: number
    from: Record<string, string>
  } | null
  covered: { dataset: string; source: string; from_date: string; to_date: string; holes: number }[]
}
interface Page {
  items: Stock[]
  next_cursor: string | null
}

// Beijing's codes changed on 2025-10-09: the market is read before and after.
let clock = new Date('2025-09-28T12:00:00Z')
let lab: ApiLab

beforeAll(async () => {
  lab = await openApiLab({
    market: createSandboxMarket({ stocks: 150, years: 3, today: '20250926' }),
    worker: true,
    now: () => clock,
  })
  await lab.run('daily_history', { start_date: '2025-09-24', end_date: '2025-09-26' })
  clock = new Date('2026-11-22T12:00:00Z')
  lab.market.setToday('20261120')
  await lab.run('full_history', { start_date: '2026-11-19', end_date: '2026-11-20' })
})
afterAll(() => lab.close())

const get = async (symbol: string): Promise<Detail> => (await lab.get<Detail>(`/api/stocks/${symbol}`)).body
const list = async (query: string): Promise<Page> => (await lab.get<Page>(`/api/stocks?${query}`)).body

test('a stock that was renumbered is one, by either code, with its bars under both', async () => {
  const [change] = lab.market.codeChanges()
  const { oldCode = '', newCode = '' } = change ?? {}
  const [byOld, byNew] = [await get(oldCode), await get(newCode)]
  expect(byOld).toEqual(byNew)
  expect(byNew.symbol).toBe(newCode)
  expect(byNew.codes).toMatchObject([
    { symbol: oldCode, valid_to: '2025-10-09' },
    { symbol: newCode, valid_to: null },
  ])
  const bars = await lab.db.sql<{ symbol: string; instruments: number }[]>`
    select symbol, count(distinct instrument_id)::int as instruments from bars
    where period = 'daily' and instrument_id in (select instrument_id from instrument_code where code in (${oldCode}, ${newCode}))
    group by symbol order by symbol`
  expect(bars.map(({ symbol }) => symbol)).toEqual([oldCode, newCode].sort())
  const [one] = await lab.db.sql`
    select count(distinct instrument_id)::int as n from bars where symbol in (${oldCode}, ${newCode})`
  expect(one).toEqual({ n: 1 })
})

test('a stock that was renamed has both names, and its special treatment', async () => {
  const renamed = lab.market.instruments.find(({ id }) =>
    lab.market.names(id).some(({ name, to }) => name.includes('ST') && to !== null),
  )
  const stock = await get(renamed?.code ?? '')
  const spells = lab.market.names(renamed?.id ?? -1)
  expect(stock.names.map(({ name }) => name)).toEqual(spells.map(({ name }) => name))
  expect(stock.special_treatment.some(({ kind }) => kind === 'st')).toBe(true)
})

test('a delisted stock is found, with its last day', async () => {
  const gone = lab.market.instruments.find(({ status, code }) => status === 'D' && code !== 'T00018.SH')
  const stock = await get(gone?.code ?? '')
  expect([stock.list_status, stock.delist_date?.replaceAll('-', '')]).toEqual(['D', gone?.delistDate])
  expect((await list('status=D&limit=200')).items.map(({ symbol }) => symbol)).toContain(gone?.code)
})

test('a code with letters is one like any other', async () => {
  expect(await get('T00018.SH')).toMatchObject({ symbol: 'T00018.SH', list_status: 'D' })
})

test('the newest valuation names the source of each group, and what is covered is said', async () => {
  const traded = [...lab.market.truthBars()].find(({ trade_date }) => trade_date === '2026-11-20')
  const stock = await get(traded?.symbol ?? '')
  expect(stock.valuation).toMatchObject({ trade_date: '2026-11-20', from: { worth: 'tushare' } })
  const bars = stock.covered.find(({ dataset }) => dataset === 'bars')
  expect(bars).toMatchObject({ source: 'tushare', from_date: '2025-09-24' })
})

test('the list has what the newest valuation is about, and null where there is none', async () => {
  const { items } = await list('limit=200')
  const valued = items.filter((stock) => stock.valuation_date === '2026-11-20')
  expect(valued.length).toBeGreaterThan(100)
  const profitable = valued.find(({ pe }) => pe !== null)
  const { valuation, ...same } = await get(profitable?.symbol ?? '')
  const { total_mv, pe, pb } = valuation ?? {}
  expect(profitable).toMatchObject({ total_mv, pe, pb })
  expect(same).toMatchObject({ total_mv, pe, pb, valuation_date: '2026-11-20' })
  const [row] = await lab.db.sql<{ n: number }[]>`
    select count(*)::int as n from daily_basic_best where trade_date = '2026-11-20' and pe is null`
  expect(valued.filter(({ pe: own }) => own === null)).toHaveLength(row?.n ?? -1)
  expect(items.find(({ symbol }) => symbol === 'T00018.SH')).toMatchObject({
    total_mv: null,
    valuation_date: null,
  })
})

test('pages hold every stock once, by symbol', async () => {
  const symbols: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: Page = await list(`limit=40${cursor === '' ? '' : `&cursor=${cursor}`}`)
    symbols.push(...page.items.map(({ symbol }) => symbol))
    cursor = page.next_cursor
  }
  expect(symbols).toEqual(lab.market.instruments.map(({ code }) => code).sort())
})

test.each([
  [
    'a code that it had',
    () => lab.market.codeChanges()[0]?.oldCode.slice(0, 6),
    () => lab.market.codeChanges()[0]?.newCode,
  ],
  ['a part of its name', () => stockAt(7).name.slice(1, 3), () => stockAt(7).code],
  ['its initials, in small letters', () => stockAt(9).cnspell?.toLowerCase(), () => stockAt(9).code],
])('a search finds a stock by %s', async (_, search, found) => {
  const { items } = await list(`limit=200&search=${encodeURIComponent(search() ?? '')}`)
  expect(items.map(({ symbol }) => symbol)).toContain(found())
  expect(items.length).toBeLessThan(lab.market.instruments.length / 2)
})

const stockAt = (index: number) => {
  const stock = lab.market.instruments[index]
  if (!stock) throw new RangeError(`the market has no stock ${index}`)
  return stock
}

test('exchange and board narrow the list', async () => {
  const { items } = await list('exchange=BSE&limit=200')
  expect(items.length).toBeGreaterThan(0)
  expect(items.every(({ symbol }) => symbol.endsWith('.BJ'))).toBe(true)
  const star = await list('board=star&limit=200')
  expect(star.items.every(({ symbol }) => symbol.startsWith('688'))).toBe(true)
})

test('as CSV all that are found come at once, with the fields of the JSON; who has them already is told so', async () => {
  const pages: Stock[] = []
  for (let cursor: string | null = '', next = ''; cursor !== null; next = `&cursor=${cursor ?? ''}`) {
    const page = await list(`status=L&limit=100${next}`)
    pages.push(...page.items)
    cursor = page.next_cursor
  }
  const csv = await lab.get('/api/stocks?status=L', { accept: 'text/csv' })
  const [head = '', ...lines] = csv.text.trimEnd().split('\r\n')
  expect(head.split(',')).toEqual(Object.keys(pages[0] ?? {}))
  expect(lines).toEqual(
    // A null is an empty field in either.
    pages.map((stock) => Object.values(stock).join(',')),
  )
  expect(lines.length).toBeGreaterThan(100)
  const etag = csv.headers.get('etag') ?? ''
  const again = await lab.get('/api/stocks?format=csv&status=L', { 'if-none-match': etag })
  expect([again.status, again.text]).toEqual([304, ''])
  const others = await lab.get('/api/stocks?format=csv&status=D', { 'if-none-match': etag })
  expect(others.status).toBe(200)
})

test('one stock is a row of the list in the formats of tables', async () => {
  const { code } = stockAt(7)
  const all = await lab.get('/api/stocks?format=csv')
  const one = await lab.get(`/api/stocks/${code}?format=csv`)
  const [head = '', ...lines] = all.text.split('\r\n')
  expect(one.text.split('\r\n')).toEqual([head, lines.find((line) => line.startsWith(code)), ''])
  const etag = one.headers.get('etag') ?? ''
  expect((await lab.get(`/api/stocks/${code}`, { accept: 'text/csv', 'if-none-match': etag })).status).toBe(
    304,
  )
})

test('a code that was asked for and that nobody has is no stock; one that has rows is, in a list or not', async () => {
  const { sql } = lab.db
  await lab.run('daily_history', { symbols: ['600999.SH'], start_date: '2026-11-20', end_date: '2026-11-20' })
  const [opened] = await sql<{ id: number }[]>`
    select i.id from instrument i join instrument_code c on c.instrument_id = i.id where c.code = '600999.SH' and i.stub`
  for (const path of ['/api/stocks/600999', '/api/bars?symbol=600999', '/api/valuation?symbol=600999'])
    expect(await lab.get(path), path).toMatchObject({
      status: 404,
      body: { code: 'stock_not_found' },
    })
  await sql`
    insert into adj_factor (instrument_id, trade_date, symbol, source, factor)
    values (${opened?.id ?? 0}, '2026-11-20', '600999.SH', 'tushare', 1)`
  expect(await get('600999')).toMatchObject({ symbol: '600999.SH', name: null, listed: false })
  expect(await get(stockAt(7).code)).toMatchObject({ listed: true })
})

test.each([
  ['/api/stocks?format=csv&limit=10', 400, 'invalid_request'],
  ['/api/stocks/600998.SH', 404, 'stock_not_found'],
  ['/api/stocks/ABC', 400, 'invalid_request'],
  ['/api/stocks?exchange=NYSE', 400, 'invalid_request'],
  ['/api/stocks?unknown=1', 400, 'invalid_request'],
])('%s is refused', async (path, status, code) => {
  const answer = await lab.get<{ code: string }>(path)
  expect([answer.status, answer.body.code]).toEqual([status, code])
})
