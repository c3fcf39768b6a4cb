import { EventEmitter } from 'node:events'
import { connect, type Socket, type TcpSocketConnectOpts } from 'node:net'
import { WholeMessages } from './whole-messages.ts'

/*
 * The sockets of a pool. Two things that the driver's own (postgres.js 3.4.9) do not do:
 *
 * They send at once. With Nagle's algorithm the end of every COPY is held back until the server acknowledges its
 * beginning: twice 40 ms for each commit.
 *
 * They survive a server that dies. The driver writes to a connection in a later turn of the event loop. When that has
 * closed in between it writes to nothing, which ends the process, or keeps the bytes and never sends anything again over
 * the connections that follow. So a lost connection is not closed under its feet:
 *
 *   connecting → ready (the server said so) → lost: every query on it is refused, at once and for ever
 *                                           → closed: the pool around it is given up as well (pool.ts)
 */

/** What the driver hands over: its own options, with every host of the URL. */
export interface Target {
  host: readonly string[]
  port: readonly number[]
  path: string | false
  ssl: unknown
}

// Longer than any statement may take (10 min) and than an idle connection is kept: a server that says nothing for so long
// is not there any more, and without this a query would wait for the kernel's idea of it, a quarter of an hour or more.
const SILENCE_LIMIT_MS = 11 * 60_000

// ReadyForQuery with no transaction open: how a server ends its greeting.
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

const lost = (): Error =>
  Object.assign(new Error('the connection to PostgreSQL is lost'), { code: 'CONNECTION_LOST' })

/** The part of a socket that the driver uses. */
export class DriverSocket extends EventEmitter {
  /** Where the driver looks for the name to expect in a certificate. */
  readonly host: string
  readonly #socket: Socket
  readonly #onLost: () => void
  #state: 'connecting' | 'ready' | 'ending' | 'lost' = 'connecting'

  constructor(target: { path: string } | TcpSocketConnectOpts, host: string, onLost: () => void) {
    super()
    const messages = new WholeMessages((data) => this.#heard(data))
    const socket = connect({
      ...target,
      onread: {
        buffer: () => messages.place(),
        callback: (bytes) => messages.filled(bytes) || this.#babbles(),
      },
    })
    this.host = host
    this.#socket = socket
    this.#onLost = onLost
    socket.setTimeout(SILENCE_LIMIT_MS, () => socket.destroy())
    socket.on('drain', () => this.emit('drain'))
    socket.on('error', (error) => {
      if (this.#state === 'connecting') this.#fail(error)
    })
    socket.once('close', () => this.#closed())
  }

  get readyState(): string {
    return this.#state === 'lost' ? 'closed' : this.#socket.readyState
  }

  write(data: Buffer, done?: (error?: Error | null) => void): boolean {
    if (this.#state !== 'lost') return this.#socket.write(data, done)
    // Whatever it was, it is refused: the driver takes an error for the end of all that it has in flight.
    setImmediate(() => {
      done?.(lost())
      this.#fail(lost())
    })
    return true
  }

  end(data: Buffer): void {
    if (this.#state === 'lost') return
    this.#state = 'ending'
    this.#socket.end(data)
  }

  destroy(): void {
    if (this.#state !== 'lost') this.#state = 'ending'
    this.#socket.destroy()
  }

  setKeepAlive(enable: boolean, delay: number): void {
    this.#socket.setKeepAlive(enable, delay)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** From now on everything is refused; `close` is for later. */
  lose(): void {
    if (this.#state === 'lost') return
    this.#state = 'lost'
    this.#socket.destroy()
    this.#fail(lost())
  }

  close(): void {
    this.emit('close', false)
  }

  #heard(data: Buffer): void {
    if (this.#state === 'connecting' && data.subarray(-READY.length).equals(READY)) this.#state = 'ready'
    this.emit('data', data)
  }

  /** Whoever is there does not speak as PostgreSQL does. */
  #babbles(): false {
    this.#socket.destroy()
    return false
  }

  #closed(): void {
    if (this.#state === 'ready') return this.#onLost()
    if (this.#state === 'lost') return
    // In a later turn, when what the driver was about to write has been written.
    const ended = this.#state === 'ending'
    setImmediate(() =>
      setImmediate(() => {
        // A server that hangs up before it is ready: without an error the driver would try again without end.
        if (!ended) this.#fail(lost())
        this.close()
      }),
    )
  }

  #fail(error: Error): void {
    // The driver has stopped listening once it knows of the end.
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }
}

/** Opens the next socket of a pool; of several hosts the next one is tried with each. */
export function socketsOf(onOpen: (socket: DriverSocket) => void, onLost: () => void): OpenSocket {
  let attempt = 0
  return ({ host, port, path, ssl }) => {
    const i = attempt++ % host.length
    const name = host[i] ?? 'localhost'
    const target = path ? { path } : { host: name, port: port[i] ?? 5432, noDelay: true }
    // TLS is laid over a real socket only.
    if (ssl) return Object.assign(connect(target), { host: name })
    const ours = new DriverSocket(target, name, onLost)
    onOpen(ours)
    return ours
  }
}

export type OpenSocket = (target: Target) => Socket | DriverSocket
