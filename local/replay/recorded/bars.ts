import { BAR_FIELDS } from '../../../sources/tushare/apis.ts'
import type { Calendar } from '../calendar.ts'
import { parseFixed } from '../decimal.ts'
import { BarSeries, FactorRuns } from '../series.ts'
import type { BarValues } from '../series.ts'
import { pickColumns, readCsv } from './csv.ts'

/** Columns of recorded bars, by Tushare's names and in its order. */
export const BAR_COLUMNS = BAR_FIELDS.split(',')

interface Bar extends BarValues {
  session: number
  /** 0.0001 % as recorded: older rows have 2 decimals only. */
  pct: number
}

/** Bars of all codes, and how many rows came more than once (always with the same values). */
export interface RecordedBars {
  readonly byCode: ReadonlyMap<string, BarSeries>
  readonly duplicates: number
}

const toBar = (row: readonly string[], session: number): Bar => {
  const [open, high, low, close, preClose, change] = row.slice(2, 8).map((text) => parseFixed(text, 2))
  if (
    open === undefined ||
    high === undefined ||
    low === undefined ||
    close === undefined ||
    preClose === undefined
  ) {
    throw new Error(`short row: ${row.join()}`)
  }
  // The neutral form has no change: it must follow from the closes, or a served value would not be the recorded one.
  if (change !== close - preClose) throw new Error(`change is not close - pre_close: ${row.join()}`)
  const [pct = '', volume = '', amount = ''] = row.slice(8)
  return {
    session,
    open,
    high,
    low,
    close,
    preClose,
    pct: parseFixed(pct, 4),
    volume: parseFixed(volume, 2),
    amount: parseFixed(amount, 3),
  }
}

const isSame = (a: Bar, b: Bar): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Ascending and each session once; two rows of one session must be equal. */
const unite = (code: string, bars: Bar[]): Bar[] => {
  bars.sort((a, b) => a.session - b.session)
  return bars.filter((bar, i) => {
    const before = bars[i - 1]
    if (before?.session !== bar.session) return true
    if (!isSame(before, bar)) throw new Error(`two different rows of ${code} at session ${bar.session}`)
    return false
  })
}

const toSeries = (bars: readonly Bar[]): BarSeries => {
  const series = new BarSeries(
    0,
    bars.length,
    Uint16Array.from(bars, (bar) => bar.session),
    Int32Array.from(bars, (bar) => bar.pct),
  )
  bars.forEach((bar, row) => {
    series.set(row, bar)
  })
  return series
}

const sessionOf = (calendar: Calendar, date: string): number => {
  const session = calendar.indexOf(date)
  if (session < 0) throw new Error(`${date} is no session of the recorded calendar`)
  return session
}

/** Reads the daily files of a recording; overlapping rows are served once. */
export const readBars = (directory: string, files: readonly string[], calendar: Calendar): RecordedBars => {
  const collected = new Map<string, Bar[]>()
  let rows = 0
  for (const file of files) {
    for (const row of pickColumns(readCsv(directory, file), BAR_COLUMNS)) {
      const [code = '', date = ''] = row
      const bars = collected.get(code) ?? []
      collected.set(code, bars)
      bars.push(toBar(row, sessionOf(calendar, date)))
      rows += 1
    }
  }
  const byCode = new Map([...collected].map(([code, bars]) => [code, toSeries(unite(code, bars))]))
  const kept = [...byCode.values()].reduce((sum, series) => sum + series.count, 0)
  return { byCode, duplicates: rows - kept }
}

const toRuns = (code: string, rows: (readonly [session: number, value: number])[]): FactorRuns => {
  rows.sort((a, b) => a[0] - b[0])
  const runs: { from: number; to: number; value: number }[] = []
  for (const [session, value] of rows) {
    const last = runs.at(-1)
    if (last?.to === session && last.value !== value)
      throw new Error(`two factors of ${code} at session ${session}`)
    if (last !== undefined && last.value === value && session - last.to <= 1) last.to = session
    else runs.push({ from: session, to: session, value })
  }
  return new FactorRuns(
    Uint16Array.from(runs, (run) => run.from),
    Uint16Array.from(runs, (run) => run.to),
    Float64Array.from(runs, (run) => run.value),
  )
}

/** Reads the factor files of a recording. */
export const readFactors = (
  directory: string,
  files: readonly string[],
  calendar: Calendar,
): ReadonlyMap<string, FactorRuns> => {
  const collected = new Map<string, (readonly [number, number])[]>()
  for (const file of files) {
    for (const [code = '', date = '', factor = ''] of pickColumns(readCsv(directory, file), [
      'ts_code',
      'trade_date',
      'adj_factor',
    ])) {
      const rows = collected.get(code) ?? []
      collected.set(code, rows)
      rows.push([sessionOf(calendar, date), parseFixed(factor, 4)])
    }
  }
  return new Map([...collected].map(([code, rows]) => [code, toRuns(code, rows)]))
}
