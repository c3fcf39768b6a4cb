import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isoDate } from '../../local/replay/decimal.ts'
import { deriveEverySource } from '../../db/derive-bars.ts'
import type { RecordedMarket } from '../../local/replay/recorded.ts'
import { pickColumns, readCsv } from '../../local/replay/recorded/csv.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { hasRecordedData, RECORDED_DATA, recordedMarket } from '../support/recorded.ts'
import { mergeIn } from './support.ts'

/*
 * Weeks and months of one stock as the documentation of the upstream shows them, against those made of its recorded days.
 */

const SYMBOL = '000001.SZ'
let db: TestDatabase
let market: RecordedMarket

describe.skipIf(!hasRecordedData)('recorded weeks and months', () => {
  beforeAll(async () => {
    market = recordedMarket()
    db = await createTestDatabase()
    const days = market.calendar.days.map(({ date, open }) => ({ date: isoDate(date), open }))
    await db.sql`
      insert into trade_calendar (exchange, trade_date, is_open, source)
      select 'SSE', date, open, 'tushare' from jsonb_to_recordset(${db.sql.json(days)}) as d(date date, open boolean)`
    const lines = [...market.truthBars(SYMBOL)].map((b) =>
      [
        1,
        b.symbol,
        b.trade_date,
        b.open,
        b.high,
        b.low,
        b.close,
        b.pre_close,
        b.change,
        b.pct_chg,
        b.volume,
        b.amount,
        '\\N',
      ].join('\t'),
    )
    await db.sql.begin(async (tx) => {
      await mergeIn(tx, 'bars', lines)
      await deriveEverySource(tx, { instruments: null }, { runId: null, job: 'daily_history' })
    })
  })
  afterAll(() => db.drop())

  test.each(['weekly', 'monthly'] as const)('%s bars are those of the documentation', async (period) => {
    const sample = pickColumns(readCsv(RECORDED_DATA, `${period}_doc_sample`), [
      'trade_date', 'open', 'high', 'low', 'close', 'vol', 'amount',
    ]) // prettier-ignore
    const unit = period === 'weekly' ? 'week' : 'month'
    let compared = 0
    for (const [date = '', open, high, low, close, vol, amount] of sample) {
      // The sample dates months by the calendar's last day: what they have in common is the period.
      const [bar] = await db.sql<
        { open: number; high: number; low: number; close: number; volume: number; amount: number }[]
      >`
        select open::float8, high::float8, low::float8, close::float8, volume::float8, amount::float8 from bars
        where period = ${period} and period_start = date_trunc(${unit}, ${isoDate(date)}::timestamp)::date`
      if (!bar) continue
      compared++
      expect([bar.open, bar.high, bar.low, bar.close]).toEqual([open, high, low, close].map(Number))
      // Lots and thousand yuan, the latter with seven digits.
      expect(bar.volume).toBe(Math.round(Number(vol) * 100))
      expect(Math.abs(bar.amount / 1_000 / Number(amount) - 1)).toBeLessThan(1e-6)
    }
    // The days of 2018 are recorded; the samples begin before it.
    expect(compared).toBe(period === 'weekly' ? 17 : 10)
  })
})
