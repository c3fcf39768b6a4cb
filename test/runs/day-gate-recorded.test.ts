import { describe, expect, test } from 'vitest'
import { openRecordedMarket } from '../../local/replay/recorded.ts'
import { hasRecordedData, RECORDED_DATA } from '../support/recorded.ts'
import { openLab } from '../support/lab.ts'

interface Gate {
  dataset: string
  date: string
  expected: number
  present: number
  state: string
  reasons: {
    missing?: number
    blocked?: object
    flags?: Record<string, { count: number; examples: string[] }>
  }
}

// Days of the whole market, as the recordings have them.
const STRETCHES = [
  { start_date: '2019-10-14', end_date: '2019-10-25' },
  { start_date: '2023-01-03', end_date: '2023-03-16' },
  { start_date: '2026-03-20', end_date: '2026-03-20' },
  { start_date: '2026-04-01', end_date: '2026-04-01' },
]

describe.skipIf(!hasRecordedData)('recorded days of the whole market', () => {
  test(
    'raise no false alarm: none is incomplete, and of 291,000 bars one is suspected',
    { timeout: 240_000 },
    async () => {
      const lab = await openLab({ market: openRecordedMarket(RECORDED_DATA) })
      try {
        for (const stretch of STRETCHES) await lab.run('daily_history', stretch)
        const gates = await lab.db.sql<Gate[]>`
        select dataset, trade_date as date, expected, present, state, reasons from day_gate order by 1, 2`
        const bars = gates.filter(({ dataset }) => dataset === 'bars')
        const states = new Map<string, number>()
        for (const { state } of bars) states.set(state, (states.get(state) ?? 0) + 1)
        console.info(
          `states of the recorded days: ${[...states].map(([state, n]) => `${n} ${state}`).join(', ')}; missing ` +
            bars.map(({ date, reasons }) => `${date.slice(2)} ${reasons.missing ?? 0}`).join(', '),
        )
        expect(bars).toHaveLength(60)
        expect(bars.filter(({ state, reasons }) => state === 'incomplete' || reasons.blocked)).toEqual([])
        // Its last days began that day, the first of them without a limit: it fell from 0.92 to 0.44 yuan.
        const delisting = { price_limit: { count: 1, examples: ['300391.SZ'] } }
        const suspected = bars.flatMap(({ date, reasons }) => (reasons.flags ? [[date, reasons.flags]] : []))
        expect(suspected).toEqual([['2026-03-20', delisting]])
      } finally {
        await lab.close()
      }
    },
  )
})
