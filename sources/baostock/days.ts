import type { SourceCall } from '../../market/capability.ts'
import type { Answer, BarRow, DailyBasicRow, RejectedRow, SuspensionRow } from '../contract.ts'
import { insideOf, NOT_ASKED } from '../rows.ts'
import type { Table } from './client.ts'
import { readLines } from './collect.ts'
import { isBar, mapDay } from './map.ts'
import { valuationOf } from './valuation.ts'

/*
 * A line of a stock's day is a bar and a valuation, or says that the stock was suspended. All of it is read in one pass: the
 * lines of a whole market are more than a processor's caches hold.
 */

type Days = Pick<Answer, 'rows' | 'rejected' | 'alongside'>

/** Bars, with the valuations and the suspensions that come along. A line that is refused as a bar has no valuation either. */
export function readBars(table: Table, call: SourceCall): Days {
  const { bars, suspension, daily_basic, rejected } = readDays(table, call)
  return { rows: bars, rejected, alongside: { ...alongside(suspension), daily_basic } }
}

/** The valuations of the same lines; bars that nobody asked for are left to those who do. */
export function readValuations(table: Table, call: SourceCall): Days {
  const { suspension, daily_basic, rejected } = readDays(table, call)
  return { rows: daily_basic, rejected, alongside: alongside(suspension) }
}

const alongside = (suspension: SuspensionRow[]) => (suspension.length > 0 ? { suspension } : {})

function readDays(table: Table, call: SourceCall) {
  const isInside = insideOf(call)
  const bars: BarRow[] = []
  const suspension: SuspensionRow[] = []
  const daily_basic: DailyBasicRow[] = []
  const rejected: RejectedRow[] = []
  readLines(table, rejected, (row, at) => {
    const day = mapDay(row, at)
    if (day === null || 'reason' in day) return day
    if (!isInside(day)) return NOT_ASKED
    if (!isBar(day)) {
      suspension.push(day)
      return null
    }
    bars.push(day)
    const valuation = valuationOf(row, at, day.symbol, day.trade_date)
    if ('reason' in valuation) return valuation
    daily_basic.push(valuation)
    return null
  })
  return { bars, suspension, daily_basic, rejected }
}
