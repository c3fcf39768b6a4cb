import { BAOSTOCK_SITE } from '../../market/baostock.ts'
import type { Exclusive, ExclusiveHold, FetchContext } from '../contract.ts'
import { SourceError } from '../errors.ts'
import { orAborted } from './aborting.ts'
import { ASKS_FOR_LOGIN } from './classify.ts'
import { ConnectionError } from './connection.ts'
import { Line, type LineOptions, type LineRequest, type ReadFields } from './line.ts'
import { endsLine, Refusal, translated } from './trouble.ts'
import { Turns } from './turns.ts'

/** When a session ends by itself. */
export interface SessionPace {
  /** Without a request for so long, it ends: the server drops idle sessions, and another worker may wait. */
  idleMs: number
  /** Held for so long, it lets another worker have a turn. With less, logins would eat the budget. */
  shareAfterMs: number
  /** Sessions of more than about 200 requests or half an hour have been seen to die. */
  maxRequests: number
  maxAgeMs: number
}

const PACE: SessionPace = { idleMs: 3_000, shareAfterMs: 5_000, maxRequests: 150, maxAgeMs: 30 * 60_000 }

export interface SessionOptions extends LineOptions {
  /** The right to be the only connection of the whole system. */
  exclusive: Exclusive
  pace?: Partial<SessionPace>
}

/**
 * A conversation with the server: login, requests one at a time, logout. It begins with the first request and ends when
 * there is nothing more to ask; the next request begins another one.
 *
 *   away ──acquire the right, connect, log in──▶ there ──ask──▶ there …
 *   there, asked, "not logged in" ──close, connect, log in, ask once more──▶ there
 *   there ──log out, give the right back──▶ away: 3 s without a request; held for 5 s and wanted by another worker;
 *                                                 150 requests; 30 minutes; close()
 *   any   ──close, give the right back──▶ away:   the connection breaks, the login is refused, an abort during a request,
 *                                                 the right is lost
 *
 * Every login counts against the budget like any request, since the server counts it. A logout does not: it is sent
 * whatever the budget says, because the server counts sessions that were left open as well.
 */
export class BaostockSession {
  readonly #options: SessionOptions
  readonly #pace: SessionPace
  readonly #turns = new Turns()
  /**
   * Of the requests under way, for `close`. Not one signal that all of theirs are made of: `AbortSignal.any` leaves a trace in
   * each of its sources, and this one would live as long as the process.
   */
  readonly #requests = new Set<AbortController>()
  #isClosed = false
  /** Both or none between two turns. */
  #right: ExclusiveHold | null = null
  #line: Line | null = null
  #idle: NodeJS.Timeout | undefined
  /** The newest refusal that concerns everybody, and how many there were. */
  #refused: { error: unknown; count: number } = { error: null, count: 0 }

  constructor(options: SessionOptions) {
    this.#options = options
    this.#pace = { ...PACE, ...options.pace }
  }

  /**
   * One request, with a slot for it and for the login that it may need.
   *
   * @throws SourceError; whatever `reserve` throws; the signal's reason
   */
  async request<T>(request: LineRequest, read: ReadFields<T>, context: FetchContext): Promise<T> {
    context.signal.throwIfAborted()
    if (this.#isClosed) throw this.#translated(request, CLOSED)
    const own = new AbortController()
    const onAbort = () => own.abort(context.signal.reason)
    context.signal.addEventListener('abort', onAbort)
    this.#requests.add(own)
    const refusals = this.#refused.count
    try {
      return await this.#turns.take(async () => {
        clearTimeout(this.#idle)
        // A block came while this one waited: asking all the same would make it longer.
        if (this.#refused.count > refusals) throw this.#refused.error
        return await this.#turn(request, read, {
          signal: own.signal,
          // The wait for a slot may be long, and closing must not wait with it.
          reserve: (budget, cost) => orAborted(context.reserve(budget, cost), own.signal),
        })
      }, own.signal)
    } catch (error) {
      throw this.#translated(request, error)
    } finally {
      context.signal.removeEventListener('abort', onAbort)
      this.#requests.delete(own)
      this.#armIdle()
    }
  }

  /** Ends the session with a logout. A request on the wire is given up, those that wait fail. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const request of this.#requests) request.abort(CLOSED)
    clearTimeout(this.#idle)
    await this.#turns.take(() => this.#leave())
  }

  async #turn<T>(request: LineRequest, read: ReadFields<T>, context: FetchContext): Promise<T> {
    try {
      return await this.#ask(request, read, context)
    } catch (error) {
      if (endsLine(error)) this.#line?.destroy(error)
      const sourceError = this.#translated(request, error)
      this.#noteRefusal(sourceError)
      throw sourceError
    } finally {
      if (!this.#line?.isOpen || this.#isOver(this.#line)) await this.#leave()
    }
  }

  async #ask<T>(request: LineRequest, read: ReadFields<T>, context: FetchContext): Promise<T> {
    for (let isFirst = true; ; isFirst = false) {
      await context.reserve(BAOSTOCK_SITE)
      const line = await this.#loggedIn(context)
      try {
        return await line.ask(request, read, context.signal)
      } catch (error) {
        if (!isFirst || !(error instanceof Refusal) || !ASKS_FOR_LOGIN.has(error.code)) throw error
        await line.hangUp()
      }
    }
  }

  async #loggedIn(context: FetchContext): Promise<Line> {
    if (this.#line?.isOpen) return this.#line
    if (this.#right?.lost.aborted) await this.#leave()
    const right = (this.#right ??= await this.#options.exclusive.acquire(context.signal))
    // Before the connection: a login that waits for its slot would wait as a stranger.
    await context.reserve(BAOSTOCK_SITE)
    const isLost = () => new ConnectionError('another worker has the right to connect now')
    const signal = AbortSignal.any([context.signal, right.lost])
    try {
      const line = await Line.open(this.#options, signal)
      right.lost.addEventListener('abort', () => line.destroy(isLost()))
      this.#line = line
      return line
    } catch (error) {
      context.signal.throwIfAborted()
      throw right.lost.aborted ? isLost() : error
    }
  }

  /** Others of the system get their turn, and no session grows old. */
  #isOver(line: Line): boolean {
    const age = performance.now() - line.openedAt
    if (this.#right?.wanted && age >= this.#pace.shareAfterMs) return true
    return line.requests >= this.#pace.maxRequests || age >= this.#pace.maxAgeMs
  }

  async #leave(): Promise<void> {
    const right = this.#right
    await this.#line?.end()
    this.#line = null
    this.#right = null
    try {
      await right?.release()
    } catch {
      // A right that cannot be given back runs out by itself; the answer that was brought counts for more.
    }
  }

  #armIdle(): void {
    if (!this.#turns.isFree || this.#line === null || this.#isClosed) return
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      if (this.#turns.isFree) void this.#turns.take(() => this.#leave())
    }, this.#pace.idleMs)
  }

  #translated({ fields: [api] }: LineRequest, error: unknown): unknown {
    const { apiKey } = this.#options
    return translated(api, error, apiKey ? [apiKey.reveal()] : [])
  }

  #noteRefusal(error: unknown): void {
    if (error instanceof SourceError && CONCERNS_ALL.has(error.errorClass))
      this.#refused = { error, count: this.#refused.count + 1 }
  }
}

const CLOSED = new ConnectionError('the source was closed')

// Not of one request but of the address or the account.
const CONCERNS_ALL: ReadonlySet<string> = new Set(['Banned', 'AuthFailed', 'SourceDown', 'RateLimited'])
