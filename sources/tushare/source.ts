import type { CapabilityTable, SourceCall } from '../../market/capability.ts'
import type { Dataset } from '../../market/datasets.ts'
import { addDays, shanghaiClock, toCompact } from '../../market/date.ts'
import {
  type LimitSettings,
  TUSHARE_SITE,
  tushareCapabilities,
  tushareLimits,
  tushareParts,
} from '../../market/tushare.ts'
import {
  AnswerTooLarge,
  type Answer,
  type BarRow,
  type CalendarRow,
  type CallLimits,
  type FetchContext,
  type PeriodCall,
  type RejectedRow,
  type Source,
} from '../contract.ts'
import { SourceError } from '../errors.ts'
import { insideCall } from '../rows.ts'
import { APIS, type TushareApi } from './apis.ts'
import type { TushareClient, TushareParams } from './client.ts'
import { mapDisclosure } from './disclosures.ts'
import {
  type Cells,
  collect,
  type Columns,
  mapBar,
  mapCalendarDay,
  mapCodeChange,
  mapFactor,
  mapStock,
  mapSuspension,
} from './map.ts'
import { fetchMembers, mapIndexBar } from './indices.ts'
import { mapName } from './names.ts'
import { hiccup, inOrderOf, isCut, type Page } from './page.ts'
import { periodBars } from './periods.ts'
import { fetchReports } from './reports.ts'
import { mapValuation } from './valuation.ts'

// The server refuses larger offsets (50101), so a query can never page past it: split the call instead.
const MAX_OFFSET = 100_000
const CALENDAR_START = '1990-12-19'

interface Table {
  at: Columns
  items: readonly Cells[]
  requests: number
}

/** Tushare Pro behind the one interface of sources. */
export class TushareSource implements Source {
  readonly name = 'tushare'
  readonly capabilities: CapabilityTable
  readonly retriesInPlace = true
  readonly periods = { api: APIS.weekly.api, wholeMarket: true }
  readonly account: string
  readonly #client: TushareClient
  readonly #limits: LimitSettings
  readonly #now: () => Date

  /** @param now which report periods are open depends on it */
  constructor(client: TushareClient, limits: LimitSettings, now: () => Date = () => new Date()) {
    this.#now = now
    this.#client = client
    this.#limits = limits
    this.account = client.account
    this.capabilities = tushareCapabilities(limits.points)
  }

