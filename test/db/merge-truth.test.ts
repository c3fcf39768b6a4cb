import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isoDate } from '../../local/replay/decimal.ts'
import { recordAgreement } from '../../db/queries/agreement.ts'
import { BAR_COLUMNS } from '../../local/replay/recorded/bars.ts'
import { type Csv, pickColumns, readCsv } from '../../local/replay/recorded/csv.ts'
import { LOT_TO_SHARES, shiftDecimal, THOUSAND_TO_ONE } from '../../market/units.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { hasRecordedData, RECORDED_DATA } from '../support/recorded.ts'
import { factorLine, merge } from './support.ts'

/*
 * What two upstreams really said about the same bars: 55 stocks of the CSI 300, 2018-01-02 to 2020-01-10. BaoStock's prices
 * were recorded forward-adjusted. Between two ex-dates that is one factor: it is taken from the closes of the first day of
 * each such stretch, and all other prices are then BaoStock's own. Factors are the products of the steps between stretches.
 */

interface Day {
  id: number
  date: string
  tushare: { preClose: number; close: number; line: string }
  baostock: { prices: number[]; volume: string; amount: string; pctChg: string } | null
}

const PRICES = ['open', 'high', 'low', 'close', 'preclose'] as const
const tushareCode = (code: string) => `${code.slice(3)}.${code.slice(0, 2).toUpperCase()}`

/** The traded days of both, by stock and date, and BaoStock's days without trade. */
function readBoth() {
  const tushare = readCsv(RECORDED_DATA, 'daily_csi300_20180102_20200110')
  const baostock = readCsv(RECORDED_DATA, 'baostock_k_data_qfq')
  const [codes, traded, suspended] = readBaostock(baostock)
  const days = pickColumns(tushare, BAR_COLUMNS).flatMap((row): Day[] => {
    const [code = '', day = '', ...values] = row
    const id = codes.indexOf(code) + 1
    if (id === 0) return []
    const date = isoDate(day)
    const [, , , close = '', preClose = '', , , lots = '', thousands = ''] = values
    const volume = shiftDecimal(Number(lots), LOT_TO_SHARES)
    const amount = shiftDecimal(Number(thousands), THOUSAND_TO_ONE)
    const line = [id, code, date, ...values.slice(0, 7), volume, amount, '\\N'].join('\t')
    return [
      {
        id,
        date,
        tushare: { preClose: Number(preClose), close: Number(close), line },
        baostock: traded.get(`${code} ${date}`) ?? null,
      },
    ]
  })
  return { codes, days: days.sort((a, b) => a.id - b.id || (a.date < b.date ? -1 : 1)), suspended }
}

function readBaostock(csv: Csv) {
  const columns = ['code', 'date', 'tradestatus', 'volume', 'amount', 'pctChg', ...PRICES]
  const traded = new Map<string, NonNullable<Day['baostock']>>()
  const suspended: { code: string; date: string }[] = []
  const codes = new Set<string>()
  for (const [bare = '', date = '', status, volume = '', amount = '', pctChg = '', ...prices] of pickColumns(
    csv,
    columns,
  )) {
    const code = tushareCode(bare)
    codes.add(code)
    if (status === '1') traded.set(`${code} ${date}`, { prices: prices.map(Number), volume, amount, pctChg })
    else suspended.push({ code, date })
  }
  return [[...codes].sort(), traded, suspended] as const
}

/** BaoStock's rows without its adjustment, and its factors: a row for each ex-date. */
function unadjusted(days: readonly Day[], codes: readonly string[]) {
  const bars: string[] = []
  const factors: string[] = []
  let last: Day | undefined
  let ratio = 1
  let base = 1
  for (const day of days) {
    const { baostock } = day
    if (baostock === null) continue
    const isNew = last?.id !== day.id
    if (isNew || last?.tushare.close !== day.tushare.preClose) {
      ratio = (baostock.prices[3] ?? NaN) / day.tushare.close
      if (isNew) base = ratio
      else factors.push(factorLine(day.id, day.date, ratio / base))
    }
    const [open, high, low, close, preClose] = baostock.prices.map((price) => (price / ratio).toFixed(6))
    const values = [
      open,
      high,
      low,
      close,
      preClose,
      '\\N',
      baostock.pctChg,
      baostock.volume,
      baostock.amount,
      '\\N',
    ]
    bars.push([day.id, codes[day.id - 1], day.date, ...values].join('\t'))
    last = day
  }
  return { bars, factors }
}

