import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { crc32, inflateSync } from 'node:zlib'
import type { BaostockReplay, BaostockReplayOptions } from '../../local/replay/baostock-server.ts'
import { startBaostockReplay } from '../../local/replay/baostock-server.ts'
import type { ReplayMarket } from '../../local/replay/market.ts'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'

// Written from the description of the protocol alone, so that client and server cannot be wrong in the same way.

const DAY_FIELDS =
  'date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,peTTM,pbMRQ,psTTM,pcfNcfTTM,isST'
const END = '<![CDATA[]]>\n'
const COMPRESSED = ['96', '99', '9B', '9D']

export interface Frame {
  readonly bytes: Buffer
  readonly type: string
  readonly length: number
  /** The body, inflated where it came compressed. */
  readonly body: string
  readonly parts: readonly string[]
  readonly crcIsRight: boolean
}

/** A request as the reference client builds it. */
export const requestBytes = (type: string, fields: readonly string[], version = '00.9.40'): Buffer => {
  const body = fields.join('\x01')
  const head = `${version}\x01${type}\x01${String(Array.from(body).length).padStart(10, '0')}${body}`
  return Buffer.from(`${head}\x01${crc32(head)}\n`)
}

/** Reads a frame from the front of the bytes; undefined: it is not all there. */
export const readFrame = (bytes: Buffer): Frame | undefined => {
  if (bytes.length < 21) return undefined
  const [version = '', type = '', digits = ''] = bytes.toString('latin1', 0, 21).split('\x01')
  if (!/^\d\d\.\d\.\d\d$/.test(version) || type.length !== 2 || !/^\d{10}$/.test(digits)) {
    throw new Error(`not a header: ${bytes.toString('latin1', 0, 40)}`)
  }
  const isCompressed = COMPRESSED.includes(type)
  const end = bytes.indexOf(END, isCompressed ? 21 + Number(digits) : 21)
  if (end < 0) return undefined
  const all = bytes.subarray(0, end + END.length)
  const separator = all.lastIndexOf(1)
  const raw = all.subarray(21, separator)
  const body = (isCompressed ? inflateSync(raw.subarray(0, Number(digits))) : raw).toString()
  return {
    bytes: all,
    type,
    length: Number(digits),
    body,
    parts: body.split('\x01'),
    crcIsRight: String(crc32(all.subarray(0, separator))) === all.toString('latin1', separator + 1, end),
  }
}

export interface Connection {
  readonly socket: Socket
  /** Everything that has come and was not read as a frame. */
  readonly rest: () => Buffer
  /** How many pieces it came in. */
  readonly pieces: () => number
  readonly send: (bytes: Buffer) => Promise<Frame>
  /** A query with the anonymous user. */
  readonly ask: (type: string, method: string, ...params: (string | number)[]) => Promise<Frame>
  readonly login: () => Promise<Frame>
  /** Resolves with the error that ended the connection, or `fin`. */
  readonly ended: Promise<string>
  readonly close: () => Promise<void>
}

/** Connects to a replay, without a login. */
export const openConnection = async ({ host, port }: { host: string; port: number }): Promise<Connection> => {
  const socket = connect(port, host)
  let bytes: Buffer = Buffer.alloc(0)
  let pieces = 0
  let look = (): void => undefined
  const ended = new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    socket.on('close', () => resolve('fin'))
  })
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk])
    pieces += 1
    look()
  })
  const nextFrame = () =>
    new Promise<Frame>((resolve, reject) => {
      look = () => {
        try {
          const frame = readFrame(bytes)
          if (frame === undefined) return
          bytes = bytes.subarray(frame.bytes.length)
          look = () => undefined
          resolve(frame)
        } catch (error) {
          reject(new Error('unreadable', { cause: error }))
        }
      }
      void ended.then((how) => reject(new Error(`ended: ${how}`)))
      look()
    })
  let last: Promise<unknown> = Promise.resolve()
  const send = (request: Buffer): Promise<Frame> => {
    // One at a time, as every client does it.
    const answered = last.then(() => {
      const frame = nextFrame()
      socket.write(request)
      return frame
    })
    last = answered.catch(() => undefined)
    return answered
  }
  return {
    socket,
    rest: () => bytes,
    pieces: () => pieces,
    send,
    ask: (type, method, ...params) => send(requestBytes(type, [method, 'anonymous', ...params.map(String)])),
    login: () => send(requestBytes('00', ['login', 'anonymous', '123456', '0'])),
    ended,
    close: async () => {
      socket.destroy()
      await ended
    },
  }
}

/** The rows of a good answer as objects. */
export const records = ({ parts, type }: Frame): Record<string, string>[] => {
  if (parts[0] !== '0') throw new Error(`refused: ${parts.join(' ')}`)
  const unpaged = ['99', '9B', '9D'].includes(type)
  const record = parts[unpaged ? 4 : 6] ?? ''
  const fields = parts[type === '96' ? 8 : parts.length - 1] ?? ''
  if (record === '') return []
  const names = fields.split(',').map((name) => name.trim())
  const { record: items } = JSON.parse(record) as { record: string[][] }
  return items.map((item) => Object.fromEntries(names.map((name, i) => [name, item[i] ?? ''])))
}

/** `sh.600000` for `600000.SH`. */
export const codeOf = (symbol: string): string => `${symbol.slice(7).toLowerCase()}.${symbol.slice(0, 6)}`

/** Lines of one stock, all in one page. */
export const history = async (
  { ask }: Connection,
  code: string,
  { fields = DAY_FIELDS, from = '1990-01-01', to = '2026-12-31', frequency = 'd', flag = '3', page = 1 } = {},
) =>
  records(await ask('95', 'query_history_k_data_plus', page, 10_000, code, fields, from, to, frequency, flag))

/** Runs a test against a server over a small market (60 stocks, 1 year), with one connection that is logged in. */
export const withBaostock = async (
  options: Partial<BaostockReplayOptions>,
  test: (connection: Connection, replay: BaostockReplay, market: ReplayMarket) => Promise<void>,
): Promise<void> => {
  const market = options.market ?? createSandboxMarket({ stocks: 60, years: 1 })
  const replay = await startBaostockReplay({ ...options, market })
  const connection = await openConnection(replay)
  try {
    await connection.login()
    await test(connection, replay, market)
  } finally {
    await connection.close()
    await replay.close()
  }
}
