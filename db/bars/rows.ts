import {
  type Adjustment,
  adjustmentRatio,
  adjustPrices,
  ADJUSTMENTS,
  factorAt,
  type Prices,
  rounded,
} from '../../market/adjust.ts'
import { type DayPart, joinDays } from '../../market/bar-periods.ts'
import type { Period } from '../../market/datasets.ts'
import type { TradeDate } from '../../market/date.ts'
import type { FactorScale } from './factors.ts'
import type { MarketPeriods } from './sessions.ts'

/*
 * Stored rows → rows of an answer, lot by lot: adjusted, and joined into weeks and months where these are made of days.
 */

/** A bar as statements give it; decimals are text. The last two are there for stored weeks and months. */
export type StoredBar = [
  id: number,
  date: TradeDate,
  open: string,
  high: string,
  low: string,
  close: string,
  preClose: string | null,
  change: string | null,
  pctChg: string | null,
  volume: number,
  amount: string,
  isSt: boolean | null,
  source: string,
  disputed: boolean,
  periodStart?: TradeDate | null,
  isFinal?: boolean,
]

/** Values in the order of the columns; see columns.ts. */
export type BarRow = (string | number | boolean | null)[]

export interface RowOptions {
  period: Period
  source: string
  adjust: Adjustment
  decimals: number
  symbols: ReadonlyMap<number, string>
  scales: ReadonlyMap<number, FactorScale>
}

type Lots<T> = AsyncIterable<T[]>

/** Bars as they are stored. */
export async function* storedRows(lots: Lots<StoredBar>, options: RowOptions): AsyncGenerator<BarRow[]> {
  const isLong = options.period !== 'daily'
  const isBest = options.source === 'best'
  const rowOf = (bar: StoredBar): BarRow => {
    const [id, date, open, high, low, close, preClose, change, pctChg, volume, amount, isSt, source] = bar
    const row: BarRow = [symbolOf(options, id), date]
    if (isLong) row.push(bar[14] ?? null, bar[15] ?? null)
    row.push(open, high, low, close, preClose, change, pctChg, volume, amount)
    if (!isLong) row.push(isSt)
    row.push(source)
    if (isBest) row.push(bar[13])
    return row
  }
  for await (const lot of lots) yield lot.map(rowOf)
}

/** Daily bars, adjusted. No row is dropped: without a factor its prices are null and it says so. */
export async function* adjustedRows(lots: Lots<StoredBar>, options: RowOptions): AsyncGenerator<BarRow[]> {
  const adjusting = adjuster(options)
  const isBest = options.source === 'best'
  const { anchored } = ADJUSTMENTS[options.adjust]
  const rowOf = (bar: StoredBar): BarRow => {
    const { prices, factor, anchor, factorSource } = adjusting(bar)
    const row: BarRow = [symbolOf(options, bar[0]), bar[1]]
    addPrices(row, prices, options.decimals)
    row.push(bar[8], bar[9], bar[10], bar[11], bar[12])
    if (isBest) row.push(bar[13])
    row.push(prices !== null, factor)
    if (anchored) row.push(anchor)
    row.push(factorSource)
    return row
  }
  for await (const lot of lots) yield lot.map(rowOf)
}

/**
 * Weeks or months out of days, which must come by instrument and date. Those dated between two dates.
 *
 * @param unfinished those that are not final though the market is through with them, as `id date`
 */
