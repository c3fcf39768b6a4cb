import { isoDate } from '../decimal.ts'
import { columns } from './frame.ts'
import { codeOfPrefixed } from './instruments.ts'
import { PythonError } from './python-error.ts'
import { createFunction } from './tool-function.ts'
import type { ToolFunction } from './tool-function.ts'

const COLUMNS = [
  // Not made a date by the function: it stays plain text.
  ...columns('text', 'date'),
  ...columns('float', 'open', 'close', 'high', 'low'),
  ...columns('int', 'volume'),
  ...columns('float', 'amount'),
]

/** Bars of one index from East Money: points, lots, yuan. */
export const INDEX_FUNCTION: ToolFunction = createFunction({
  name: 'stock_zh_index_daily_em',
  site: 'eastmoney',
  parameters: { symbol: 'csi931151', start_date: '19900101', end_date: '20500101' },
  subject: ({ symbol = '', start_date: start, end_date: end }) => ({
    code: codeOfPrefixed(symbol) ?? symbol,
    ...(start !== undefined && start === end && { date: start }),
  }),
  frame: ({ market, session }, { symbol = '', start_date: start = '', end_date: end = '' }) => {
    const bars = market.indices.bars(codeOfPrefixed(symbol) ?? '')
    if (bars.length === 0) throw new PythonError(`no such index: ${symbol}`)
    const dated = bars.map((bar) => ({ bar, date: market.calendar.sessions[bar.session] ?? '' }))
    return {
      columns: COLUMNS,
      rows: dated
        .filter(({ bar, date }) => bar.session <= session && date >= start && date <= end)
        .map(({ bar, date }) => [
          isoDate(date),
          bar.open / 10_000,
          bar.close / 10_000,
          bar.high / 10_000,
          bar.low / 10_000,
          Math.round(bar.volume / 100),
          bar.amount,
        ]),
    }
  },
})
