import { describe, expect, test } from 'vitest'
import { planRuns } from '../../local/demo/runs.ts'
import { openRecordedMarket } from '../../local/replay/recorded.ts'
import { hasRecordedData, RECORDED_DATA } from '../support/recorded.ts'
import { openLab } from '../support/lab.ts'
import { barDifferences, factorDifferences } from '../support/truth.ts'

describe.skipIf(!hasRecordedData)('recorded real data', () => {
  test(
    'every recorded bar is in the database, to the last digit: all of them',
    { timeout: 240_000 },
    async () => {
      const market = openRecordedMarket(RECORDED_DATA)
      const lab = await openLab({ market })
      try {
        const asked: ((symbol: string, date: string) => boolean)[] = []
        for (const { body } of await planRuns(RECORDED_DATA, {})) {
          const { symbols, start_date, end_date } = body
          const run = await lab.until(
            await lab.start('daily_history', { ...(symbols ? { symbols } : {}), start_date, end_date }),
            undefined,
            200,
          )
          expect({ body: { start_date, end_date }, status: run.status, message: run.message }).toMatchObject({
            status: 'success',
            message: null,
          })
          const wanted = symbols && new Set(symbols)
          asked.push(
            (symbol, date) => date >= start_date && date <= end_date && (wanted?.has(symbol) ?? true),
          )
        }
        expect(await barDifferences(lab.db.sql, market)).toEqual([])
        const listed = new Set(market.instruments.filter((i) => i.status !== null).map((i) => i.code))
        const inRuns = (symbol: string, date: string) =>
          listed.has(symbol) && asked.some((holds) => holds(symbol, date))
        expect(await factorDifferences(lab.db.sql, market, inRuns)).toEqual([])
        const [sums] = await lab.db.sql<{ bars: number; rejected: number }[]>`
        select (select count(*)::int from bars where period = 'daily') as bars, (select count(*)::int from quarantine) as rejected`
        expect(sums).toEqual({ bars: 431_170, rejected: 0 })
      } finally {
        await lab.close()
      }
    },
  )
})
