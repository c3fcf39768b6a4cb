import { accountOf } from '../../market/account.ts'
import { BAOSTOCK_ANONYMOUS, BAOSTOCK_PAGE_ROWS } from '../../market/baostock.ts'
import type { FetchContext } from '../contract.ts'
import { SourceError } from '../errors.ts'
import { APIS, type BaostockApi, DAY_FIELDS, PERIOD_FIELDS } from './apis.ts'
import { USER } from './line.ts'
import { columnsAt, type Page, readPage } from './records.ts'
import { BaostockSession, type SessionOptions } from './session.ts'
import { type Columns, Rows } from './table.ts'

export interface BaostockClientOptions extends SessionOptions {
  /** Rows that are asked for at a time. */
  pageRows?: number
}

/** All pages of one answer. */
export interface Table {
  at: Columns
  rows: Rows
}

export interface LinesQuery {
  /** `sh.600000` */
  code: string
  /** First and last date, both always given: the server has a default of its own. */
  from: string
  to: string
  frequency: 'd' | 'w' | 'm'
}

// A life of a stock has 9,000 rows, a day of the market 8,000.
const MOST_ROWS = 100_000

// Unadjusted; 1 is adjusted backward, 2 forward.
const AS_TRADED = '3'

/** Asks for tables: all pages of a query, or none of them. */
export class BaostockClient {
  readonly account: string
  readonly #session: BaostockSession
  readonly #pageRows: number

  constructor(options: BaostockClientOptions) {
    this.#session = new BaostockSession(options)
    this.#pageRows = options.pageRows ?? BAOSTOCK_PAGE_ROWS
    this.account = options.apiKey ? accountOf(options.apiKey) : BAOSTOCK_ANONYMOUS
  }

  /** Bars of one code as they were traded, of days, closed weeks or closed months. */
  async lines({ code, from, to, frequency }: LinesQuery, context: FetchContext): Promise<Table> {
    const fields = frequency === 'd' ? DAY_FIELDS : PERIOD_FIELDS
    return await this.table(APIS.k_data, [code, fields, from, to, frequency, AS_TRADED], context)
  }

  /**
   * @param params as the interface takes them, in its order
   * @throws SourceError; a page that fails fails the whole table
   */
  async table(api: BaostockApi, params: readonly string[], context: FetchContext): Promise<Table> {
    const first = await this.#page(api, params, 1, context)
    const at = columnsAt(first.columns)
    if (!isFull(first)) return { at, rows: first.rows }
    const rows = first.rows.texts()
    for (let number = 2; ; number++) {
      const page = await this.#page(api, params, number, context)
      if (page.columns.join() !== first.columns.join())
        throw hiccup(api, `page ${number} has other columns than the first`)
      for (const row of page.rows.texts()) rows.push(row)
      if (rows.length > MOST_ROWS) throw hiccup(api, `more than ${MOST_ROWS} rows came, and no end of them`)
      if (page.rows.length === 0) await this.#checkEnd(api, params, number, context)
      if (!isFull(page)) return { at, rows: Rows.of(withoutTwins(rows, api.key, at), first.columns.length) }
    }
  }

  /** Ends the connection with a logout. */
  async close(): Promise<void> {
    await this.#session.close()
  }

  /** An empty page ends a table whose rows fill its pages exactly. One with rows behind it is a hole. */
  async #checkEnd(
    api: BaostockApi,
    params: readonly string[],
    empty: number,
    context: FetchContext,
  ): Promise<void> {
    const behind = await this.#page(api, params, empty + 1, context)
    if (behind.rows.length > 0) throw hiccup(api, `page ${empty} came empty and the one behind it did not`)
  }

  async #page(
    api: BaostockApi,
    params: readonly string[],
    page: number,
    context: FetchContext,
  ): Promise<Page> {
    const paging = api.paged ? [String(page), String(this.#pageRows)] : []
    return await this.#session.request(
      { type: api.type, fields: [api.api, USER, ...paging, ...params] },
      (fields) => readPage(api, { params, page }, fields),
      context,
    )
  }
}

/** As many rows as the server says that a page holds. More is an answer without pages. */
const isFull = ({ rows, perPage }: Page): boolean => rows.length === perPage

/** Rows by key, the later page's in the place of the earlier one's: between two requests a row may slip into the next page. */
function withoutTwins(rows: readonly string[][], key: readonly string[], at: Columns): string[][] {
  const places = key.map((name) => at[name] ?? -1)
  return [...new Map(rows.map((row) => [places.map((i) => row[i]).join(), row])).values()]
}

/** An answer that cannot be all there is: worth asking again. */
export const hiccup = (api: BaostockApi, upstreamMessage: string): SourceError =>
  new SourceError({ source: 'baostock', api: api.api, errorClass: 'Transient', upstreamMessage })
