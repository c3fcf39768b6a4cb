import { AnswerTooLarge, type FetchContext } from '../contract.ts'
import { SourceError } from '../errors.ts'
import { rawOf } from '../raw.ts'
import type { TushareApi } from './apis.ts'
import type { TushareClient, TushareParams } from './client.ts'
import type { Cells, Columns } from './map.ts'

/** One answer of one request, before its rows are mapped. */
export interface Page {
  at: Columns
  items: readonly Cells[]
  hasMore: boolean | undefined
}

// The server refuses larger offsets (50101), so a query can never page past it: split the call instead.
const MAX_OFFSET = 100_000

/** All pages of one query. */
export interface Table {
  at: Columns
  items: readonly Cells[]
  requests: number
}

/** Asks for all pages of one query. */
export type AskPages = (api: TushareApi, params: TushareParams) => Promise<Table>

/** Asks for one page, whatever is behind it. */
export type AskPage = (api: TushareApi, params: TushareParams) => Promise<Page>

/** Asks in the name of one call: within its budget, and until it is cancelled. */
export function asking(client: TushareClient, context: FetchContext): { page: AskPage; pages: AskPages } {
  const page: AskPage = async (api, params) => {
    await context.reserve(api.api)
    const table = await client.call(api.api, params, api.fields, context.signal)
    const at = Object.fromEntries(table.fields.map((name, i) => [name, i]))
    const absent = api.required.filter((name) => at[name] === undefined)
    if (absent.length > 0) {
      throw new SourceError({
        source: 'tushare',
        api: api.api,
        errorClass: 'SchemaDrift',
        upstreamMessage: `the answer lacks ${absent.join(', ')}`,
        sample: client.redacted(rawOf({ fields: table.fields, first: table.items[0] ?? null })),
      })
    }
    return { at, items: table.items, hasMore: table.hasMore }
  }
  return { page, pages: (api, params) => allPages(page, api, params) }
}

/** Truncation is silent upstream: a full page or `has_more` asks for the next one. */
async function allPages(ask: AskPage, api: TushareApi, params: TushareParams): Promise<Table> {
  const items: Cells[] = []
  let at: Columns | undefined
  for (let requests = 1; ; requests++) {
    if (items.length > MAX_OFFSET) throw new AnswerTooLarge(`${api.api}: more than ${MAX_OFFSET} rows`)
    const paged = items.length === 0 ? params : { ...params, offset: items.length, limit: api.cap }
    const page = await ask(api, paged)
    at ??= page.at
    for (const item of inOrderOf(at, page)) items.push(item)
    if (!isCut(api, page)) return { at, items, requests }
    if (page.items.length === 0) throw hiccup(api, 'more rows were announced and did not come')
  }
}

/** The server says that there is more, or stopped at its cap, where nobody can tell. */
export const isCut = (api: TushareApi, page: Page): boolean =>
  api.capUnknown
    ? (page.hasMore ?? page.items.length > 0)
    : page.hasMore === true || page.items.length >= api.cap

/** Rows with their cells where `at` expects them: the server promises no order, so not the same one twice either. */
function inOrderOf(at: Columns, page: Page): readonly Cells[] {
  const names = Object.entries(at)
  if (names.every(([name, i]) => page.at[name] === i)) return page.items
  return page.items.map((cells) => {
    const moved: unknown[] = []
    for (const [name, i] of names) moved[i] = cells[page.at[name] ?? -1]
    return moved
  })
}

/** An answer that cannot be all there is: worth asking again. */
export const hiccup = (api: TushareApi, upstreamMessage: string): SourceError =>
  new SourceError({ source: 'tushare', api: api.api, errorClass: 'Transient', upstreamMessage })
