import type { SourceCall } from '../../market/capability.ts'
import { addDays, toCompact } from '../../market/date.ts'
import type { Answer, CalendarRow, RejectedRow } from '../contract.ts'
import { SourceError } from '../errors.ts'
import { APIS } from './apis.ts'
import { mapDisclosure } from './disclosures.ts'
import { collect, mapCalendarDay, mapCodeChange, mapStock } from './map.ts'
import { mapName } from './names.ts'
import { type AskPage, type AskPages, hiccup, isCut } from './pages.ts'

/*
 * Lists, which come as a whole or in parts that are no dates.
 */

const CALENDAR_START = '1990-12-19'

/** Stocks of one status, or the codes that were renumbered: the parts of the list. */
export async function fetchStockList(call: SourceCall, ask: AskPages): Promise<Answer> {
  const rejected: RejectedRow[] = []
  if (call.part === 'bse_mapping') return await fetchCodeChanges(ask, rejected)
  const status = call.part as 'L' | 'D' | 'P'
  const { at, items, requests } = await ask(APIS.stock_basic, { list_status: status })
  const rows = collect(items, at, (cells, columns) => mapStock(cells, columns, status), rejected)
  if (status === 'L' && rows.length === 0)
    throw hiccup(APIS.stock_basic, 'the list of listed stocks came empty')
  return { rows, codeChanges: [], rejected, requests }
}

/** Renumbered codes are worth having but nothing waits for them: an account without permission goes on without. */
async function fetchCodeChanges(ask: AskPages, rejected: RejectedRow[]): Promise<Answer> {
  try {
    const { at, items, requests } = await ask(APIS.bse_mapping, {})
    return { rows: [], codeChanges: collect(items, at, mapCodeChange, rejected), rejected, requests }
  } catch (error) {
    if (!(error instanceof SourceError) || error.errorClass !== 'PermissionDenied') throw error
    return {
      rows: [],
      codeChanges: [],
      rejected,
      requests: 1,
      notes: [`renumbered codes stay unknown: ${error.message}`],
    }
  }
}

/** Whole: its dates filter announcements, and would lose names whose announcement nobody knows. */
export async function fetchNames(ask: AskPages): Promise<Answer> {
  const rejected: RejectedRow[] = []
  const { at, items, requests } = await ask(APIS.namechange, {})
  if (items.length === 0) throw hiccup(APIS.namechange, 'the list of names came empty')
  const rows = collect(items, at, mapName, rejected).map(({ row }) => row)
  return { rows, codeChanges: [], rejected, requests }
}

/** The disclosure dates of one report period. */
export async function fetchDisclosures(call: SourceCall, ask: AskPages): Promise<Answer> {
  const rejected: RejectedRow[] = []
  const params = { end_date: toCompact(call.part ?? '') }
  const { at, items, requests } = await ask(APIS.disclosure_date, params)
  return { rows: collect(items, at, mapDisclosure, rejected), codeChanges: [], rejected, requests }
}

/**
 * The calendar holds every day. Newest first, a cut answer lacks the beginning; oldest first (older servers), the end.
 * Either is asked for again.
 */
export async function fetchCalendar(call: SourceCall, ask: AskPage): Promise<Answer> {
  const rejected: RejectedRow[] = []
  const rows: CalendarRow[] = []
  let requests = 0
  let from = call.from ?? CALENDAR_START
  let to = call.to
  for (;;) {
    const params = {
      exchange: 'SSE',
      start_date: toCompact(from),
      ...(to === null ? {} : { end_date: toCompact(to) }),
    }
    const page = await ask(APIS.trade_cal, params)
    requests++
    const days = collect(page.items, page.at, mapCalendarDay, rejected)
    if (days.length === 0) break
    days.sort((a, b) => (a.trade_date < b.trade_date ? -1 : 1))
    const first = days[0]?.trade_date ?? from
    const last = days.at(-1)?.trade_date ?? from
    if ((to !== null && first > to) || last < from)
      throw hiccup(APIS.trade_cal, 'the calendar came for other dates than those asked')
    for (const day of days) rows.push(day)
    if (first > from) to = addDays(first, -1)
    else if (isCut(APIS.trade_cal, page)) from = addDays(last, 1)
    else break
  }
  if (rows.length === 0) throw hiccup(APIS.trade_cal, 'the calendar came empty')
  rows.sort((a, b) => (a.trade_date < b.trade_date ? -1 : 1))
  return { rows, codeChanges: [], rejected, requests }
}
