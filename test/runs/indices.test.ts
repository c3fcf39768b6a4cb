import { afterAll, beforeAll, expect, test } from 'vitest'
import { isoDate } from '../../local/replay/decimal.ts'
import { INDEX_SYMBOLS, MEMBER_INDICES } from '../../market/indices.ts'
import { type Lab, openLab, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'

let lab: Lab

beforeAll(async () => {
  lab = await openLab({
    market: yearMarket(20),
    akshare: {},
    baostock: {},
  })
})
afterAll(() => lab.close())

const dateOf = (session: number) => isoDate(lab.market.calendar.sessions[session] ?? '')

const bars = (source: string) => lab.db.sql<{ key: string; row: string }[]>`
  select symbol || ' ' || trade_date as key, concat_ws(' ', open::float8, high::float8, low::float8, close::float8,
    coalesce(pre_close::float8::text, '-'), volume::float8, amount::float8) as row
  from index_bars where source = ${source} order by 1`

function expectedBars(toRow: (lots: number) => number, hasPrevious: boolean): { key: string; row: string }[] {
  return INDEX_SYMBOLS.flatMap((symbol) =>
    lab.market.indices.bars(symbol).map(({ session, open, high, low, close, preClose, volume, amount }) => ({
      key: `${symbol} ${dateOf(session)}`,
      row: [
        ...[open, high, low, close].map((points) => points / 10_000),
        hasPrevious ? preClose / 10_000 : '-',
        toRow(volume),
        amount,
      ].join(' '),
    })),
  )
}

const exact = (shares: number) => shares

test('every source brings the bars of all indices, each session of each', async () => {
  const dates = wholeMarket(lab.market)
  const run = await lab.run('daily_incremental', {
    ...dates,
    source_mode: 'all',
    want: 'each',
    symbols: [...INDEX_SYMBOLS],
  })
  expect(run.status).toBe('success')
  expect(await bars('tushare')).toEqual(expectedBars(exact, true))
  expect(await bars('baostock')).toEqual(expectedBars(exact, true))
  // East Money counts in lots and sends no previous close.
  expect(await bars('akshare')).toEqual(expectedBars((shares) => Math.round(shares / 100) * 100, false))
  const holes = await lab.db.sql`select from coverage_hole where dataset = 'index_bars'`
  expect(holes.length).toBe(0)
})

test('what is there is not asked for again', async () => {
  const run = await lab.run('daily_incremental', { ...wholeMarket(lab.market), symbols: [...INDEX_SYMBOLS] })
  const [asked] = await lab.db.sql<{ calls: number }[]>`
    select coalesce(sum(calls), 0)::int as calls from sync_batch where run_id = ${run.id} and dataset = 'index_bars'`
  expect(asked?.calls).toBe(0)
})

const members = async (source: string) =>
  (
    await lab.db.sql<{ key: string }[]>`
      select concat_ws(' ', index_symbol, trade_date, symbol, weight::float8) as key from index_member where source = ${source}`
  )
    .map(({ key }) => key)
    .sort()

test('the lists of members come month by month', async () => {
  const run = await lab.until(await lab.start('full_history', wholeMarket(lab.market)), undefined, 150)
  expect(run.status).toMatch(/^success/)
  const lists = MEMBER_INDICES.flatMap((symbol) =>
    lab.market.indices
      .lists(symbol)
      .flatMap(({ session, members }) =>
        members.map(({ code, weight }) => `${symbol} ${dateOf(session)} ${code} ${(weight ?? 0) / 10_000}`),
      ),
  )
  expect(lists.length).toBeGreaterThan(0)
  expect(await members('tushare')).toEqual(lists.sort())
})

test('a stay in an index ends on the day before the first list without the stock', async () => {
  const stays = await lab.db.sql<
    { index: string; symbol: string; from: string; to: string | null; weight: number }[]
  >`
    select index_symbol as index, symbol, from_date::text as from, to_date::text as to, weight::float8 as weight
    from index_member_interval where source = 'tushare' and index_symbol = '000852.SH' order by symbol, from_date`
  const lists = lab.market.indices.lists('000852.SH')
  const expected = [...new Set(lists.flatMap(({ members }) => members.map(({ code }) => code)))]
    .sort()
    .flatMap((code) => {
      const found: { index: string; symbol: string; from: string; to: string | null; weight: number }[] = []
      let open = false
      for (const [i, { session, members }] of lists.entries()) {
        const member = members.find((each) => each.code === code)
        if (!member) {
          open = false
          continue
        }
        if (!open)
          found.push({ index: '000852.SH', symbol: code, from: dateOf(session), to: null, weight: 0 })
        open = true
        const last = found.at(-1)
        const next = lists[i + 1]
        if (!last) continue
        last.weight = (member.weight ?? 0) / 10_000
        last.to = next
          ? new Date(Date.parse(dateOf(next.session)) - 86_400_000).toISOString().slice(0, 10)
          : null
      }
      return found
    })
  expect([...stays]).toEqual(expected)
  expect(new Set(stays.map(({ to }) => to === null)).size).toBe(2)
})
