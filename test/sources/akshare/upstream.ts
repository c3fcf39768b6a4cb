import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SourceCall } from '../../../market/capability.ts'
import { askerOf } from '../../../sources/akshare/ask.ts'
import { AktoolsClient } from '../../../sources/akshare/client.ts'
import { AkshareSource } from '../../../sources/akshare/source.ts'
import type { Row } from '../../../sources/akshare/values.ts'
import type { FetchContext } from '../../../sources/contract.ts'
import { SourceError } from '../../../sources/errors.ts'

/** A request as it reached the bridge. */
export interface Request {
  path: string
  /** The last piece of the path. */
  name: string
  params: Record<string, string>
  /** As it stands in the address, before anything is decoded. */
  query: string
}

/** Rows, another status with its body, or whatever the function does to the response. */
export type Reply =
  readonly Row[] | { status: number; body: string; type?: string } | ((response: ServerResponse) => void)

export interface Bridge {
  url: string
  client: AktoolsClient
  source: AkshareSource
  asked: Request[]
  /** `[budget, cost]` of each slot, in order. */
  reserved: [string, number][]
  context: FetchContext
}

/** No waiting between requests. */
export const AT_ONCE = { callsPerMinute: undefined, minIntervalMs: 0 }
/** Saturday: the session of Friday, 20 November 2026 is the newest. */
export const SATURDAY = new Date('2026-11-21T02:00:00Z')
export const FRIDAY = '2026-11-20'

/** A bridge on a real socket that answers as the script says, with a real client and source towards it. */
export async function withBridge(
  script: (request: Request, nth: number) => Reply,
  test: (bridge: Bridge) => Promise<void>,
  options: { timeoutMs?: number; pagesTimeoutMs?: number; clock?: () => Date; prefix?: string } = {},
): Promise<void> {
  const asked: Request[] = []
  const server = createServer((req, res) => {
    const [path = '', query = ''] = (req.url ?? '').split('?')
    const params = Object.fromEntries(new URLSearchParams(query))
    const request = { path, name: path.split('/').at(-1) ?? '', params, query }
    asked.push(request)
    send(res, script(request, asked.length))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${options.prefix ?? ''}`
  const { timeoutMs = 5_000, pagesTimeoutMs = 5_000, clock = () => SATURDAY } = options
  const client = new AktoolsClient({ url, timeoutMs, pagesTimeoutMs })
  const source = new AkshareSource(client, AT_ONCE, clock)
  const reserved: Bridge['reserved'] = []
  const context = granting(reserved)
  try {
    await test({ url, client, source, asked, reserved, context })
  } finally {
    server.closeAllConnections()
    await source.close()
    await new Promise((closed) => server.close(closed))
  }
}

function send(response: ServerResponse, reply: Reply): void {
  if (typeof reply === 'function') return reply(response)
  if (isRows(reply)) {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(reply))
    return
  }
  response.writeHead(reply.status, { 'content-type': reply.type ?? 'application/json' })
  response.end(reply.body)
}

const isRows = (reply: Exclude<Reply, (response: ServerResponse) => void>): reply is readonly Row[] =>
  Array.isArray(reply)

/** A budget that always grants, and notes what it was asked for. */
export const granting = (reserved: [string, number][] = []): FetchContext => ({
  signal: new AbortController().signal,
  reserve: async (budget, cost = 1) => void reserved.push([budget, cost]),
})

/** What a mapper asks its rows of: the real client over the socket. */
export const askOf = ({ client, context }: Bridge) => askerOf(client, AT_ONCE, context)

/** A call for the bars of one stock on one day, or what differs from it. */
export const callFor = (differs: Partial<SourceCall> = {}): SourceCall => ({
  dataset: 'bars',
  symbols: ['600519.SH'],
  from: FRIDAY,
  to: FRIDAY,
  part: null,
  rows: 1,
  ...differs,
})

/** The error that a promise ends with; fails the test when it is none of a source. */
export async function sourceErrorOf(promise: Promise<unknown>): Promise<SourceError> {
  const error: unknown = await promise.then(
    () => new Error('no error came'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof SourceError)) throw error
  return error
}
