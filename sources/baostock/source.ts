import {
  BAOSTOCK_CAPABILITIES,
  BAOSTOCK_LIST_PARTS,
  BAOSTOCK_SITE,
  baostockHost,
  baostockLimits,
  type BaostockSettings,
} from '../../market/baostock.ts'
import type { SourceCall } from '../../market/capability.ts'
import type { Dataset } from '../../market/datasets.ts'
import { addDays, shanghaiClock, type TradeDate } from '../../market/date.ts'
import type {
  Answer,
  BarRow,
  CalendarRow,
  CallLimits,
  Exclusive,
  FetchContext,
  PeriodCall,
  RejectedRow,
  Source,
} from '../contract.ts'
import { SourceError } from '../errors.ts'
import { insideCall } from '../rows.ts'
import { APIS } from './apis.ts'
import { BaostockClient, hiccup, type Table } from './client.ts'
import { collect } from './collect.ts'
import { timeoutsFor } from './connection.ts'
import { readBars, readValuations } from './days.ts'
import { sampleDepth } from './depth.ts'
import { indexMembers, mapIndexDay } from './indices.ts'
import { mapCalendarDay, mapFactor, mapPeriod, mapStock, withPrevious } from './map.ts'
import { quarterReport } from './reports.ts'
import type { SessionPace } from './session.ts'
import { toCode } from './values.ts'

const CALENDAR_START = '1990-12-19'
// Before the first stock: a factor is the product of all events so far, so its history has to be asked whole.
const FACTORS_START = '1990-01-01'
const PROBE = { code: 'sh.600000', from: '2024-01-02', to: '2024-01-02', frequency: 'd' } as const

export interface BaostockOptions {
  now?: () => Date
  pageRows?: number
  pace?: Partial<SessionPace>
}

/** BaoStock behind the one interface of sources. It connects with the first call, and never without the right to. */
export class BaostockSource implements Source {
  readonly name = 'baostock'
  readonly capabilities = BAOSTOCK_CAPABILITIES
  readonly retriesInPlace = true
  readonly periods = { api: APIS.k_data.api, wholeMarket: false }
  readonly account: string
  readonly #settings: BaostockSettings
  readonly #client: BaostockClient
  readonly #now: () => Date