describe.skipIf(!hasRecordedData)('two recorded sources', () => {
  let db: TestDatabase
  const range = { instruments: null, from: '2018-01-01', to: '2020-01-10', runId: null }

  beforeAll(async () => {
    db = await createTestDatabase()
    const { codes, days, suspended } = readBoth()
    const { bars, factors } = unadjusted(days, codes)
    await merge(
      db,
      'bars',
      days.map((day) => day.tushare.line),
    )
    await merge(db, 'bars', bars, { source: 'baostock' })
    await merge(
      db,
      'suspension',
      suspended
        .filter(({ date }) => date <= range.to)
        .map(({ code, date }) => `${codes.indexOf(code) + 1}\t${code}\t${date}\tS\t\\N`),
      { source: 'baostock' },
    )
    await merge(db, 'adj_factor', factors, { source: 'baostock' })
    const recorded = readCsv(RECORDED_DATA, 'adj_factor_csi300_2018_2020_reconstructed')
    const own = pickColumns(recorded, ['ts_code', 'trade_date', 'adj_factor']).flatMap(
      ([code = '', date = '', factor]) =>
        codes.includes(code) && isoDate(date) <= range.to
          ? [factorLine(codes.indexOf(code) + 1, isoDate(date), Number(factor))]
          : [],
    )
    await merge(db, 'adj_factor', own)
    await db.sql`insert into coverage (dataset, instrument_id, source, ranges)
      select 'adj_factor', i, s, datemultirange(daterange('2018-01-02', '2020-01-11'))
      from generate_series(1, ${codes.length}::int) i, unnest('{tushare,baostock}'::text[]) s`
  })
  afterAll(() => db.drop())

  const agreement = async (dataset: 'bars' | 'adj_factor' | 'suspension') => {
    const counts = await recordAgreement(db.sql, { ...range, dataset })
    for (const { field, sourceA, sourceB, compared, agreed } of counts)
      console.log(`${field}: ${sourceA} and ${sourceB} agree on ${agreed} of ${compared} cells`)
    return Object.fromEntries(counts.map((row) => [row.field, [row.compared, row.disagreed]]))
  }

  test('agree on all bars but for two highs', async () => {
    expect(await agreement('bars')).toEqual({
      open: [25_900, 0],
      high: [25_900, 2],
      low: [25_900, 0],
      close: [25_900, 0],
      volume: [25_900, 0],
      amount: [25_900, 0],
      pre_close: [25_900, 0],
      pct_chg: [25_900, 0],
    })
    expect(
      await db.sql`select c.symbol, g.trade_date as date, g.field, round(value_a, 2)::float8 as a, round(value_b, 2)::float8 as b, verdict
        from agreement g join bars c on c.instrument_id = g.instrument_id and c.trade_date = g.trade_date and c.source = 'tushare'
        where dataset = 'bars' order by 1`,
    ).toEqual([
      { symbol: '000157.SZ', date: '2019-03-27', field: 'high', a: 4.51, b: 4.5, verdict: 'disputed' },
      { symbol: '000709.SZ', date: '2019-03-27', field: 'high', a: 3.42, b: 3.4, verdict: 'disputed' },
    ])
  })

  test('show the rounding that the tolerances are for', async () => {
    const [row] = await db.sql`
      select count(*)::int as bars, count(*) filter (where abs(a.volume - b.volume) > 1)::int as volume,
        max(abs(a.volume - b.volume)) as shares, count(*) filter (where abs(a.amount - b.amount) > 1)::int as amount,
        max(abs(a.amount - b.amount))::float8 as yuan, count(*) filter (where a.pct_chg <> b.pct_chg)::int as pct_chg,
        max(abs(a.pct_chg - b.pct_chg))::float8 as points
      from bars a join bars b using (instrument_id, trade_date) where a.source = 'tushare' and b.source = 'baostock'`
    expect(row).toEqual({
      bars: 25_900,
      volume: 130,
      shares: 8,
      amount: 26,
      yuan: 118,
      // Two decimals against six.
      pct_chg: 19_081,
      points: 0.005051,
    })
  })

  test('make best bars of Tushare, of which two are disputed', async () => {
    const rows = await db.sql`
      select sources, ohlc_source, volume_source, disputed, count(*)::int as bars from bars_best group by 1, 2, 3, 4 order by 4`
    const of = { sources: ['baostock', 'tushare'], ohlc_source: 'tushare', volume_source: 'tushare' }
    expect(rows).toEqual([
      { ...of, disputed: false, bars: 25_898 },
      { ...of, disputed: true, bars: 2 },
    ])
  })

  test('do not contradict each other about suspensions', async () => {
    const [row] = await db.sql`
      select count(*)::int as suspended, count(*) filter (where disputed)::int as disputed from suspension_best`
    // Tushare has no bar on any of them, and its own suspensions were not recorded: there is no pair to compare.
    expect([await agreement('suspension'), row]).toEqual([{}, { suspended: 619, disputed: 0 }])
  })

  test('agree on 99 of 104 steps of the factors; the others are within what three decimals of a factor can tell', async () => {
    expect(await agreement('adj_factor')).toEqual({ step: [104, 5] })
    const rows = await db.sql`
      select b.symbol, g.trade_date as date, round(value_a, 5)::float8 as a, round(value_b, 5)::float8 as b,
        abs(value_a - value_b) <= 0.001 * (1 + value_a) / before.factor as rounding
      from agreement g
      join bars b on b.instrument_id = g.instrument_id and b.trade_date = g.trade_date and b.source = 'tushare'
      cross join lateral (select factor from adj_factor f where f.instrument_id = g.instrument_id and f.source = 'tushare'
        and f.trade_date < g.trade_date order by f.trade_date desc limit 1) before
      where g.dataset = 'adj_factor' order by 1, 2`
    expect(rows).toEqual([
      { symbol: '002916.SZ', date: '2019-05-17', a: 1.20734, b: 1.20818, rounding: true },
      { symbol: '600519.SH', date: '2019-06-28', a: 1.01484, b: 1.01481, rounding: true },
      { symbol: '601628.SH', date: '2019-06-19', a: 1.00669, b: 1.006, rounding: true },
      { symbol: '603260.SH', date: '2018-06-25', a: 1.00601, b: 1.00637, rounding: true },
      { symbol: '603260.SH', date: '2019-07-11', a: 1.42587, b: 1.42463, rounding: true },
    ])
  })
})
