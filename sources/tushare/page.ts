import { SourceError } from '../errors.ts'
import type { TushareApi } from './apis.ts'
import type { Cells, Columns } from './map.ts'

/** One answer of one request, before its rows are mapped. */
export interface Page {
  at: Columns
  items: readonly Cells[]
  hasMore: boolean | undefined
}

/** The server says that there is more, or stopped at its cap, where nobody can tell. */
export const isCut = (api: TushareApi, page: Page): boolean =>
  api.capUnknown
    ? (page.hasMore ?? page.items.length > 0)
    : page.hasMore === true || page.items.length >= api.cap

/** Rows with their cells where `at` expects them: the server promises no order, so not the same one twice either. */
export function inOrderOf(at: Columns, page: Page): readonly Cells[] {
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
