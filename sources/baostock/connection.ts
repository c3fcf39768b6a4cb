import { connect, type Socket } from 'node:net'
import { isNobodyThere, systemCode } from '../network.ts'
import { asError } from './aborting.ts'
import { type Frame, FrameDecoder, FramingError } from './frame.ts'

/** What a connection waits for at most, ms. */
export interface Timeouts {
  connectMs: number
  /** From a login to the first byte of its answer. */
  loginMs: number
  /** From the request to the first byte of its answer. */
  firstByteMs: number
  /** Between two pieces of an answer. */
  progressMs: number
  /** From the request to the last byte of its answer: a server that drips never makes the others ring. */
  totalMs: number
}

// To connect and to log in take a tenth of a second each, or two where a packet is lost: who says nothing for so long is
// dead, while a query may take its time.
const GREETING_MS = 5_000

/** The limits that hold while one answer may take `totalMs`. */
export const timeoutsFor = (totalMs: number): Timeouts => ({
  connectMs: Math.min(GREETING_MS, totalMs),
  loginMs: Math.min(GREETING_MS, totalMs),
  firstByteMs: Math.min(30_000, totalMs),
  progressMs: Math.min(30_000, totalMs),
  totalMs,
})

/** The connection failed; it is closed by now. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  /** Nothing came within a time limit. */
  readonly timedOut: boolean
  /** There is no server at all. */
  readonly nobodyThere: boolean

  constructor(message: string, options: { timedOut?: boolean; nobodyThere?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.timedOut = options.timedOut ?? false
    this.nobodyThere = options.nobodyThere ?? false
  }
}

interface Exchange {
  resolve(frame: Frame): void
  reject(reason: unknown): void
  /** Some bytes of the answer came. */
  progress(): void
}

/**
 * One TCP connection with one request at a time. Whatever goes wrong closes it for good: after a broken frame nobody
 * knows where the next one begins, and after a request that was given up its answer may still come.
 *
 *   open ──request──▶ waiting ──its one frame──▶ open
 *     │                  └─ FIN, RST, time-out, broken frame, bytes behind the frame, abort ─▶ closed (the request fails)
 *     └─ FIN, RST, any byte ─▶ closed (found out by the next one who looks at `isOpen`)
 */
export class Connection {
  readonly #socket: Socket
  readonly #timeouts: Timeouts
  readonly #decoder = new FrameDecoder()
  #exchange: Exchange | null = null
  #isOpen = true

  private constructor(socket: Socket, timeouts: Timeouts) {
    this.#socket = socket
    this.#timeouts = timeouts
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('end', () => this.destroy(new ConnectionError('the server closed the connection')))
    socket.on('close', () => this.destroy(new ConnectionError('the connection was closed')))
    socket.on('error', (error) => this.destroy(networkError(error)))
  }

  /**
   * @throws ConnectionError; the signal's reason when that came first
   */
  static async open(
    address: { host: string; port: number },
    timeouts: Timeouts,
    signal: AbortSignal,
  ): Promise<Connection> {
    signal.throwIfAborted()
    const socket = connect({ ...address, noDelay: true })
    await new Promise<void>((resolve, reject) => {
      const giveUp = (error: unknown) => {
        finish()
        socket.on('error', () => undefined)
        socket.destroy()
        reject(asError(error))
      }
      const onAbort = () => giveUp(signal.reason)
      const onError = (error: Error) => giveUp(networkError(error))
      const timer = setTimeout(
        () =>
          giveUp(new ConnectionError(`no connection within ${timeouts.connectMs} ms`, { timedOut: true })),
        timeouts.connectMs,
      )
      const finish = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        socket.removeListener('error', onError)
      }
      signal.addEventListener('abort', onAbort)
      socket.once('error', onError)
      socket.once('connect', () => {
        finish()
        resolve()
      })
    })
    return new Connection(socket, timeouts)
  }

  /** False when the server closed it, or sent what nobody asked for. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @param firstByteMs where the beginning of the answer is waited for less than usual
   * @throws ConnectionError, FramingError; the signal's reason when that came first. The connection is closed then.
   */
  async exchange(
    request: Buffer,
    signal: AbortSignal,
    firstByteMs = this.#timeouts.firstByteMs,
  ): Promise<Frame> {
    signal.throwIfAborted()
    if (!this.#isOpen) throw new ConnectionError('the connection is closed')
    if (this.#exchange) throw new TypeError('one request at a time')
    return await new Promise<Frame>((resolve, reject) => {
      const { progressMs, totalMs } = this.#timeouts
      const expire = (what: string) => this.destroy(new ConnectionError(what, { timedOut: true }))
      const total = setTimeout(() => expire(`no whole answer within ${totalMs} ms`), totalMs)
      let silence = setTimeout(() => expire(`no answer within ${firstByteMs} ms`), firstByteMs)
      let hasBegun = false
      const onAbort = () => this.destroy(signal.reason)
      const finish = () => {
        this.#exchange = null
        clearTimeout(total)
        clearTimeout(silence)
        signal.removeEventListener('abort', onAbort)
      }
      this.#exchange = {
        progress: () => {
          if (hasBegun) return void silence.refresh()
          hasBegun = true
          clearTimeout(silence)
          silence = setTimeout(() => expire(`the answer stopped for ${progressMs} ms`), progressMs)
        },
        resolve: (frame) => {
          finish()
          resolve(frame)
        },
        reject: (reason) => {
          finish()
          reject(asError(reason))
        },
      }
      signal.addEventListener('abort', onAbort)
      this.#socket.write(request)
    })
  }

  /** Closes without haste and waits until the server has closed as well, or took too long for it. */
  async end(): Promise<void> {
    if (!this.#isOpen) return
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
    this.#isOpen = false
    this.#socket.end()
    const timer = setTimeout(() => this.#socket.destroy(), END_MS)
    await closed
    clearTimeout(timer)
  }

  /** Closes at once; a request that waits fails with the reason. */
  destroy(reason: unknown): void {
    this.#isOpen = false
    this.#socket.destroy()
    this.#exchange?.reject(reason)
  }

  #receive(chunk: Buffer): void {
    if (!this.#exchange) return this.destroy(new ConnectionError('bytes that nobody asked for'))
    this.#exchange.progress()
    try {
      const [frame, ...others] = this.#decoder.feed(chunk)
      if (frame === undefined) return
      if (others.length > 0 || this.#decoder.isInside) throw new FramingError('bytes behind the answer')
      this.#exchange.resolve(frame)
    } catch (error) {
      this.destroy(error)
    }
  }
}

// Nothing is under way, so the server has only to answer a FIN with its own.
const END_MS = 1_000

/** The system's own code (`ECONNRESET`) and no more: messages of the system repeat addresses. */
function networkError(error: Error): ConnectionError {
  const code = systemCode(error)
  return new ConnectionError(`the connection failed (${code})`, {
    cause: error,
    timedOut: code === 'ETIMEDOUT',
    nobodyThere: isNobodyThere(code),
  })
}
