import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SourceCall } from '../../../market/capability.ts'
import { Secret } from '../../../market/secret.ts'
import type { FetchContext } from '../../../sources/contract.ts'
import { SourceError } from '../../../sources/errors.ts'
import { TushareClient } from '../../../sources/tushare/client.ts'
import { TushareSource } from '../../../sources/tushare/source.ts'

/** Looked for in everything that could show it. */
export const TOKEN = `tok${'9ac3'.repeat(13)}`

export interface Request {
  api_name: string
  token: string
  params: Record<string, string | number>
  fields: string
}

/** What a scripted upstream answers: a table, or whatever the function does to the response. */
export type Reply =
  | { fields: readonly string[]; items: readonly unknown[]; has_more?: boolean }
  | ((response: ServerResponse, request: Request) => void)

export interface Upstream {
  source: TushareSource
  client: TushareClient
  /** Parameters of each request, in order. */
  asked: Record<string, string | number>[]
  /** The apis that slots were reserved for, in order. */
  reserved: string[]
  context: FetchContext
}

/** Runs a test against a source whose upstream answers as the script says, over a real socket. */
export async function withUpstream(
  script: (request: Request, nth: number) => Reply,
  test: (upstream: Upstream) => Promise<void>,
  timeoutMs = 5_000,
): Promise<void> {
  const asked: Request['params'][] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const request = JSON.parse(Buffer.concat(chunks).toString()) as Request
      asked.push(request.params)
      const reply = script(request, asked.length)
      if (typeof reply === 'function') reply(res, request)
      else res.end(JSON.stringify({ request_id: 'r', code: 0, msg: '', data: reply }))
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const opened = openSource(url, timeoutMs)
  try {
    await test({ ...opened, asked })
  } finally {
    server.closeAllConnections()
    await opened.source.close()
    await new Promise((closed) => server.close(closed))
  }
}

/** The real source over the real client, with a budget that always grants. */
export function openSource(url: string, timeoutMs = 5_000) {
  const client = new TushareClient({ url, token: new Secret(TOKEN), timeoutMs })
  const source = new TushareSource(client, {
    points: undefined,
    callsPerMinute: undefined,
    minIntervalMs: 0,
  })
  const reserved: string[] = []
  const context: FetchContext = {
    signal: new AbortController().signal,
    reserve: async (api) => void reserved.push(api),
  }
  return { client, source, reserved, context }
}

export const DAY = '2024-01-02'

/** A call for the bars of one day, or what differs from it. */
export const callFor = (differs: Partial<SourceCall> = {}): SourceCall => ({
  dataset: 'bars',
  symbols: null,
  from: DAY,
  to: DAY,
  part: null,
  rows: 1,
  ...differs,
})

/** A call for a list without dates. */
export const listCall = (dataset: 'trade_calendar' | 'stock_list', part: string | null = null): SourceCall =>
  callFor({ dataset, part, from: null, to: null })

/** As the upstream describes them, so that what is sent is not compared with itself. */
export const BAR_FIELDS = 'ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount'.split(
  ',',
)

/** A true bar: 12,345.67 lots at about 10 yuan. */
export const barCells = (differs: Record<string, unknown> = {}): unknown[] => {
  const bar = {
    ts_code: '600000.SH',
    trade_date: '20240102',
    open: 10,
    high: 10.2,
    low: 9.9,
    close: 10.1,
    pre_close: 10,
    change: 0.1,
    pct_chg: 1,
    vol: 12345.67,
    amount: 12400.123,
    ...differs,
  }
  return Object.values(bar)
}

/** The error that a promise ends with; fails the test when it is none of a source. */
export async function sourceErrorOf(promise: Promise<unknown>): Promise<SourceError> {
  const error: unknown = await promise.then(
    () => new Error('no error came'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof SourceError)) throw error
  return error
}