export async function* joinedRows(
  lots: Lots<StoredBar>,
  options: RowOptions,
  periods: MarketPeriods,
  unfinished: ReadonlySet<string>,
  dates: { from: TradeDate; to: TradeDate },
): AsyncGenerator<BarRow[]> {
  const adjusting = adjuster(options)
  let current = null as OpenPeriod | null
  const close = (period: OpenPeriod | null): BarRow[] =>
    period !== null && period.date >= dates.from && period.date <= dates.to
      ? [joinedRow(period, options)]
      : []
  for await (const lot of lots) {
    const rows: BarRow[] = []
    for (const bar of lot) {
      const [id, date] = bar
      const { from, lastSession, isFinal } = periods.around(date)
      if (current?.id !== id || current.from !== from) {
        rows.push(...close(current))
        const isWhole = isFinal && !unfinished.has(`${id} ${lastSession ?? ''}`)
        current = { id, from, date, isFinal: isWhole, days: [], sources: new Set(), disputed: false }
      }
      addDay(current, bar, adjusting(bar))
      current.date = lastSession ?? date
    }
    yield rows
  }
  yield close(current)
}

interface OpenPeriod {
  id: number
  from: TradeDate
  /** What the bar is dated by. */
  date: TradeDate
  isFinal: boolean
  days: (DayPart & Adjusted)[]
  sources: Set<string>
  disputed: boolean
}

function addDay(period: OpenPeriod, bar: StoredBar, adjusted: Adjusted): void {
  const [, , , , , , , , , volume, amount, , source, disputed] = bar
  const { prices, factor, anchor, factorSource } = adjusted
  period.days.push({ prices, factor, anchor, factorSource, volume, amount })
  period.sources.add(source)
  period.disputed ||= disputed
}

function joinedRow(period: OpenPeriod, options: RowOptions): BarRow {
  const { prices, volume, amount } = joinDays(period.days)
  const { factor = null, anchor = null, factorSource = null } = period.days.at(-1) ?? {}
  const [source = null, another] = period.sources
  const row: BarRow = [symbolOf(options, period.id), period.date, period.from, period.isFinal]
  addPrices(row, prices, options.decimals)
  row.push(prices?.preClose ? rounded((prices.close / prices.preClose - 1) * 100, PERCENT_DECIMALS) : null)
  row.push(volume, amount, another === undefined ? source : null)
  if (options.source === 'best') row.push(period.disputed)
  if (options.adjust !== 'none') row.push(prices !== null, factor)
  if (ADJUSTMENTS[options.adjust].anchored) row.push(anchor)
  if (options.adjust !== 'none') row.push(factorSource)
  return row
}

// As Tushare serves pct_chg.
const PERCENT_DECIMALS = 4

const symbolOf = ({ symbols }: RowOptions, id: number): string | null => symbols.get(id) ?? null

interface Adjusted {
  prices: Prices | null
  factor: string | null
  anchor: string | null
  factorSource: string | null
}

/** Adjusts bars that come by instrument and date: the ratio of the bar before is that of nearly every next one. */
function adjuster({ adjust, scales }: RowOptions): (bar: StoredBar) => Adjusted {
  let before: { scale: FactorScale | undefined; factor: string | null; ratio: number | null } | null = null
  return ([id, date, open, high, low, close, preClose]) => {
    const scale = scales.get(id)
    const factor = scale ? factorAt(scale.steps, date) : null
    if (before === null || before.scale !== scale || before.factor !== factor)
      before = { scale, factor, ratio: adjustmentRatio(adjust, factor, scale?.anchor ?? null) }
    const { ratio } = before
    const raw = {
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      preClose: preClose === null ? null : Number(preClose),
    }
    return {
      prices: ratio === null ? null : adjustPrices(raw, ratio),
      factor,
      anchor: scale?.anchor ?? null,
      factorSource: factor === null ? null : (scale?.source ?? null),
    }
  }
}

/** Adds open, high, low, close, pre_close and change, rounded. */
function addPrices(row: BarRow, prices: Prices | null, decimals: number): void {
  if (prices === null) {
    row.push(null, null, null, null, null, null)
    return
  }
  const { open, high, low, close, preClose } = prices
  row.push(rounded(open, decimals), rounded(high, decimals), rounded(low, decimals), rounded(close, decimals))
  if (preClose === null) row.push(null, null)
  else row.push(rounded(preClose, decimals), rounded(close - preClose, decimals))
}
