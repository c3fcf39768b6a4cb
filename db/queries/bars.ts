import { ADJUSTED_DECIMALS, type Adjustment } from '../../market/adjust.ts'
import { periodAround } from '../../market/bar-periods.ts'
import type { Period } from '../../market/datasets.ts'
import type { TradeDate } from '../../market/date.ts'
import { readAhead } from '../bars/ahead.ts'
import { type BarColumn, columnsOf } from '../bars/columns.ts'
import { electedBars, ofSource } from '../bars/elected.ts'
import { readFactors } from '../bars/factors.ts'
import type { BarRegion, Fragment } from '../bars/region.ts'
import { parseBar } from '../bars/record.ts'
import {
  adjustedRows,
  type BarRow,
  joinedRows,
  type RowOptions,
  type StoredBar,
  storedRows,
} from '../bars/rows.ts'
import { readPeriods, readUnfinished } from '../bars/sessions.ts'
import { type BarSurvey, readPrecedence, surveyBars, symbolsOfToday } from '../bars/survey.ts'
import { hashOf } from '../bars/version.ts'
import { isSmall, readWhole } from '../bars/whole.ts'
import { adjustedLots, barsOf, storedLots } from '../bars/whole-rows.ts'
import type { Sql } from '../client.ts'
import { type ColumnLot, rowsOfLot } from '../column-lot.ts'

export type { BarColumn } from '../bars/columns.ts'
export type { BarRow } from '../bars/rows.ts'

/** What is asked. See market/adjust.ts for what adjusted prices are. */
export interface BarsQuery {
  /** Symbols to show by instrument; null: the whole market, under the codes of today. */
  instruments: ReadonlyMap<number, string> | null
  period: Period
  /** First and last trade date. Weeks and months are dated by the market's last session in them. */
  from: TradeDate
  to: TradeDate
  adjust: Adjustment
  /** For `qfq`: prices of this day are as traded; null: of the newest day that has a factor. */
  anchor: TradeDate | null
  /** A source, or `best`: one bar out of those of all sources. */
  source: string
  /** ISO 8601: bars and factors as they were known then; null: now. */
  asOf: string | null
  /** Of adjusted prices, at most. */
  decimals?: number
  /** The last day whose bars every source has: a week or month that ends later is not final. */
  settled: TradeDate
  /** Of some instruments: by their codes of today instead of their ids. */
  isByCode?: boolean
  /** False where most likely nothing but the version is wanted, so that no rows are read with it. */
  withRows?: boolean
}

export interface BarsReading {
  columns: readonly BarColumn[]
  /**
   * Of the answer to one question: it changes with every write to what the answer is made of, and only with that. A later
   * `to` alone is no change.
   */
  version: string
  /**
   * Reads the rows in lots, by instrument (the whole market by symbol) and date. Holds a connection of the pool until the
   * last lot, or until it is left; not those of a few stocks, which are there already.
   */
  rows(): AsyncGenerator<BarRow[]>
  /** The same rows column by column, where that is less work; else null. */
  lots: (() => AsyncGenerator<ColumnLot>) | null
}

// Rows in one lot, some 100 KB of text; two are in memory. Much smaller ones cost a round trip each.
const LOT = 1_000

/**
 * Bars with adjusted prices, as they are known now or were at a moment. A whole-market day is a query for one date.
 *
 * Raw weeks and months are read as they are stored. Adjusted ones, and those of a past moment, are made of days.
 *
 * @param planned where what a chart asks for is planned once for all charts
 */
export async function readBars(sql: Sql, query: BarsQuery, planned = sql): Promise<BarsReading> {
  const { period, source, adjust, instruments, decimals = ADJUSTED_DECIMALS, withRows = true } = query
  const isAdjusted = adjust !== 'none'
  const isJoined = period !== 'daily' && (adjust !== 'none' || query.asOf !== null)
  const region = regionOf(query, isJoined)
  const named = source === 'best' ? null : source
  const isWhole = withRows && isSmall(region) && !query.isByCode
  const [survey, precedence, factors, symbols, periods, unfinished] = await Promise.all([
    isWhole
      ? readWhole({ sql, planned }, region, named, isAdjusted)
      : withoutBars(surveyBars(sql, region, named)),
    readPrecedence(sql),
    isAdjusted ? readFactors({ sql, planned }, region, query) : [],
    instruments ?? symbolsOfToday(sql),
    isJoined ? readPeriods(sql, period, region, query.settled) : null,
    isJoined ? readUnfinished(sql, period, region, named) : new Set<string>(),
  ])
  const elected =
    source === 'best' ? electedBars(sql, region, survey.sources, precedence) : ofSource(sql, region, source)
  const scales = new Map(factors.map((scale) => [scale.id, scale]))
  const options: RowOptions = { period, source, adjust, decimals, symbols, scales }
  const question = [period, source, adjust, decimals, query.anchor, query.asOf]
  const facts = [survey.version, precedence, factors, periods?.version]
  const { bars } = survey
  const lots = bars === null || periods ? null : () => (isAdjusted ? adjustedLots : storedLots)(bars, options)
  return {
    columns: columnsOf(query),
    version: hashOf([question, [...symbols], facts, [...unfinished]]),
    lots,
    rows: () => {
      if (lots) return rowsOf(lots())
      const isByCode = query.isByCode ?? instruments === null
      const stored = bars === null ? statement(sql, elected, region, { isAdjusted, isByCode }) : barsOf(bars)
      if (periods) return joinedRows(stored, options, periods, unfinished, query)
      return isAdjusted ? adjustedRows(stored, options) : storedRows(stored, options)
    },
  }
}

async function* rowsOf(lots: AsyncGenerator<ColumnLot>): AsyncGenerator<BarRow[]> {
  for await (const lot of lots) yield rowsOfLot(lot)
}

const withoutBars = async (survey: Promise<BarSurvey>) => ({ ...(await survey), bars: null })

/** The stored bars that an answer is made of: of whole weeks and months where it is made of days. */
function regionOf(query: BarsQuery, isJoined: boolean): BarRegion {
  const { from, to, period, asOf } = query
  const instruments = query.instruments === null ? null : [...query.instruments.keys()]
  if (!isJoined || period === 'daily') return { period, instruments, from, to, asOf }
  const dates = { from: periodAround(period, from).from, to: periodAround(period, to).to }
  return { period: 'daily', instruments, ...dates, asOf }
}

function statement(
  sql: Sql,
  bars: Fragment,
  { period }: BarRegion,
  { isAdjusted, isByCode }: { isAdjusted: boolean; isByCode: boolean },
): AsyncIterable<StoredBar[]> {
  const columns = sql`instrument_id, trade_date, open, high, low, close, pre_close, ${isAdjusted ? sql`null` : sql`change`},
    pct_chg, volume, amount, is_st, source, disputed ${period === 'daily' ? sql`` : sql`, period_start, is_final`}`
  const rows = isByCode
    ? sql`
      select row(${columns})::text from (${bars}) b left join (
        select instrument_id, min(code) as code from instrument_code where valid_to is null group by 1
      ) c using (instrument_id) order by code, instrument_id, trade_date`
    : sql`select row(${columns})::text from (${bars}) b order by instrument_id, trade_date`
  return readAhead(parsed(rows.values().cursor(LOT) as AsyncIterable<[string][]>))
}

async function* parsed(lots: AsyncIterable<[string][]>): AsyncGenerator<StoredBar[]> {
  for await (const lot of lots) yield lot.map(([record]) => parseBar(record))
}
