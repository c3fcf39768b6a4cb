import type { ReplayMarket } from '../market.ts'
import type { JsonWriter } from './json-writer.ts'

/** Parameters as text; what was not given, null or empty is absent. */
export type Params = Readonly<Record<string, string>>

export interface ApiContext {
  readonly market: ReplayMarket
  readonly params: Params
  /** False while an instrument's row of a session is held back, as between 15:00 and 17:00. */
  readonly isPublished: (id: number, session: number) => boolean
}

/** One column: its place in the list is the server's order. */
export interface Column<Row> {
  readonly name: string
  /** Only sent when asked for by name. */
  readonly hidden?: boolean
  readonly write: (out: JsonWriter, row: Row) => void
}

export interface Page {
  readonly offset: number
  readonly limit: number
}

export interface Selection {
  readonly rows: number
  readonly hasMore: boolean
}

/** An interface of the upstream, ready to write its rows. */
export interface Api {
  readonly name: string
  /** Points that the account needs. */
  readonly points: number
  /** Rows per call. */
  readonly cap: number
  /** One of these must be given; empty: nothing is required. */
  readonly required: readonly string[]
  /** A market without this data answers as for an account without permission. */
  readonly isOffered: (market: ReplayMarket) => boolean
  /** The names that an answer has for `fields` (null: the defaults), in the server's order. */
  readonly fieldsFor: (wanted: ReadonlySet<string> | null) => readonly string[]
  /** Writes the page's rows, comma separated. */
  readonly write: (context: ApiContext, fields: readonly string[], page: Page, out: JsonWriter) => Selection
}

/** Takes the next row; false: stop, the page is full. A row object may be used again for the next row. */
export type Emit<Row> = (row: Row) => boolean

export interface ApiSpec<Row> {
  readonly name: string
  readonly points: number
  readonly cap: number
  readonly required?: readonly string[]
  readonly isOffered?: (market: ReplayMarket) => boolean
  readonly columns: readonly Column<Row>[]
  readonly select: (context: ApiContext, emit: Emit<Row>) => void
}

/** Builds an API from its columns and its choice of rows; paging and field selection are the same for all. */
export const createApi = <Row>(spec: ApiSpec<Row>): Api => ({
  name: spec.name,
  points: spec.points,
  cap: spec.cap,
  required: spec.required ?? [],
  isOffered: spec.isOffered ?? (() => true),
  fieldsFor: (wanted) =>
    spec.columns.filter((c) => (wanted === null ? c.hidden !== true : wanted.has(c.name))).map((c) => c.name),
  write: (context, fields, page, out) => {
    const columns = spec.columns.filter((column) => fields.includes(column.name))
    let skip = page.offset
    let rows = 0
    let hasMore = false
    spec.select(context, (row) => {
      if (skip > 0) {
        skip -= 1
        return true
      }
      if (rows === page.limit) {
        hasMore = true
        return false
      }
      out.openRow(rows === 0)
      for (let i = 0; i < columns.length; i++) {
        if (i > 0) out.comma()
        columns[i]?.write(out, row)
      }
      out.closeRow()
      rows += 1
      return true
    })
    return { rows, hasMore }
  },
})
