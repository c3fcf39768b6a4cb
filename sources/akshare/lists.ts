import { addDays } from '../../market/date.ts'
import {
  type Board,
  boardOf,
  type ExchangeSuffix,
  exchangeOf,
  isBShare,
  isSymbol,
  parseSymbol,
} from '../../market/symbol.ts'
import type { CalendarRow, StockRow } from '../contract.ts'
import type { Ask } from './ask.ts'
import { drift } from './columns.ts'
import { emptyAnswer, isEmptyAnswer } from './failure.ts'
import type { AkshareFunction } from './functions.ts'
import { type Collected, collect, type Mapped, refuseDrift } from './map.ts'
import { codeOf, countOf, dateOf, type Row, textOf } from './values.ts'

/** One list of one exchange. */
interface Part {
  name: AkshareFunction
  ask: (ask: Ask) => Promise<readonly Row[]>
  suffix: ExchangeSuffix
  status: 'L' | 'D'
  columns: { code: string; name: string; listed: string; delisted?: string; industry?: string; area?: string }
  /** What the list is of, as Tushare calls it; null where it says itself or holds several. */
  market: string | null
  /** A full answer of this size is a page of something longer. */
  pageSize?: number
  /** Of delisted stocks: the part with the listed ones of the same exchange. */
  listed?: string
}

const LISTED = { code: '证券代码', name: '证券简称', listed: '上市日期' } as const

const PARTS: Readonly<Record<string, Part>> = {
  sh_main: {
    name: 'stock_info_sh_name_code',
    ask: (ask) => ask('stock_info_sh_name_code', { symbol: '主板A股' }),
    suffix: 'SH',
    status: 'L',
    columns: LISTED,
    market: '主板',
    pageSize: 10_000,
  },
  sh_star: {
    name: 'stock_info_sh_name_code',
    ask: (ask) => ask('stock_info_sh_name_code', { symbol: '科创板' }),
    suffix: 'SH',
    status: 'L',
    columns: LISTED,
    market: '科创板',
    pageSize: 10_000,
  },
  sz: {
    name: 'stock_info_sz_name_code',
    ask: (ask) => ask('stock_info_sz_name_code', { symbol: 'A股列表' }),
    suffix: 'SZ',
    status: 'L',
    columns: { code: 'A股代码', name: 'A股简称', listed: 'A股上市日期', industry: '所属行业' },
    market: null,
  },
  bj: {
    name: 'stock_info_bj_name_code',
    ask: (ask) => ask('stock_info_bj_name_code', {}),
    suffix: 'BJ',
    status: 'L',
    columns: { ...LISTED, industry: '所属行业', area: '地区' },
    market: '北交所',
  },
  sh_delist: {
    name: 'stock_info_sh_delist',
    ask: (ask) => ask('stock_info_sh_delist', { symbol: '全部' }),
    suffix: 'SH',
    status: 'D',
    columns: { code: '公司代码', name: '公司简称', listed: '上市日期', delisted: '暂停上市日期' },
    market: null,
    pageSize: 500,
    listed: 'sh_main',
  },
  sz_delist: {
    name: 'stock_info_sz_delist',
    ask: (ask) => ask('stock_info_sz_delist', { symbol: '终止上市公司' }),
    suffix: 'SZ',
    status: 'D',
    columns: { ...LISTED, delisted: '终止上市日期' },
    market: null,
    listed: 'sz',
  },
}

const CACHED =
  'AKTools keeps the lists of listed stocks from its first call on: restart it daily, or new listings and new names never appear'

/** One list of stocks; B shares are left out. */
export async function stockList(
  ask: Ask,
  partName: string | null,
): Promise<Collected<StockRow> & { requests: number; notes: readonly string[] }> {
  const part = partOf(partName)
  const { items, requests } = await itemsOf(part, ask)
  if (part.pageSize !== undefined && items.length >= part.pageSize)
    throw drift(part.name, `${items.length} rows are a full page: the rest of the list is cut off`, items)
  const collected = collect(
    items,
    (row) => mapStock(row, part),
    (row) => ({ symbol: symbolIn(row, part), trade_date: null }),
  )
  refuseDrift(part.name, items, collected)
  return { ...collected, requests, notes: partName === 'sh_main' ? [CACHED] : [] }
}

function partOf(name: string | null): Part {
  const part = Object.hasOwn(PARTS, name ?? '') ? PARTS[name ?? ''] : undefined
  if (!part) throw new TypeError(`the stock list has no part ${name ?? 'without a name'}`)
  return part
}

// No exchange that lists as many has not lost one yet. Smaller markets are sandboxes.
const LOST_SOME = 1_000