  limitsOf(api: string): CallLimits {
    return tushareLimits(api, this.#limits)
  }

  budgetOf(api: string): string {
    return api
  }

  siteOf(): string {
    return TUSHARE_SITE
  }

  partsOf(dataset: Dataset): readonly string[] {
    return tushareParts(dataset, shanghaiClock(this.#now()).date)
  }

  async fetch(call: SourceCall, context: FetchContext): Promise<Answer> {
    switch (call.dataset) {
      case 'trade_calendar':
        return await this.#calendar(call, context)
      case 'stock_list':
        return await this.#stockList(call, context)
      case 'suspension':
        return await this.#dated(APIS.suspend_d, call, context, mapSuspension)
      case 'bars':
        return await this.#dated(APIS.daily, call, context, mapBar)
      case 'adj_factor':
        return await this.#dated(APIS.adj_factor, call, context, mapFactor)
      case 'daily_basic':
        return await this.#dated(APIS.daily_basic, call, context, mapValuation)
      case 'name_change':
        return await this.#names(context)
      case 'disclosure':
        return await this.#disclosures(call, context)
      case 'index_bars':
        return await this.#dated(APIS.index_daily, call, context, mapIndexBar)
      case 'index_member':
        return await fetchMembers(call, (api, params) => this.#pages(api, params, context))
      case 'income':
      case 'balance_sheet':
      case 'cash_flow':
      case 'fin_indicator':
        return {
          codeChanges: [],
          ...(await fetchReports(call, (api, params) => this.#pages(api, params, context))),
        }
      default:
        throw new SourceError({
          source: 'tushare',
          api: call.dataset,
          errorClass: 'NotServed',
          upstreamMessage: 'Tushare is not asked for this',
        })
    }
  }

  async probe(context: FetchContext): Promise<{ latencyMs: number }> {
    await context.reserve(APIS.daily.api)
    const started = performance.now()
    // `daily` is the one interface that every account may call.
    await this.#client.call(
      'daily',
      { ts_code: '000001.SZ', trade_date: '20240102' },
      APIS.daily.fields,
      context.signal,
    )
    return { latencyMs: performance.now() - started }
  }

  async fetchPeriods(call: PeriodCall, context: FetchContext): Promise<BarRow[]> {
    return await periodBars(call, (api, params) => this.#pages(api, params, context))
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  async #dated<T extends { symbol: string; trade_date: string }>(
    api: TushareApi,
    call: SourceCall,
    context: FetchContext,
    map: Parameters<typeof collect<T>>[2],
  ): Promise<Answer> {
    const { at, items, requests } = await this.#pages(api, datedParams(call), context)
    const rejected: RejectedRow[] = []
    const rows = insideCall(call, collect(items, at, map, rejected), rejected)
    return { rows, codeChanges: [], rejected, requests }
  }

  /** Whole: its dates filter announcements, and would lose names whose announcement nobody knows. */
  async #names(context: FetchContext): Promise<Answer> {
    const rejected: RejectedRow[] = []
    const { at, items, requests } = await this.#pages(APIS.namechange, {}, context)
    if (items.length === 0) throw hiccup(APIS.namechange, 'the list of names came empty')
    const rows = collect(items, at, mapName, rejected).map(({ row }) => row)
    return { rows, codeChanges: [], rejected, requests }
  }

  async #disclosures(call: SourceCall, context: FetchContext): Promise<Answer> {
    const rejected: RejectedRow[] = []
    const params = { end_date: toCompact(call.part ?? '') }
    const { at, items, requests } = await this.#pages(APIS.disclosure_date, params, context)
    return { rows: collect(items, at, mapDisclosure, rejected), codeChanges: [], rejected, requests }
  }

  async #stockList(call: SourceCall, context: FetchContext): Promise<Answer> {
    const rejected: RejectedRow[] = []
    if (call.part === 'bse_mapping') return await this.#codeChanges(context, rejected)
    const status = call.part as 'L' | 'D' | 'P'
    const { at, items, requests } = await this.#pages(APIS.stock_basic, { list_status: status }, context)
    const rows = collect(items, at, (cells, columns) => mapStock(cells, columns, status), rejected)
    if (status === 'L' && rows.length === 0)
      throw hiccup(APIS.stock_basic, 'the list of listed stocks came empty')
    return { rows, codeChanges: [], rejected, requests }
  }

  /** Renumbered codes are worth having but nothing waits for them: an account without permission goes on without. */
  async #codeChanges(context: FetchContext, rejected: RejectedRow[]): Promise<Answer> {
    try {
      const { at, items, requests } = await this.#pages(APIS.bse_mapping, {}, context)
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

  /**
   * The calendar holds every day. Newest first, a cut answer lacks the beginning; oldest first (older servers), the end.
   * Either is asked for again.
   */
  async #calendar(call: SourceCall, context: FetchContext): Promise<Answer> {
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
      const table = await this.#request(APIS.trade_cal, params, context)
      requests++
      const days = collect(table.items, table.at, mapCalendarDay, rejected)
      if (days.length === 0) break
      days.sort((a, b) => (a.trade_date < b.trade_date ? -1 : 1))
      const first = days[0]?.trade_date ?? from
      const last = days.at(-1)?.trade_date ?? from
      if ((to !== null && first > to) || last < from)
        throw hiccup(APIS.trade_cal, 'the calendar came for other dates than those asked')
      for (const day of days) rows.push(day)
      if (first > from) to = addDays(first, -1)
      else if (isCut(APIS.trade_cal, table)) from = addDays(last, 1)
      else break
    }
    if (rows.length === 0) throw hiccup(APIS.trade_cal, 'the calendar came empty')
    rows.sort((a, b) => (a.trade_date < b.trade_date ? -1 : 1))
    return { rows, codeChanges: [], rejected, requests }
  }

  /** All pages of one query. Truncation is silent upstream: a full page or `has_more` asks for the next one. */
  async #pages(api: TushareApi, params: TushareParams, context: FetchContext): Promise<Table> {
    const items: Cells[] = []
    let at: Columns | undefined
    for (let requests = 1; ; requests++) {
      if (items.length > MAX_OFFSET) throw new AnswerTooLarge(`${api.api}: more than ${MAX_OFFSET} rows`)
      const paged = items.length === 0 ? params : { ...params, offset: items.length, limit: api.cap }
      const page = await this.#request(api, paged, context)
      at ??= page.at
      for (const item of inOrderOf(at, page)) items.push(item)
      if (!isCut(api, page)) return { at, items, requests }
      if (page.items.length === 0) throw hiccup(api, 'more rows were announced and did not come')
    }
  }

  async #request(api: TushareApi, params: TushareParams, context: FetchContext): Promise<Page> {
    await context.reserve(api.api)
    const table = await this.#client.call(api.api, params, api.fields, context.signal)
    const at = Object.fromEntries(table.fields.map((name, i) => [name, i]))
    const absent = api.required.filter((name) => at[name] === undefined)
    if (absent.length > 0) {
      throw new SourceError({
        source: 'tushare',
        api: api.api,
        errorClass: 'SchemaDrift',
        upstreamMessage: `the answer lacks ${absent.join(', ')}`,
        sample: this.#client.redacted(
          JSON.stringify({ fields: table.fields, first: table.items[0] ?? null }),
        ),
      })
    }
    return { at, items: table.items, hasMore: table.hasMore }
  }
}

function datedParams(call: SourceCall): TushareParams {
  if (call.from === null || call.to === null) throw new TypeError(`a call for ${call.dataset} needs dates`)
  const from = toCompact(call.from)
  const dates =
    call.from === call.to ? { trade_date: from } : { start_date: from, end_date: toCompact(call.to) }
  return call.symbols === null ? dates : { ts_code: call.symbols.join(','), ...dates }
}
