import { parseJson } from '../json.ts'
import { rawOf } from '../raw.ts'
import type { BaostockApi } from './apis.ts'
import { type Columns, Rows } from './table.ts'

/*
 * The fields of an answer that succeeded → rows.
 *
 *   paged:           code message method user page per_page record parameters… [columns]
 *   a day's table:   code message method user record columns
 *
 * The record is JSON of texts, or nothing at all where there is no row.
 */

/** The answer is not the one to the question: what comes next on this connection cannot be trusted either. */
export class EchoError extends Error {
  override readonly name = 'EchoError'
}

/** The answer no longer has the form that we know. */
export class FormError extends Error {
  override readonly name = 'FormError'
  /** A piece of it, for a person. */
  readonly sample: string

  constructor(message: string, sample: string) {
    super(message)
    this.sample = sample.slice(0, 2_000)
  }
}

export interface Page {
  columns: readonly string[]
  rows: Rows
  /** Rows of a full page as the server counts; null where there are no pages. */
  perPage: number | null
}

/** Where the parts of an answer are. */
const PAGE_AT = 4
const PER_PAGE_AT = 5
const PAGED_RECORD_AT = 6
const DAY_RECORD_AT = 4

/**
 * @param asked the parameters of the request, and its page where it has pages
 * @throws EchoError, FormError
 */
export function readPage(
  api: BaostockApi,
  asked: { params: readonly string[]; page: number },
  fields: Fields,
): Page {
  const recordAt = api.paged ? PAGED_RECORD_AT : DAY_RECORD_AT
  const behind = fields.slice(recordAt + 1).map(String)
  if (api.paged) checkEcho(api, asked, String(fields[PAGE_AT]), behind)
  const columnsAt = api.columnsParam ?? (api.paged ? asked.params.length : 0)
  const columnsText = behind[columnsAt]
  if (columnsText === undefined) throw new FormError('the answer names no columns', behind.join('|'))
  const columns = columnsText.split(',').map((name) => name.trim())
  const absent = api.required.filter((name) => !columns.includes(name))
  if (absent.length > 0) throw new FormError(`the answer lacks ${absent.join(', ')}`, columnsText)
  const perPage = api.paged ? Number(fields[PER_PAGE_AT]) : null
  if (perPage !== null && !(perPage >= 1)) throw new EchoError('the answer names no size of its pages')
  return { columns, rows: readRecord(fields[recordAt] ?? NOTHING, columns.length), perPage }
}

/** The columns are read by their names and may have changed; all else must be as it was asked. */
function checkEcho(
  api: BaostockApi,
  asked: { params: readonly string[]; page: number },
  page: string,
  behind: readonly string[],
): void {
  if (page !== String(asked.page)) throw new EchoError(`page ${asked.page} was asked, page ${page} came`)
  const odd = asked.params.findIndex((param, i) => i !== api.columnsParam && behind[i] !== param)
  if (odd >= 0)
    throw new EchoError(`"${asked.params[odd] ?? ''}" was asked, "${behind[odd] ?? 'nothing'}" came`)
}

/**
 * The rows of a record. What is not in the server's own spelling goes through JSON: control characters inside of texts,
 * which JSON forbids, are left out, as are those between the parts, where they mean nothing; blanks inside of names stay.
 *
 * @throws FormError
 */
export function readRecord(record: Buffer, width: number): Rows {
  if (record.length === 0) return Rows.of([], width)
  return Rows.scan(record, width) ?? Rows.of(parseRecord(record.toString(), width), width)
}

// Everything below the blank.
const CONTROLS = /[^ -\uffff]+/g

function parseRecord(json: string, width: number): string[][] {
  const parsed = parseJson(json.replace(CONTROLS, '')) as { record?: unknown } | null | undefined
  if (parsed === undefined) throw new FormError('the record is not JSON', json)
  const rows = parsed?.record
  if (!Array.isArray(rows)) throw new FormError('the record holds no rows', json)
  for (const row of rows as unknown[]) {
    if (!Array.isArray(row) || row.length !== width)
      throw new FormError(`a row does not have ${width} columns`, rawOf(row))
    for (const cell of row as unknown[])
      if (typeof cell !== 'string') throw new FormError('a cell is not a text', rawOf(row))
  }
  return rows as string[][]
}

const NOTHING = Buffer.alloc(0)
const SEPARATOR_BYTE = 1

/** The fields of an answer; parts of its body. */
export type Fields = readonly Buffer[]

/** Cuts the body of an answer at the separator; no byte is copied. */
export function fieldsOf(body: Buffer): Fields {
  const fields: Buffer[] = []
  let from = 0
  for (let at = body.indexOf(SEPARATOR_BYTE); at >= 0; at = body.indexOf(SEPARATOR_BYTE, from)) {
    fields.push(body.subarray(from, at))
    from = at + 1
  }
  fields.push(body.subarray(from))
  return fields
}

/** The positions of columns by name. */
export const columnsAt = (columns: readonly string[]): Columns =>
  Object.fromEntries(columns.map((name, i) => [name, i]))
