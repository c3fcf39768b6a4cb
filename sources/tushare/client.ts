import { Agent, request } from 'undici'
import { accountOf } from '../../market/account.ts'
import type { Secret } from '../../market/secret.ts'
import { redact, SourceError, type SourceErrorDetails } from '../errors.ts'
import { parseJson } from '../json.ts'
import { isNobodyThere, systemCode } from '../network.ts'
import { rawOf } from '../raw.ts'
import { classifyAnswer, classifyStatus } from './classify.ts'
import { Patience } from './patience.ts'

export interface TushareClientOptions {
  url: string
  token: Secret
  /** Whole call, body included; less of a server that has not answered lately. */
  timeoutMs: number
}

/** A table as Tushare sends it: map by name, since the order of `fields` is the server's. */
export interface TushareTable {
  fields: readonly string[]
  items: readonly (readonly unknown[])[]
  /** Undefined on older servers. */
  hasMore: boolean | undefined
}

export type TushareParams = Readonly<Record<string, string | number>>

// The largest honest answer (10,000 rows of a wide table) is about 10 MB; anything above is not an answer.
const MAX_BODY_BYTES = 32 * 1024 * 1024
// Ten times what any interface gives.
const MAX_ROWS = 100_000

/** Speaks Tushare's HTTP: one POST a call, business errors inside HTTP 200. */
export class TushareClient {
  readonly account: string
  readonly #options: TushareClientOptions
  readonly #agent: Agent
  readonly #patience: Patience

  constructor(options: TushareClientOptions) {
    this.#options = options
    this.#patience = new Patience(options.timeoutMs)
    this.account = accountOf(options.token)
    this.#agent = new Agent({
      keepAliveTimeout: 30_000,
      connections: 16,
      connect: { timeout: options.timeoutMs },
    })
  }

  /**
   * One request.
   *
   * @throws SourceError for every way in which it can fail; the token is in none of them
   */
  async call(api: string, params: TushareParams, fields: string, signal: AbortSignal): Promise<TushareTable> {
    const body = await this.#post(api, params, fields, signal)
    const answer = parseJson(body)
    if (answer === undefined)
      throw this.#error(api, 'Transient', `the answer is not JSON: ${this.#excerpt(body)}`)
    return this.#table(api, answer)
  }

  close(): Promise<void> {
    return this.#agent.close()
  }

  async #post(api: string, params: TushareParams, fields: string, signal: AbortSignal): Promise<string> {
    const limit = this.#patience.begin()
    try {
      const response = await request(this.#options.url, {
        method: 'POST',
        dispatcher: this.#agent,
        signal: AbortSignal.any([signal, limit.signal]),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ api_name: api, token: this.#options.token.reveal(), params, fields }),
      })
      limit.answered()
      const text = await this.#read(api, response.body)
      if (response.statusCode !== 200) {
        throw this.#error(
          api,
          classifyStatus(response.statusCode),
          `HTTP ${response.statusCode}: ${this.#excerpt(text)}`,
        )
      }
      return text
    } catch (error) {
      if (error instanceof SourceError || signal.aborted) throw error
      if (limit.signal.aborted)
        throw this.#error(api, 'Transient', `no answer within ${limit.ms} ms`, { timedOut: true })
      const code = systemCode(error)
      const errorClass = isNobodyThere(code) ? 'SourceDown' : 'Transient'
      throw this.#error(api, errorClass, `the connection failed (${code})`)
    } finally {
      limit.end()
    }
  }

  async #read(api: string, body: AsyncIterable<Buffer>): Promise<string> {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > MAX_BODY_BYTES)
        throw this.#error(api, 'Transient', `the answer is over ${MAX_BODY_BYTES} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  #table(api: string, answer: unknown): TushareTable {
    if (!isRecord(answer) || typeof answer.code !== 'number')
      throw this.#error(api, 'SchemaDrift', 'no code in the answer', { sample: answer })
    if (answer.code !== 0) {
      const message = textOf(answer.msg) ?? textOf(answer.message) ?? 'no message'
      const { errorClass, limit } = classifyAnswer(answer.code, message)
      throw this.#error(api, errorClass, `${answer.code} ${message}`, limit ? { limit } : {})
    }
    const data = answer.data
    if (!isRecord(data) || !isNames(data.fields) || !isTable(data.items)) {
      throw this.#error(api, 'SchemaDrift', 'no table in the answer', { sample: answer })
    }
    if (data.items.length > MAX_ROWS)
      throw this.#error(api, 'Transient', `the answer has ${data.items.length} rows`)
    return {
      fields: data.fields,
      items: data.items,
      hasMore: typeof data.has_more === 'boolean' ? data.has_more : undefined,
    }
  }

  /** A text without the token. */
  redacted(text: string): string {
    return redact(text, [this.#options.token.reveal()])
  }

  /** The beginning of a body. The token goes first: cut in two it would not be found any more. */
  #excerpt(body: string): string {
    return this.redacted(body.slice(0, 2_000)).slice(0, 80)
  }

  /** An error of this source with the token taken out of every text. */
  #error(
    api: string,
    errorClass: SourceErrorDetails['errorClass'],
    message: string,
    extra: { limit?: SourceErrorDetails['limit']; sample?: unknown; timedOut?: true } = {},
  ): SourceError {
    const details: SourceErrorDetails = {
      source: 'tushare',
      api,
      errorClass,
      upstreamMessage: this.redacted(message),
    }
    if (extra.limit) details.limit = extra.limit
    if (extra.timedOut) details.timedOut = true
    if (extra.sample !== undefined) details.sample = this.redacted(rawOf(extra.sample))
    return new SourceError(details)
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')
const isTable = (value: unknown): value is unknown[][] => Array.isArray(value) && value.every(Array.isArray)
const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.length > 0 ? value : null
