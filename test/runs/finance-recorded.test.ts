import { describe, expect, test } from 'vitest'
import { readCsv } from '../../local/replay/recorded/csv.ts'
import { hasRecordedData, RECORDED_DATA, recordedMarket } from '../support/recorded.ts'
import { openLab } from '../support/lab.ts'

const KEY = ['ts_code', 'end_date', 'report_type', 'comp_type', 'ann_date', 'f_ann_date', 'update_flag']

/** A file's rows as texts, straight from the file; columns without a value are left out. */
function recorded(file: string): string[] {
  const { names, rows } = readCsv(RECORDED_DATA, file)
  const texts = rows.map((row) => {
    const cells = names.map((name, at) => [name, row[at] ?? ''] as const).filter(([, cell]) => cell !== '')
    const figures = cells
      .filter(([name]) => !KEY.includes(name))
      .map(([name, cell]) => [name, name === 'end_type' ? cell : Number(cell)])
    const key = new Map(cells)
    return JSON.stringify([KEY.map((name) => key.get(name) ?? null), figures.sort()])
  })
  return [...new Set(texts)].sort()
}

describe.skipIf(!hasRecordedData)('recorded real reports', () => {
  test(
    'every row and every column of the recorded statements is in the database, as it was recorded',
    { timeout: 240_000 },
    async () => {
      const lab = await openLab({ market: recordedMarket() })
      const run = async (start_date: string, end_date: string, symbols?: string[]) => {
        const params = { start_date, end_date, ...(symbols ? { symbols } : {}) }
        const row = await lab.until(await lab.start('finance_history', params), undefined, 200)
        expect({ status: row.status, message: row.message }).toEqual({ status: 'success', message: null })
      }
      const stored = async (statement: string) => {
        const rows = await lab.db.sql<{ key: (string | null)[]; items: Record<string, string | number> }[]>`
          select jsonb_build_array(symbol, to_char(period_end, 'YYYYMMDD'), report_type, comp_type, to_char(ann_date, 'YYYYMMDD'),
            to_char(f_ann_date, 'YYYYMMDD'), update_flag) as key, items
          from financial_report where statement = ${statement} and source = 'tushare'`
        return rows.map(({ key, items }) => JSON.stringify([key, Object.entries(items).sort()])).sort()
      }
      try {
        await run('2024-09-30', '2025-03-31')
        await run('2023-03-31', '2025-06-30', ['600519.SH', '600036.SH'])
        for (const [statement, file, count] of [
          ['income', 'income', 1_755],
          ['balance_sheet', 'balancesheet', 1_588],
          ['cash_flow', 'cashflow', 2_360],
        ] as const) {
          const wanted = recorded(file)
          expect(wanted).toHaveLength(count)
          expect(await stored(statement)).toEqual(wanted)
        }
        // Indicators say no type; of two identical rows there is one.
        const indicators = recorded('fina_indicator').map((row) =>
          row.replace(/^(\[\["[^"]+","[^"]+"),null/, '$1,"1"'),
        )
        expect(indicators).toHaveLength(27)
        expect(await stored('fin_indicator')).toEqual(indicators.sort())
      } finally {
        await lab.close()
      }
    },
  )
})
