import { createServer, type AddressInfo, type Socket } from 'node:net'
import { BAOSTOCK_PORT, type BaostockSettings } from '../../../market/baostock.ts'
import type { SourceCall } from '../../../market/capability.ts'
import type { FetchContext } from '../../../sources/contract.ts'
import { BaostockClient } from '../../../sources/baostock/client.ts'
import { timeoutsFor, type Timeouts } from '../../../sources/baostock/connection.ts'
import type { SessionPace } from '../../../sources/baostock/session.ts'
import { BaostockSource } from '../../../sources/baostock/source.ts'
import { SourceError } from '../../../sources/errors.ts'
import { LocalExclusive } from './exclusive.ts'
import { answerOf, frameOf, readRequest, refusalFrame, type Request } from './wire.ts'

/** What a scripted server does: a table, a refusal, bytes, or whatever the function does to the connection. */
export type Reply =
  | { columns: readonly string[]; rows: readonly (readonly string[])[] }
  | { code: string; message: string }
  | Buffer
  | ((socket: Socket) => void)

/** Queries only, numbered from 1; `login` and `logout` where the script says so. */
export type Script = (request: Request, nth: number, connection: number) => Reply | undefined

export interface Server {
  port: number
  /** Everything that was asked, logins and logouts too, as `connection method`. */
  log: string[]
  queries: Request[]
  /** Connections that are open now, and the most that ever were at once. */
  open: number
  most: number
  close(): Promise<void>
}

/** A server that speaks the protocol over real sockets and answers as the script says. */
export async function startServer(script: Script): Promise<Server> {
  const sockets = new Set<Socket>()
  const state = { log: [] as string[], queries: [] as Request[], open: 0, most: 0 }
  let connections = 0
  const server = createServer((socket) => {
    const connection = ++connections
    sockets.add(socket)
    state.open = sockets.size
    state.most = Math.max(state.most, state.open)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      state.open = sockets.size
    })
    let held = ''
    socket.on('data', (chunk) => {
      held += chunk.toString()
      for (let end = held.indexOf('\n'); end >= 0; end = held.indexOf('\n')) {
        const request = readRequest(held.slice(0, end))
        held = held.slice(end + 1)
        state.log.push(`${connection} ${request.method}`)
        const isQuery = request.type !== '00' && request.type !== '02'
        if (isQuery) state.queries.push(request)
        send(socket, request, script(request, isQuery ? state.queries.length : 0, connection))
      }
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return Object.assign(state, {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
    },
  })
}

function send(socket: Socket, request: Request, reply: Reply | undefined): void {
  if (typeof reply === 'function') reply(socket)
  else if (Buffer.isBuffer(reply)) socket.write(reply)
  else if (reply && 'code' in reply) socket.write(refusalFrame(reply.code, reply.message))
  else if (reply) socket.write(answerOf(request, reply.columns, reply.rows))
  else if (request.type === '00' || request.type === '02')
    socket.write(
      frameOf(request.type === '00' ? '01' : '03', [
        '0',
        'success',
        request.method,
        'anonymous',
        '20261122123753150',
      ]),
    )
  // A query that the script leaves alone gets no answer.
}

export interface Lab {
  server: Server
  client: BaostockClient
  source: BaostockSource
  exclusive: LocalExclusive
  context: FetchContext
  /** Slots that were reserved. */
  reserved: string[]
}

export interface LabOptions {
  timeouts?: Partial<Timeouts>
  pace?: Partial<SessionPace>
  pageRows?: number
  settings?: Partial<BaostockSettings>
  now?: () => Date
}

export const settingsFor = (differs: Partial<BaostockSettings> = {}): BaostockSettings => ({
  priority: 3,
  host: '127.0.0.1',
  port: BAOSTOCK_PORT,
  apiKey: undefined,
  timeoutMs: 5_000,
  callsPerMinute: undefined,
  minIntervalMs: undefined,
  ...differs,
})

/** Runs a test against a client and a source whose server answers as the script says. They share the right to connect. */
export async function withServer(
  script: Script,
  test: (lab: Lab) => Promise<void>,
  options: LabOptions = {},
): Promise<void> {
  const server = await startServer(script)
  const exclusive = new LocalExclusive()
  const settings = settingsFor({ ...options.settings, port: server.port })
  const { pace, pageRows, now } = options
  const common = { ...(pace ? { pace } : {}), ...(pageRows ? { pageRows } : {}) }
  const client = new BaostockClient({
    ...settings,
    ...common,
    timeouts: { ...timeoutsFor(settings.timeoutMs), ...options.timeouts },
    exclusive,
  })
  const source = new BaostockSource(settings, exclusive, { ...common, ...(now ? { now } : {}) })
  const reserved: string[] = []
  const context: FetchContext = {
    signal: new AbortController().signal,
    reserve: async (budget) => void reserved.push(budget),
  }
  try {
    await test({ server, client, source, exclusive, context, reserved })
  } finally {
    await Promise.all([client.close(), source.close()])
    await server.close()
  }
}

/** Answers every query with a table; logs in and out. */
export const serving = (
  table: (request: Request, nth: number) => Reply,
  run: (lab: Lab) => Promise<void>,
  options?: LabOptions,
): Promise<void> =>
  withServer(
    (request, nth) => (['00', '02'].includes(request.type) ? undefined : table(request, nth)),
    run,
    options,
  )

/** A call for bars, or what differs from it. */
export const callFor = (differs: Partial<SourceCall> = {}): SourceCall => ({
  dataset: 'bars',
  symbols: ['600000.SH'],
  from: '2024-01-02',
  to: '2024-01-31',
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

export const CALENDAR_COLUMNS = ['calendar_date', 'is_trading_day']
export const CALENDAR_DAY = { columns: CALENDAR_COLUMNS, rows: [['2024-01-02', '1']] }
