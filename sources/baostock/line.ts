import type { Secret } from '../../market/secret.ts'
import { isApiKey } from './api-key.ts'
import { BAD_API_KEY } from './classify.ts'
import { Connection, type Timeouts } from './connection.ts'
import { encodeRequest } from './frame.ts'
import { EchoError, type Fields, fieldsOf, FormError } from './records.ts'
import { Refusal } from './trouble.ts'

export interface LineOptions {
  host: string
  port: number
  apiKey: Secret | undefined
  timeouts: Timeouts
}

export interface LineRequest {
  /** Of the message. */
  type: string
  /** The method's name, which the answer repeats, and what follows it. */
  fields: readonly [api: string, ...rest: string[]]
}

/** Makes of the fields of an answer what is wanted of it. */
export type ReadFields<T> = (fields: Fields) => T

/** Who asks, key or not: the same user for everybody. */
export const USER = 'anonymous'
const PASSWORD = '123456'
const NO_KEY = '0'

// "After logout" the server closes too; nothing depends on its answer.
const LOGOUT_MS = 2_000

/** A connection that is logged in. */
export class Line {
  readonly openedAt = performance.now()
  readonly #connection: Connection
  #requests = 0

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * Connects and logs in.
   *
   * @throws Refusal, ConnectionError, FramingError; the signal's reason when that came first
   */
  static async open(options: LineOptions, signal: AbortSignal): Promise<Line> {
    const option = loginOption(options.apiKey)
    const line = new Line(await Connection.open(options, options.timeouts, signal))
    try {
      const login: LineRequest = { type: '00', fields: ['login', USER, PASSWORD, option] }
      await line.ask(login, () => null, signal, options.timeouts.loginMs)
      return line
    } catch (error) {
      line.destroy(error)
      throw error
    }
  }

  get isOpen(): boolean {
    return this.#connection.isOpen
  }

  /** Requests so far, the login among them. */
  get requests(): number {
    return this.#requests
  }

  /**
   * One request.
   *
   * @param firstByteMs as in `Connection.exchange`
   * @throws Refusal, ConnectionError, FramingError, EchoError, FormError, whatever `read` throws, the signal's reason
   */
  async ask<T>(
    { type, fields }: LineRequest,
    read: ReadFields<T>,
    signal: AbortSignal,
    firstByteMs?: number,
  ): Promise<T> {
    this.#requests++
    const [api] = fields
    const { body } = await this.#connection.exchange(encodeRequest(type, fields), signal, firstByteMs)
    const answer = fieldsOf(body)
    const [code = '', message = '', method = ''] = answer.slice(0, 3).map(String)
    if (!/^\d+$/.test(code)) throw new FormError('the answer begins with no code', body.toString())
    if (code !== '0') throw new Refusal(code, message)
    if (method !== api) throw new EchoError(`${api} was asked, ${method} came`)
    return read(answer)
  }

  /** Logs out and closes. The server counts sessions that nobody ended, so it is worth a try; it never fails. */
  async end(): Promise<void> {
    if (!this.isOpen) return
    const fields = ['logout', USER, beijingTime(new Date())] as const
    try {
      await this.ask({ type: '02', fields: [...fields] }, () => null, AbortSignal.timeout(LOGOUT_MS))
      await this.#connection.end()
    } catch (error) {
      this.destroy(error)
    }
  }

  /** Closes without a logout and waits until the server has closed as well: two connections at once are one too many. */
  async hangUp(): Promise<void> {
    await this.#connection.end()
  }

  /** Closes at once; a request on the wire fails with the reason. */
  destroy(reason: unknown): void {
    this.#connection.destroy(reason)
  }
}

function loginOption(apiKey: Secret | undefined): string {
  if (apiKey === undefined) return NO_KEY
  const key = apiKey.reveal()
  if (!isApiKey(key))
    throw new Refusal(BAD_API_KEY, 'the API key is not one of BaoStock (bs- and 30 characters)')
  return key
}

const BEIJING_MS = 8 * 3_600_000

/** `yyyyMMddHHmmss` of Beijing, where there is no summer time. */
const beijingTime = (now: Date): string =>
  new Date(now.getTime() + BEIJING_MS).toISOString().replace(/\D/g, '').slice(0, 14)
