import type { CapabilityTable, SourceCall } from '../../market/capability.ts'
import type { Dataset } from '../../market/datasets.ts'
import { shanghaiClock, toCompact } from '../../market/date.ts'
import {
  type LimitSettings,
  TUSHARE_SITE,
  tushareCapabilities,
  tushareLimits,
  tushareParts,
} from '../../market/tushare.ts'
import type {
  Answer,
  BarRow,
  CallLimits,
  FetchContext,
  PeriodCall,
  RejectedRow,
  Source,
} from '../contract.ts'
import { SourceError } from '../errors.ts'
import { insideCall } from '../rows.ts'
import { APIS, type TushareApi } from './apis.ts'
import type { TushareClient, TushareParams } from './client.ts'
import { fetchMembers, mapIndexBar } from './indices.ts'
import { fetchCalendar, fetchDisclosures, fetchNames, fetchStockList } from './lists.ts'
import { collect, mapBar, mapFactor, mapSuspension } from './map.ts'
import { asking, type AskPages } from './pages.ts'
import { periodBars } from './periods.ts'
import { fetchReports } from './reports.ts'
import { mapValuation } from './valuation.ts'

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
    const { page, pages } = asking(this.#client, context)
    switch (call.dataset) {
      case 'trade_calendar':
        return await fetchCalendar(call, page)
      case 'stock_list':
        return await fetchStockList(call, pages)
      case 'suspension':
        return await fetchDated(APIS.suspend_d, call, pages, mapSuspension)
      case 'bars':
        return await fetchDated(APIS.daily, call, pages, mapBar)
      case 'adj_factor':
        return await fetchDated(APIS.adj_factor, call, pages, mapFactor)
      case 'daily_basic':
        return await fetchDated(APIS.daily_basic, call, pages, mapValuation)
      case 'name_change':
        return await fetchNames(pages)
      case 'disclosure':
        return await fetchDisclosures(call, pages)
      case 'index_bars':
        return await fetchDated(APIS.index_daily, call, pages, mapIndexBar)
      case 'index_member':
        return await fetchMembers(call, pages)
      case 'income':
      case 'balance_sheet':
      case 'cash_flow':
      case 'fin_indicator':
        return { codeChanges: [], ...(await fetchReports(call, pages)) }
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
    return await periodBars(call, asking(this.#client, context).pages)
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}

async function fetchDated<T extends { symbol: string; trade_date: string }>(
  api: TushareApi,
  call: SourceCall,
  ask: AskPages,
  map: Parameters<typeof collect<T>>[2],
): Promise<Answer> {
  const { at, items, requests } = await ask(api, datedParams(call))
  const rejected: RejectedRow[] = []
  const rows = insideCall(call, collect(items, at, map, rejected), rejected)
  return { rows, codeChanges: [], rejected, requests }
}

function datedParams(call: SourceCall): TushareParams {
  if (call.from === null || call.to === null) throw new TypeError(`a call for ${call.dataset} needs dates`)
  const from = toCompact(call.from)
  const dates =
    call.from === call.to ? { trade_date: from } : { start_date: from, end_date: toCompact(call.to) }
  return call.symbols === null ? dates : { ts_code: call.symbols.join(','), ...dates }
}
