import type { SourceCall } from '../../market/capability.ts'
import { addDays, type TradeDate } from '../../market/date.ts'
import { isIndexSymbol } from '../../market/indices.ts'
import { isBShare } from '../../market/symbol.ts'
import type { FetchContext, IndexBarRow, IndexMemberRow, RejectedRow } from '../contract.ts'
import { arePricesInOrder } from '../rows.ts'
import { APIS, type BaostockApi } from './apis.ts'
import { type BaostockClient, hiccup } from './client.ts'
import { collect, type Mapped } from './collect.ts'
import type { Columns, Row } from './table.ts'
import { dateOf, symbolOf } from './values.ts'

/** A session of an index, in our units already. */
export function mapIndexDay(row: Row, at: Columns): Mapped<IndexBarRow> {
  const symbol = symbolOf(row.text(at.code))
  if (symbol === null || !isIndexSymbol(symbol)) return { reason: 'no index of ours' }
  const trade_date = dateOf(row.text(at.date))
  if (trade_date === null) return { reason: 'no valid date' }
  const close = row.decimal(at.close)
  if (close === null || close <= 0) return { reason: 'the close is missing or not positive' }
  const prices = { open: row.decimal(at.open), high: row.decimal(at.high), low: row.decimal(at.low), close }
  if (!arePricesInOrder(prices)) return { reason: 'prices out of order' }
  return {
    symbol,
    trade_date,
    ...prices,
    pre_close: row.decimal(at.preclose),
    change: null,
    pct_chg: row.decimal(at.pctChg),
    volume: row.decimalText(at.volume),
    amount: row.decimalText(at.amount),
  }
}

const LISTS: Readonly<Record<string, { api: BaostockApi; since: TradeDate }>> = {
  '000016.SH': { api: APIS.sz50, since: '2007-02-01' },
  '000300.SH': { api: APIS.hs300, since: '2006-02-01' },
  '000905.SH': { api: APIS.zz500, since: '2007-02-01' },
}

// A list is made up on a Monday and holds for that week; over the long holidays one may stand for another week.
const OLDEST_LIST_DAYS = 14
const MONDAY = 1

/**
 * Members of one index at the end of each month of a range, and on its last day: the list that is valid on a date is all
 * that the server gives.
 */
export async function indexMembers(
  client: BaostockClient,
  { part, from, to }: SourceCall,
  context: FetchContext,
): Promise<{ rows: IndexMemberRow[]; rejected: RejectedRow[] }> {
  const list = LISTS[part ?? '']
  if (part === null || list === undefined || from === null || to === null)
    throw new TypeError('a call for members needs an index and dates')
  const rows: IndexMemberRow[] = []
  const rejected: RejectedRow[] = []
  for (const date of monthEnds(from, to)) {
    const table = await client.table(list.api, [date], context)
    const members = collect(table, mapMember(part, date, list.api), rejected)
    if (members.length === 0 && date >= list.since) throw hiccup(list.api, `the list of ${date} came empty`)
    rows.push(...members)
  }
  return { rows, rejected }
}

/** The last weekday of each month, and the last of the range. */
export function monthEnds(from: TradeDate, to: TradeDate): TradeDate[] {
  const dates: TradeDate[] = []
  for (let month = from.slice(0, 7); month <= to.slice(0, 7);) {
    const next = addDays(`${month}-01`, 31).slice(0, 7)
    const last = weekday(addDays(`${next}-01`, -1))
    dates.push(last < to ? last : to)
    month = next
  }
  return [...new Set(dates)].filter((date) => date >= from)
}

/** The day, or the Friday before it on a weekend. */
function weekday(date: TradeDate): TradeDate {
  const day = new Date(`${date}T00:00:00Z`).getUTCDay()
  return day === 6 ? addDays(date, -1) : day === 0 ? addDays(date, -2) : date
}

const mapMember =
  (index: string, date: TradeDate, api: BaostockApi) =>
  (row: Row, at: Columns): Mapped<IndexMemberRow> => {
    const updated = dateOf(row.text(at.updateDate))
    if (updated === null) return { reason: 'no valid updateDate' }
    // Lists are made up on Mondays. For a day that it knows nothing of, the server gives the newest one and the day as asked.
    const isEcho = updated === date && new Date(`${date}T00:00:00Z`).getUTCDay() !== MONDAY
    if (isEcho || updated > date || updated < addDays(date, -OLDEST_LIST_DAYS))
      throw hiccup(api, `the list of ${date} came as of ${updated}`)
    const symbol = symbolOf(row.text(at.code))
    if (symbol === null) return { reason: 'no valid code' }
    if (isBShare(symbol)) return null
    return { index_symbol: index, symbol, trade_date: date, weight: null }
  }
