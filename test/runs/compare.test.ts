import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AgreementReport } from '../../activities/compare-run.ts'
import type { RunRow } from '../../db/queries/runs.ts'
import type { RunParams } from '../../market/run-params.ts'
import { type Lab, openLab, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'

/*
 * Three upstreams of one market; BaoStock's is a copy of it in which one bar early in the year is another.
 */

const STOCKS = 30
const WRONG = '600001.SH'

let lab: Lab
let wrongDate: string
let right: { volume: number; preClose: number }

beforeAll(async () => {
  const market = yearMarket(STOCKS)
  const own = yearMarket(STOCKS)
  const bars = [...market.truthBars()].filter((bar) => bar.symbol === WRONG)
  // No ex-date: what pre_close should be is the close before it.
  const at = bars.findIndex((bar, i) => i > 20 && bar.pre_close === bars[i - 1]?.close)
  const bar = bars[at]
  if (!bar) throw new Error(`the sandbox has no bar of ${WRONG}`)
  wrongDate = bar.trade_date
  right = { volume: bar.volume, preClose: Number(bar.pre_close) }
  own.correct(WRONG, wrongDate.replaceAll('-', ''), {
    volume: Math.round(right.volume * 1.01),
    preClose: Math.round(right.preClose * 100) + 5,
  })
  lab = await openLab({ market, akshare: {}, baostock: { replay: { market: own } } })
})
afterAll(() => lab.close())

const reportOf = (run: RunRow) => (run.verification as { agreement?: AgreementReport } | null)?.agreement
const logs = async (run: RunRow) =>
  (
    await lab.db.sql<{ message: string }[]>`select message from sync_log where run_id = ${run.id} order by id`
  ).map((row) => row.message)
const run = async (job: 'compare' | 'daily_history', params: RunParams = {}) =>
  await lab.until(await lab.start(job, params), undefined, 120)

test('a comparison draws stocks and sessions, asks every source for all of them and says how far they agree', async () => {
  const compared = await run('compare')
  const params = compared.resolvedParams as RunParams
  expect([compared.status, params.source_mode, params.end_date]).toEqual(['success', 'all', '2026-11-20'])
  const brought = await lab.db.sql<{ source: string; stocks: number; sessions: number }[]>`
    select source, count(distinct instrument_id)::int as stocks, count(distinct trade_date)::int as sessions
    from bars where period = 'daily' group by 1 order by 1`
  // One that was drawn was suspended all along; BaoStock has no Beijing stocks.
  expect(params.symbols?.length).toBe(29)
  expect(brought).toEqual([
    { source: 'akshare', stocks: 28, sessions: 60 },
    { source: 'baostock', stocks: 27, sessions: 60 },
    { source: 'tushare', stocks: 28, sessions: 60 },
  ])
  const { fields = [], worst } = reportOf(compared) ?? {}
  const close = fields.filter(({ field }) => field === 'close')
  expect(close.map(({ sourceA, sourceB, share }) => [sourceA, sourceB, share])).toEqual([
    ['tushare', 'baostock', 1],
    ['tushare', 'akshare', 1],
    ['baostock', 'akshare', 1],
  ])
  expect(fields.filter(({ disagreed }) => disagreed > 0)).toEqual([])
  expect(worst).toEqual([])
  const cells = (close[0]?.compared ?? 0).toLocaleString('en-US')
  expect(await logs(compared)).toContain(
    `close: tushare and baostock agree on ${cells} of ${cells} cells (100.00 %)`,
  )
})

test('a source that says something else is outvoted, and named with both values', async () => {
  const asked = { ...wholeMarket(lab.market), symbols: [WRONG, '600000.SH', '000001.SZ'] }
  const compared = await run('compare', asked)
  expect(compared.params).toMatchObject(asked)
  const { fields = [], worst = [] } = reportOf(compared) ?? {}
  expect(
    fields.flatMap(({ field, sourceA, sourceB, disagreed }) =>
      disagreed > 0 ? [[field, sourceA, sourceB, disagreed]] : [],
    ),
  ).toEqual([
    ['volume', 'tushare', 'baostock', 1],
    ['pre_close', 'tushare', 'baostock', 1],
    ['pct_chg', 'tushare', 'baostock', 1],
    ['volume', 'baostock', 'akshare', 1],
    ['pct_chg', 'baostock', 'akshare', 1],
  ])
  const steps = fields.filter(({ field }) => field === 'step')
  expect(steps.length > 0 && steps.every(({ agreed, compared: n }) => agreed === n)).toBe(true)
  const example = { symbol: WRONG, tradeDate: wrongDate, sourceA: 'tushare', sourceB: 'baostock' }
  expect(worst).toContainEqual({
    ...example,
    dataset: 'bars',
    field: 'pre_close',
    valueA: String(right.preClose),
    valueB: String(Math.round(right.preClose * 100 + 5) / 100),
    // East Money sends none, so two of them stand against each other; the factors side with Tushare.
    verdict: 'disputed',
    expected: String(right.preClose),
  })
  expect(worst.find(({ field, sourceA }) => field === 'volume' && sourceA === 'tushare')).toMatchObject({
    ...example,
    valueA: String(right.volume),
    verdict: 'outvoted',
  })
})

test('any run over what two sources have compares them, in one line', async () => {
  const plain = await run('daily_history', { ...wholeMarket(lab.market), symbols: [WRONG] })
  expect(reportOf(plain)?.fields.length).toBeGreaterThan(0)
  expect((await logs(plain)).filter((line) => line.includes('agree'))).toEqual([
    expect.stringMatching(
      /^sources agree on 99\.\d\d % of [\d,]+ values that two of them have; 5 differ: see agreement$/,
    ),
  ])
})