/**
 * The rows of a list. One of delisted stocks may be empty in a small market, and looks like a block by the site then: it is
 * believed when the same exchange says which stocks it lists.
 */
async function itemsOf(part: Part, ask: Ask): Promise<{ items: readonly Row[]; requests: number }> {
  try {
    return { items: await part.ask(ask), requests: 1 }
  } catch (error) {
    if (part.listed === undefined || !isEmptyAnswer(error)) throw error
  }
  const listed = await partOf(part.listed).ask(ask)
  if (listed.length >= LOST_SOME) throw emptyAnswer(part.name)
  return { items: [], requests: 2 }
}

function symbolIn(row: Row, { columns, suffix }: Part): string | null {
  const code = codeOf(row[columns.code])
  if (code === null) return null
  const symbol = `${code}.${suffix}`
  // Digits that name another exchange are another column's; letters (T00018) name none.
  return isSymbol(symbol) && (parseSymbol(code) ?? symbol) === symbol ? symbol : null
}

const BOARDS: Readonly<Record<string, Board>> = { 主板: 'main', 创业板: 'chinext' }

function mapStock(row: Row, part: Part): Mapped<StockRow> {
  const { columns, status } = part
  const symbol = symbolIn(row, part)
  if (symbol === null) return { reason: 'no code of this exchange' }
  if (isBShare(symbol)) return null
  if (sharesMoved(row)) return { reason: 'more shares float than there are' }
  const list_date = dateOf(row[columns.listed])
  const delist_date = columns.delisted === undefined ? null : dateOf(row[columns.delisted])
  if (columns.delisted !== undefined && delist_date === null) return { reason: 'no date of the delisting' }
  if (list_date !== null && delist_date !== null && delist_date < list_date)
    return { reason: 'delisted before it was listed' }
  const board = textOf(row.板块)
  return {
    symbol,
    name: textOf(row[columns.name]),
    area: columns.area === undefined ? null : textOf(row[columns.area]),
    industry: columns.industry === undefined ? null : textOf(row[columns.industry]),
    fullname: textOf(row.公司全称),
    enname: null,
    cnspell: null,
    market: boardOf(symbol) === 'cdr' ? 'CDR' : (part.market ?? board),
    board: (board === null ? undefined : BOARDS[board]) ?? boardOf(symbol),
    exchange: exchangeOf(symbol),
    curr_type: null,
    list_status: status,
    list_date,
    delist_date,
    is_hs: null,
  }
}

/** Beijing's columns are named by position: floating and total shares in each other's place give it away. */
function sharesMoved(row: Row): boolean {
  const total = countOf(row.总股本 ?? row.A股总股本)
  const floating = countOf(row.流通股本 ?? row.A股流通股本)
  return total !== null && floating !== null && floating > total
}

// The longest break so far was 20 days (February 1999): a longer one is a piece that is missing.
const LONGEST_BREAK_DAYS = 25

/**
 * The calendar from its first session to its last: the site lists open days only, every other day between is closed.
 * After the last day nothing is known: the next year comes late in December.
 */
export async function calendarDays(
  ask: Ask,
  from: string | null,
  to: string | null,
): Promise<Collected<CalendarRow> & { requests: number }> {
  const name = 'tool_trade_date_hist_sina'
  const items = await ask(name, {})
  const collected = collect(items, openDay, () => ({ symbol: null, trade_date: null }))
  refuseDrift(name, items, collected)
  const sessions = [...new Set(collected.rows.map(({ date }) => date))].sort()
  const rows: CalendarRow[] = []
  for (const [i, session] of sessions.entries()) {
    const previous = sessions[i - 1] ?? null
    if (previous !== null && addDays(previous, LONGEST_BREAK_DAYS) < session)
      throw drift(name, `no session between ${previous} and ${session}: a piece is missing`, items)
    for (let day = previous === null ? session : addDays(previous, 1); day <= session; day = addDays(day, 1))
      rows.push({
        exchange: 'SSE',
        trade_date: day,
        is_open: day === session,
        previous_trade_date: previous,
      })
  }
  const asked = rows.filter((row) => row.trade_date >= (from ?? '') && row.trade_date <= (to ?? '9999'))
  return { rows: asked, rejected: collected.rejected, requests: 1 }
}

function openDay(row: Row): Mapped<{ date: string }> {
  const date = dateOf(row.trade_date)
  if (date === null) return { reason: 'no valid date' }
  if (new Date(`${date}T00:00:00Z`).getUTCDay() % 6 === 0) return { reason: 'a session on a weekend' }
  return { date }
}
