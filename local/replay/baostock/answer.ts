import { damageTable } from '../damage.ts'
import type { Dialect, Table } from '../damage.ts'
import type { Fault } from '../faults.ts'
import type { Api, ApiContext, Page, Params } from './api.ts'
import { FACTOR_APIS } from './factor-apis.ts'
import { SEPARATOR } from './frame.ts'
import { INDEX_APIS } from './index-apis.ts'
import { K_DATA_APIS } from './k-data.ts'
import { LIST_APIS } from './list-apis.ts'
import type { RecordWriter } from './record-writer.ts'
import { BAD_PARAMETER, WRONG_PARAMETER_COUNT } from './refusals.ts'
import type { Refusal } from './refusals.ts'
import { REPORT_APIS } from './report-apis.ts'
import { UNPLAYED_APIS } from './unplayed-apis.ts'

/** An answer's body with what the journal wants to know. The body is valid until the writer is used again. */
export interface Answer {
  readonly type: string
  readonly body: Buffer
  readonly compressed: boolean
  readonly rows: number
  readonly hasMore: boolean
  readonly outcome: string
}

/** A query that was understood. */
export interface Query {
  readonly api: Api
  readonly user: string
  readonly params: Params
  /** As asked: page from 1, rows per page. */
  readonly page: number
  readonly pageRows: number
}

const REFUSED = '04'

export const APIS: ReadonlyMap<string, Api> = new Map(
  [...K_DATA_APIS, ...FACTOR_APIS, ...LIST_APIS, ...INDEX_APIS, ...REPORT_APIS, ...UNPLAYED_APIS].map(
    (api) => [api.type, api],
  ),
)

const isCount = (text: string | undefined): text is string => /^[1-9]\d{0,8}$/.test(text ?? '')

/** Reads the fields of a request for this API, or says how the server refuses them. */
export const readQuery = (api: Api, fields: readonly string[]): Query | Refusal => {
  const [method, user = '', ...rest] = fields
  const values = api.paged ? rest.slice(2) : rest
  const isComplete = rest.length === api.params.length + (api.paged ? 2 : 0)
  if (method !== api.method || !isComplete) return WRONG_PARAMETER_COUNT
  const [page, pageRows] = api.paged ? rest : ['1', '999999999']
  if (!isCount(page) || !isCount(pageRows)) return BAD_PARAMETER
  const params = Object.fromEntries(api.params.map((name, i) => [name, values[i] ?? '']))
  return { api, user, params, page: Number(page), pageRows: Number(pageRows) }
}

const EMPTY_RECORD = '{"record":['

/** Writes the rows that a query asks for, at most `mostRows` of them a page. */
export const answerRows = (
  { api, user, params, page, pageRows }: Query,
  context: ApiContext,
  mostRows: number,
  out: RecordWriter,
): Answer => {
  const size = api.paged ? Math.min(pageRows, mostRows) : pageRows
  const place: Page = { skip: (page - 1) * size, rows: size }
  const start = ['0', 'success', api.method, user, ...(api.paged ? [page, size] : [])]
  out.clear()
  out.raw(start.join(SEPARATOR) + SEPARATOR)
  const before = out.written
  out.raw(EMPTY_RECORD)
  const { rows, hasMore } = api.write(context, place, out)
  // No rows are an empty text, not an empty list.
  if (rows === 0) out.cutTo(before)
  else out.raw(']}')
  const echo = api.paged ? api.params.map((name) => params[name] ?? '') : []
  out.raw([''].concat(echo, api.fields ?? []).join(SEPARATOR))
  return { type: api.answerType, body: out.view(), compressed: api.compressed, rows, hasMore, outcome: 'ok' }
}

/** An answer that says no. */
export const answerRefusal = ({ code, text, outcome }: Refusal): Answer => ({
  type: REFUSED,
  body: Buffer.from(code + SEPARATOR + text),
  compressed: false,
  rows: 0,
  hasMore: false,
  outcome,
})

/** An answer to login or logout, with the server's time. */
export const answerSession = (type: string, method: string, user: string, now: number): Answer => {
  const beijing = new Date(now + 8 * 3_600_000).toISOString().replaceAll(/\D/g, '')
  const body = Buffer.from(['0', 'success', method, user, beijing].join(SEPARATOR))
  return { type, body, compressed: false, rows: 0, hasMore: false, outcome: 'ok' }
}

const BAOSTOCK: Dialect = {
  date: 'date',
  volume: 'volume',
  none: '',
  cell: (value, like) => value.toFixed((String(like).split('.')[1] ?? '').length),
}

/** The same answer after its rows were damaged. Slow (the record is read and written again), and only for faults. */
export const damageAnswer = (api: Api, answer: Answer, fault: Fault): Answer => {
  const parts = answer.body.toString().split(SEPARATOR)
  const record = api.paged ? 6 : 4
  const fields = api.fields === null ? record + 1 + api.params.indexOf('fields') : parts.length - 1
  const { record: items } = JSON.parse(parts[record] === '' ? '{"record":[]}' : (parts[record] ?? '')) as {
    record: unknown[][]
  }
  const table: Table = { fields: (parts[fields] ?? '').split(',').map((name) => name.trim()), items }
  damageTable(table, fault, BAOSTOCK)
  parts[fields] = table.fields.join()
  parts[record] = table.items.length === 0 ? '' : JSON.stringify({ record: table.items })
  return {
    ...answer,
    body: Buffer.from(parts.join(SEPARATOR)),
    rows: table.items.length,
    outcome: `fault:${fault.kind}`,
  }
}
