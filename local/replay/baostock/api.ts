import type { ReplayMarket } from '../market.ts'
import type { RecordWriter } from './record-writer.ts'
import type { Refusal } from './refusals.ts'
import type { Universe } from './universe.ts'

/** Parameters by name; what was left empty is an empty text. */
export type Params = Readonly<Record<string, string>>

/**
 * How far back tables of a whole day reach: all of it, the newest session only, from a date on (`YYYY-MM-DD`), or not
 * at all, as before July 2026.
 */
export type Depth = 'all' | 'newest' | 'none' | `${number}-${number}-${number}`

export interface ApiContext {
  readonly market: ReplayMarket
  readonly universe: Universe
  readonly params: Params
  /** False while an instrument's row of a session is held back, as between 15:00 and 17:30. */
  readonly isPublished: (id: number, session: number) => boolean
  readonly depth: Depth
}

/** One column of a table. */
export interface Column<Row> {
  readonly name: string
  readonly write: (out: RecordWriter, row: Row) => void
}

/** Takes the next row; false: stop, the page is full. A row object may be used again for the next row. */
export type Emit<Row> = (row: Row) => boolean

export interface Page {
  readonly skip: number
  readonly rows: number
}

export interface Selection {
  readonly rows: number
  readonly hasMore: boolean
}

/** One method of the server. */
export interface Api {
  readonly method: string
  readonly type: string
  readonly answerType: string
  readonly compressed: boolean
  /** Whether page and page size stand before the parameters. */
  readonly paged: boolean
  readonly params: readonly string[]
  /** The names as the server spells them, blanks and tabs included; null: a parameter named `fields` holds them. */
  readonly fields: string | null
  /** A reason not to answer. */
  readonly check: (context: ApiContext) => Refusal | undefined
  /** Writes the page's rows, comma separated. */
  readonly write: (context: ApiContext, page: Page, out: RecordWriter) => Selection
}

export interface ApiSpec<Row> extends Omit<Api, 'write' | 'compressed' | 'paged' | 'check'> {
  readonly compressed?: boolean
  readonly paged?: boolean
  readonly check?: Api['check']
  readonly columns: (context: ApiContext) => readonly Column<Row>[]
  readonly select: (context: ApiContext, emit: Emit<Row>) => void
}

const writePage = <Row>(
  spec: ApiSpec<Row>,
  context: ApiContext,
  page: Page,
  out: RecordWriter,
): Selection => {
  const columns = spec.columns(context)
  let skip = page.skip
  let rows = 0
  let hasMore = false
  spec.select(context, (row) => {
    if (skip > 0) {
      skip -= 1
      return true
    }
    if (rows === page.rows) {
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
}

/** Builds an API from its columns and its choice of rows; paging is the same for all. */
export const createApi = <Row>(spec: ApiSpec<Row>): Api => ({
  method: spec.method,
  type: spec.type,
  answerType: spec.answerType,
  params: spec.params,
  fields: spec.fields,
  compressed: spec.compressed ?? false,
  paged: spec.paged ?? true,
  check: spec.check ?? (() => undefined),
  write: (context, page, out) => writePage(spec, context, page, out),
})

/** A column of texts; null is an empty one. */
export const textColumn = <Row>(name: string, value: (row: Row) => string | null): Column<Row> => ({
  name,
  write: (out, row) => out.text(value(row) ?? ''),
})
