import {
  AKSHARE_CAPABILITIES,
  AKSHARE_LIST_PARTS,
  akshareLimits,
  type AkshareSettings,
} from '../../market/akshare.ts'
import type { SourceCall } from '../../market/capability.ts'
import type { Dataset } from '../../market/datasets.ts'
import { shanghaiClock, toCompact } from '../../market/date.ts'
import type { Answer, CallLimits, FetchContext, Source } from '../contract.ts'
import { type Ask, askerOf } from './ask.ts'
import { historyBars } from './bars.ts'
import type { AktoolsClient } from './client.ts'
import { factors, factorTable } from './factors.ts'
import { failure } from './failure.ts'
import { type AkshareFunction, FUNCTIONS, isAkshareFunction } from './functions.ts'
import { indexBars } from './indices.ts'
import { marketReports } from './reports.ts'
import { calendarDays, stockList } from './lists.ts'
import { snapshotBars, snapshotBasics } from './snapshot.ts'

/** What a call brought, before it is an `Answer`. */
type Brought = Pick<Answer, 'rows' | 'rejected' | 'requests' | 'notes' | 'alongside'>

interface Probe {
  name: AkshareFunction
  send: (ask: Ask, now: Date) => Promise<unknown>
}

/** The cheapest request to each site. */
const PROBES: Readonly<Partial<Record<string, Probe>>> = {
  eastmoney: {
    name: 'stock_zh_a_hist',
    // One request to the site however long the range is; this one holds sessions in every market that is replayed.
    send: (ask, now) =>
      ask('stock_zh_a_hist', {
        symbol: '000001',
        period: 'daily',
        start_date: '20240102',
        end_date: toCompact(shanghaiClock(now).date),
        adjust: '',
      }),
  },
  sina: {
    name: 'stock_zh_a_daily',
    send: (ask) => factorTable(ask, '000001.SZ'),
  },
  exchanges: {
    name: 'stock_info_sh_delist',
    send: (ask) => stockList(ask, 'sh_delist'),
  },
}

/** AKShare through an AKTools bridge behind the one interface of sources. */
export class AkshareSource implements Source {
  readonly name = 'akshare'
  readonly account = 'address'
  readonly capabilities = AKSHARE_CAPABILITIES
  // A second request at once is what gets an address banned.
  readonly retriesInPlace = false
  readonly #client: AktoolsClient
  readonly #settings: Pick<AkshareSettings, 'callsPerMinute' | 'minIntervalMs'>
  readonly #clock: () => Date

  /** @param clock what time it is: the snapshot of the market has no date of its own */
  constructor(
    client: AktoolsClient,
    settings: Pick<AkshareSettings, 'callsPerMinute' | 'minIntervalMs'>,
    clock: () => Date = () => new Date(),
  ) {
    this.#client = client
    this.#settings = settings
    this.#clock = clock
  }

  limitsOf(budget: string): CallLimits {
    return akshareLimits(budget, this.#settings)
  }

  budgetOf(api: string): string {
    return this.siteOf(api)
  }

  /** The web site behind a function; a site's own name stays as it is. */
  siteOf(api: string): string {
    return isAkshareFunction(api) ? FUNCTIONS[api].site : api
  }

  partsOf(dataset: Dataset): readonly string[] {
    return AKSHARE_LIST_PARTS[dataset] ?? []
  }

  async fetch(call: SourceCall, context: FetchContext): Promise<Answer> {
    const ask = askerOf(this.#client, this.#settings, context)
    return { codeChanges: [], ...(await this.#bring(call, ask)) }
  }

  /** The bridge is asked first, which costs nothing, then the site behind it. */
  async probe(context: FetchContext, site: string): Promise<{ latencyMs: number }> {
    const request = PROBES[site]
    if (!request) throw new RangeError(`AKShare has no site ${site}`)
    await this.#client.ready(request.name, context.signal)
    let started = 0
    await request.send(
      askerOf(this.#client, this.#settings, context, () => (started = performance.now())),
      this.#clock(),
    )
    return { latencyMs: performance.now() - started }
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  async #bring(call: SourceCall, ask: Ask): Promise<Brought> {
    switch (call.dataset) {
      case 'trade_calendar':
        return await calendarDays(ask, call.from, call.to)
      case 'stock_list':
        return await stockList(ask, call.part)
      case 'bars':
        return call.symbols === null
          ? await snapshotBars(ask, call, this.#clock)
          : await historyBars(ask, call, this.#clock())
      case 'adj_factor':
        return await factors(ask, call)
      case 'income':
      case 'balance_sheet':
      case 'cash_flow':
      case 'fin_indicator':
        return await marketReports(ask, call, this.#clock())
      case 'index_bars':
        return await indexBars(ask, call, this.#clock())
      case 'daily_basic':
        return await snapshotBasics(ask, call, this.#clock)
      default:
        throw failure(call.dataset, 'NotServed', `AKShare is not asked for ${call.dataset}`)
    }
  }
}
