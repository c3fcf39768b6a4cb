import type { Calendar } from '../calendar.ts'
import { parseFixed } from '../decimal.ts'
import type { IndexBar, IndexList, IndexMarket } from '../indices.ts'
import { pickColumns, readCsv } from './csv.ts'

const BAR_COLUMNS = ['ts_code', 'trade_date', 'open', 'high', 'low', 'close', 'pre_close', 'vol', 'amount']
/** Recorded under Tushare's second code of the index. */
const RECORDED_CODE = '399300.SZ'
const CSI_300 = '000300.SH'
const CSI_500 = '000905.SH'

const readBars = (directory: string, calendar: Calendar): Map<string, IndexBar[]> => {
  const bars = new Map<string, IndexBar[]>()
  for (const [code = '', date = '', ...texts] of pickColumns(
    readCsv(directory, 'index_daily'),
    BAR_COLUMNS,
  )) {
    const [open = 0, high = 0, low = 0, close = 0, preClose = 0] = texts
      .slice(0, 5)
      .map((text) => parseFixed(text, 4))
    const volume = parseFixed(texts[5] ?? '', 2)
    const amount = parseFixed(texts[6] ?? '', 3)
    const bar = { session: calendar.indexOf(date), open, high, low, close, preClose, volume, amount }
    bars.set(code, [...(bars.get(code) ?? []), bar])
  }
  for (const own of bars.values()) own.sort((a, b) => a.session - b.session)
  return bars
}

/** Lists by date, from rows of date, code and weight. */
const listsOf = (rows: readonly (readonly string[])[], calendar: Calendar): IndexList[] => {
  const byDate = new Map<string, { code: string; weight: number | null }[]>()
  for (const [date = '', code = '', weight] of rows) {
    const member = { code, weight: weight === undefined ? null : parseFixed(weight, 4) }
    byDate.set(date, [...(byDate.get(date) ?? []), member])
  }
  return [...byDate]
    .map(([date, members]) => ({ session: calendar.atOrBefore(date), members }))
    .sort((a, b) => a.session - b.session)
}

/** The recorded bars of the CSI 300, its members of January 2020 and those of the CSI 500 of two years. */
export const readIndices = (directory: string, calendar: Calendar): IndexMarket => {
  const bars = readBars(directory, calendar)
  const csi300 = listsOf(
    pickColumns(readCsv(directory, 'index_weight'), ['trade_date', 'con_code', 'weight']),
    calendar,
  )
  const csi500 = listsOf(
    pickColumns(readCsv(directory, 'csi500_members'), ['trade_date', 'con_code']),
    calendar,
  )
  const lists: Readonly<Record<string, IndexList[]>> = { [RECORDED_CODE]: csi300, [CSI_500]: csi500 }
  const valid: Readonly<Record<string, IndexList[]>> = { [CSI_300]: csi300, [CSI_500]: csi500 }
  return {
    bars: (symbol) => bars.get(symbol) ?? [],
    lists: (symbol) => lists[symbol] ?? [],
    listOn: (symbol, session) => valid[symbol]?.findLast((list) => list.session <= session),
  }
}
