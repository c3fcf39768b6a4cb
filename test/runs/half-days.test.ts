import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { toCompact } from '../../market/date.ts'
import { isoDate } from '../../local/replay/decimal.ts'
import { acceptGaps, reopenGaps } from '../../db/queries/gaps.ts'
import { REREAD_SHARES, shareOfMonth } from '../../db/plan/reread.ts'
import { forgetBars } from '../support/database.ts'
import { type Lab, openLab } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences } from '../support/truth.ts'

/*
 * Days that arrive in parts, cells that never do, and values that change after they came.
 */

let lab: Lab
let sessions: string[]
let newest: string

beforeAll(async () => {
  lab = await openLab({ market: yearMarket(28) })
  const { market } = lab
  sessions = market.calendar.sessions.slice(market.lastSession - 9, market.lastSession + 1).map(isoDate)
  newest = sessions.at(-1) ?? ''
  await lab.run('stock_list')
})
beforeEach(async () => {
  lab.upstream.setFaults([])
  await forgetBars(lab.db.sql, 'suspension', 'day_gate', 'revision', 'sync_log')
})
afterAll(() => lab.close())

const oneDay = () => ({ start_date: newest, end_date: newest })
const bring = (params: object = oneDay()) => lab.run('daily_history', params)
const gate = async () =>
  (
    await lab.db.sql<{ state: string; reasons: Record<string, unknown> }[]>`
    select state, reasons from day_gate where dataset = 'bars' and trade_date = ${newest}`
  )[0]
const holes = () =>
  lab.db.sql<{ reason: string; answers: number }[]>`
    select reason, answers from coverage_hole where dataset = 'bars' order by instrument_id, trade_date`
const daysLater = (days: number) =>
  lab.db.sql`update coverage_hole set first_seen_at = first_seen_at - make_interval(days => ${days})`
const dailyCalls = () => lab.upstream.stats().byApi.daily?.calls ?? 0

describe('a day that arrives in two halves', () => {
  test('is incomplete with the first, asked for again by the next run, and complete with the second', async () => {
    lab.upstream.changeMarket({ hold: { date: toCompact(newest), percent: 50 } })
    const first = await bring()
    expect({ status: first.status, message: first.message }).toMatchObject({
      status: 'success_with_errors',
      message: expect.stringContaining('1 session of bars is incomplete') as string,
    })
    expect(await gate()).toMatchObject({ state: 'incomplete', reasons: { missing: (await holes()).length } })
    lab.upstream.changeMarket({ hold: { date: toCompact(newest), percent: 100 } })
    const missing = (await holes()).length
    const second = await bring()
    expect({ status: second.status, inserted: second.inserted }).toMatchObject({ status: 'success' })
    expect(await gate()).toMatchObject({ state: 'complete', reasons: {} })
    expect(missing).toBeGreaterThan(0)
    expect(await barDifferences(lab.db.sql, lab.market, (_, date) => date === newest)).toEqual([])
  })

  test('is found by a daily run that comes by itself, and then left alone', async () => {
    await bring({ start_date: sessions[0], end_date: sessions.at(-2) })
    lab.upstream.changeMarket({ hold: { date: toCompact(newest), percent: 50 } })
    await lab.run('daily_incremental', {})
    lab.upstream.changeMarket({ hold: { date: toCompact(newest), percent: 100 } })
    await lab.run('daily_incremental', {})
    expect(await gate()).toMatchObject({ state: 'complete' })
    const before = dailyCalls()
    await lab.run('daily_incremental', {})
    expect(dailyCalls()).toBe(before)
  })
})

describe('a cell that no answer has', () => {
  test('is absent upstream after two complete answers a day apart: shown, and not asked again', async () => {
    lab.upstream.changeMarket({ hold: { date: toCompact(newest), percent: 90 } })
    try {
      await bring()
      const [hole] = await holes()
      expect(hole).toEqual({ reason: 'missing', answers: 1 })
      await bring()
      expect((await holes())[0]).toEqual({ reason: 'missing', answers: 2 })
      await daysLater(2)
      const again = await bring()
      expect((await holes()).every(({ reason }) => reason === 'absent_upstream')).toBe(true)
      expect(again.status).toBe('success')
      expect(await gate()).toMatchObject({
        state: 'complete_with_gaps',
        reasons: { absent: (await holes()).length },
      })
      const before = dailyCalls()
      await bring()
      expect(dailyCalls()).toBe(before)
      // Until a person wants to know again.
      expect(await reopenGaps(lab.db.sql, { instruments: null, from: newest, to: newest })).toBe(
        (await holes()).length,
      )
      lab.upstream.changeMarket({ hold: { date: toCompact(newest), percent: 100 } })
      await bring()
      expect(await holes()).toEqual([])
      expect(await gate()).toMatchObject({ state: 'complete' })
    } finally {
      lab.upstream.changeMarket({ hold: { date: toCompact(newest), percent: 100 } })
    }
  })

  test('is no longer asked for once a person accepted it', async () => {
    lab.upstream.changeMarket({ hold: { date: toCompact(newest), percent: 90 } })
    try {
      await bring()
      await acceptGaps(lab.db.sql, { instruments: null, from: newest, to: newest }, 'operator')
      const before = dailyCalls()
      expect((await bring()).status).toBe('success')
      expect(dailyCalls()).toBe(before)
      expect(await gate()).toMatchObject({ state: 'complete_with_gaps' })
    } finally {
      lab.upstream.changeMarket({ hold: { date: toCompact(newest), percent: 100 } })
    }
  })
})

describe('values that change after they came', () => {
  /** A stock of this month's share that has bars on both dates, whose highs become a tick higher there. */
  const correct = async (...dates: string[]): Promise<void> => {
    const [bar] = await lab.db.sql<{ symbol: string }[]>`
      select symbol from bars where period = 'daily' and trade_date = any(${dates}) and instrument_id % ${REREAD_SHARES} = ${shareOfMonth(lab.deps.now())}
      group by 1 having count(*) = ${dates.length} order by 1 limit 1`
    for (const date of dates) {
      const truth = [...lab.market.truthBars(bar?.symbol)].find((each) => each.trade_date === date)
      const high = Math.round(Number(truth?.high) * 100) + 1
      lab.upstream.changeMarket({ correct: [{ code: bar?.symbol ?? '', date: toCompact(date), high }] })
    }
  }
  const revisedDates = async () =>
    (
      await lab.db.sql<
        { date: string }[]
      >`select trade_date as date from revision where dataset = 'bars' order by 1`
    ).map(({ date }) => date)

  test('are found among the newest sessions, and each month in the history of a twentieth of the stocks', async () => {
    const span = { start_date: sessions[0] ?? '', end_date: newest }
    await bring(span)
    const [old = '', young = ''] = [sessions[1], sessions.at(-3)]
    await correct(old, young)
    const again = await bring({ ...span, recheck: 5 })
    expect({ updated: again.updated, inserted: again.inserted }).toEqual({ updated: 1, inserted: 0 })
    expect(await revisedDates()).toEqual([young])
    const rows = again.unchanged + again.updated
    const share = await bring({ ...oneDay(), recheck_share: true })
    expect(share.updated).toBe(1)
    expect(await revisedDates()).toEqual([old, young])
    // Two stocks of forty, over ten sessions: bars and factors.
    expect(share.unchanged).toBeLessThan(rows / 2)
  })
})