  constructor(settings: BaostockSettings, exclusive: Exclusive, options: BaostockOptions = {}) {
    const { now = () => new Date(), ...clientOptions } = options
    this.#settings = settings
    this.#now = now
    this.#client = new BaostockClient({
      ...settings,
      ...clientOptions,
      host: baostockHost(settings),
      timeouts: timeoutsFor(settings.timeoutMs),
      exclusive,
    })
    this.account = this.#client.account
  }

  limitsOf(): CallLimits {
    return baostockLimits(this.#settings)
  }

  budgetOf(): string {
    return BAOSTOCK_SITE
  }

  siteOf(): string {
    return BAOSTOCK_SITE
  }

  partsOf(dataset: Dataset): readonly string[] {
    return BAOSTOCK_LIST_PARTS[dataset] ?? []
  }

  async fetch(call: SourceCall, context: FetchContext): Promise<Answer> {
    let requests = 0
    // Pages count, and the logins that they needed.
    const counting: FetchContext = {
      signal: context.signal,
      reserve: async (budget, cost) => {
        await context.reserve(budget, cost)
        requests++
      },
    }
    const answer = await this.#answer(call, counting)
    return { codeChanges: [], ...answer, requests }
  }

  async probe(context: FetchContext): Promise<{ latencyMs: number }> {
    const started = performance.now()
    // What nearly all calls ask for: while it fails, that the rest of the server answers is no news.
    await this.#client.lines(PROBE, context)
    return { latencyMs: performance.now() - started }
  }

  async sampleDepth(dataset: Dataset, newest: TradeDate, context: FetchContext): Promise<TradeDate | null> {
    return await sampleDepth(this.#client, dataset, newest, context)
  }

  /** Closed weeks or months of one symbol. */
  async fetchPeriods({ period, symbols, from, to }: PeriodCall, context: FetchContext): Promise<BarRow[]> {
    const [symbol, ...others] = symbols ?? []
    if (symbol === undefined || others.length > 0) throw new TypeError('symbols come one at a time')
    const frequency = period === 'weekly' ? 'w' : 'm'
    const table = await this.#client.lines({ code: toCode(symbol), from, to, frequency }, context)
    return collect(table, mapPeriod, [])
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  async #answer(call: SourceCall, context: FetchContext): Promise<Rows> {
    switch (call.dataset) {
      case 'trade_calendar':
        return await this.#calendar(call, context)
      case 'stock_list':
        return await this.#stockList(context)
      case 'bars':
        return await this.#bars(call, context)
      case 'adj_factor':
        return await this.#factors(call, context)
      case 'fin_indicator':
        return await quarterReport(this.#client, datedCall(call), context)
      case 'index_bars':
        return await this.#indexBars(call, context)
      case 'index_member':
        return await indexMembers(this.#client, call, context)
      case 'daily_basic':
        return await this.#valuations(call, context)
      default:
        throw new SourceError({
          source: 'baostock',
          api: call.dataset,
          errorClass: 'NotServed',
          upstreamMessage: 'this has no request of its own; suspensions come with the bars',
        })
    }
  }

  /** Every day up to the end of the year, which is as far as the server knows. */
  async #calendar(call: SourceCall, context: FetchContext): Promise<Rows> {
    const today = shanghaiClock(this.#now()).date
    const from = call.from ?? CALENDAR_START
    const to = call.to ?? `${today.slice(0, 4)}-12-31`
    const table = await this.#client.table(APIS.trade_dates, [from, to], context)
    const rejected: RejectedRow[] = []
    const days = collect(table, mapCalendarDay, rejected)
    days.sort((a, b) => (a.trade_date < b.trade_date ? -1 : 1))
    checkDays(days, to < today ? to : today)
    return { rows: withPrevious(days), rejected }
  }

  async #stockList(context: FetchContext): Promise<Rows> {
    const rejected: RejectedRow[] = []
    // No code and no name: all there are.
    const table = await this.#client.table(APIS.stock_basic, ['', ''], context)
    const stocks = collect(table, mapStock, rejected)
    if (stocks.length === 0) throw hiccup(APIS.stock_basic, 'the list of stocks came empty')
    return { rows: stocks, rejected }
  }

  async #bars(call: SourceCall, context: FetchContext): Promise<Rows> {
    return readBars(await this.#days(call, context), call)
  }

  /** The same lines, read for their valuations alone; bars that nobody asked for are left to those who do. */
  async #valuations(call: SourceCall, context: FetchContext): Promise<Rows> {
    return readValuations(await this.#days(call, context), call)
  }

  async #days(call: SourceCall, context: FetchContext): Promise<Table> {
    const { symbol, from, to } = datedCall(call)
    return symbol === null
      ? await this.#client.table(APIS.k_data_of_day, [to], context)
      : await this.#client.lines({ from, to, code: toCode(symbol), frequency: 'd' }, context)
  }

  async #indexBars(call: SourceCall, context: FetchContext): Promise<Rows> {
    const table = await this.#days(call, context)
    const rejected: RejectedRow[] = []
    return { rows: insideCall(call, collect(table, mapIndexDay, rejected), rejected), rejected }
  }

  /** By symbol: the factors of its whole life, whatever the first date is. No row means that nothing happened. */
  async #factors(call: SourceCall, context: FetchContext): Promise<Rows> {
    const { symbol, from, to } = datedCall(call)
    const table =
      symbol === null
        ? await this.#client.table(APIS.adjust_factor_of_day, [to], context)
        : await this.#client.table(APIS.adjust_factor, [toCode(symbol), FACTORS_START, to], context)
    const rejected: RejectedRow[] = []
    const bounds = { symbols: call.symbols, from: symbol === null ? from : FACTORS_START, to }
    const rows = insideCall(bounds, collect(table, mapFactor, rejected), rejected)
    return { rows, rejected }
  }
}

type Rows = Pick<Answer, 'rows' | 'rejected' | 'alongside'>

/** One symbol over a range of dates, or the whole market (null) on one date: the server knows no other calls. */
function datedCall({ dataset, symbols, from, to }: SourceCall): {
  symbol: string | null
  from: TradeDate
  to: TradeDate
} {
  if (from === null || to === null) throw new TypeError(`a call for ${dataset} needs dates`)
  if (symbols === null && from !== to) throw new TypeError('the whole market comes one date at a time')
  const [symbol = null, ...others] = symbols ?? []
  if (others.length > 0 || (symbols !== null && symbol === null))
    throw new TypeError('symbols come one at a time')
  return { symbol, from, to }
}

/**
 * Every day has a row, so a hole is a calendar that came in part. So is an end on any other day than the one that was
 * asked or a last of December, where the server's knowledge ends.
 */
function checkDays(days: readonly CalendarRow[], to: TradeDate): void {
  const last = days.at(-1)?.trade_date
  if (last === undefined) throw hiccup(APIS.trade_dates, 'the calendar came empty')
  if (last < to && !last.endsWith('-12-31')) throw hiccup(APIS.trade_dates, `the calendar ends with ${last}`)
  const gap = days.find((day, i) => i > 0 && day.trade_date !== addDays(days[i - 1]?.trade_date ?? '', 1))
  if (gap) throw hiccup(APIS.trade_dates, `days before ${gap.trade_date} are missing in the calendar`)
}
