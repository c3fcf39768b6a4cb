import { APIS } from '../../../sources/baostock/apis.ts'
import type { FetchContext } from '../../../sources/contract.ts'
import { CALENDAR_DAY, type Lab } from './upstream.ts'
import { plainFrame } from './wire.ts'

/** One small request. */
export const ask = ({ client, context }: Lab, differs: Partial<FetchContext> = {}) =>
  client.table(APIS.trade_dates, ['2024-01-02', '2024-01-02'], { ...context, ...differs })

export const ROWS = CALENDAR_DAY.rows

/** The answer to `ask` as it stands on the wire. */
export const page = (number: number, method = 'query_trade_dates', start = '2024-01-02'): Buffer =>
  plainFrame(
    '34',
    [
      ...['0', 'success', method, 'anonymous', String(number), '2000'],
      JSON.stringify({ record: ROWS }),
      ...[start, '2024-01-02', 'calendar_date, is_trading_day'],
    ].join('\x01'),
  )
