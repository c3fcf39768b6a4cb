import type { AktoolsFault } from '../../../local/replay/aktools/faults.ts'
import type { Fault } from '../../../local/replay/faults.ts'
import type { SourceName } from '../../../market/sources.ts'
import { type FaultCase, ORDER } from './case.ts'

/* Slips of units that upstreams have made or may make, on columns of daily bars. Each is off by ten at least. */

interface Columns {
  api: string
  volume: string
  amount: string
  prices: readonly string[]
}

const COLUMNS: Readonly<Record<SourceName, Columns>> = {
  tushare: { api: 'daily', volume: 'vol', amount: 'amount', prices: ['open', 'high', 'low', 'close'] },
  baostock: {
    api: 'query_history_k_data_plus',
    volume: 'volume',
    amount: 'amount',
    prices: ['open', 'high', 'low', 'close'],
  },
  akshare: {
    api: 'stock_zh_a_hist',
    volume: '成交量',
    amount: '成交额',
    prices: ['开盘', '最高', '最低', '收盘'],
  },
}

const WRONG_UNIT = /wrong unit|volume is not a whole number of shares/

/** Every slip of a source on all of its bars. AKShare takes nothing of such an answer, the others refuse row by row. */
export function unitCases(source: SourceName): readonly FaultCase[] {
  const { api, volume, amount, prices } = COLUMNS[source]
  const slip = (fault: string, columns: readonly string[], factor: number): FaultCase => ({
    source,
    fault,
    faults: columns.map((column): Fault & AktoolsFault => ({ kind: 'wrong_unit', api, column, factor })),
    errorClass: source === 'akshare' ? 'SchemaDrift' : 'none',
    reason: WRONG_UNIT,
    next: ORDER[source][1],
    refused: source === 'akshare' ? 'none' : 'all',
    all: source === 'akshare' ? 'fails' : 'lacks',
    scope: 'stocks',
    modes: ['failover'],
    isSilent: false,
  })
  return [
    slip('a hundred times the volume', [volume], 100),
    slip('a hundredth of the volume', [volume], 0.01),
    slip('a thousand times the amount', [amount], 1_000),
    slip('a thousandth of the amount', [amount], 0.001),
    slip('prices in cents', prices, 100),
  ]
}
