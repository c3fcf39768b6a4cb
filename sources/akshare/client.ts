import { Agent, request } from 'undici'
import { SourceError } from '../errors.ts'
import { parseJson } from '../json.ts'
import { classifyNetwork, classifyStatus } from './classify.ts'
import { emptyAnswer, failure } from './failure.ts'
import {
  type AkshareFunction,
  emptyIsAnAnswer,
  type ParamsOf,
  queryOf,
  refusalOf,
  specOf,
} from './functions.ts'
import type { Row } from './values.ts'

export interface AktoolsClientOptions {
  /** Where AKTools listens, `http://127.0.0.1:8080`. */
  url: string
  /** One call, body included. */
  timeoutMs: number
  /** A call behind which dozens of pages are fetched. */
  pagesTimeoutMs?: number
}

// 56 pages with pauses of up to 1.5 s take 83 s at worst; every page is tried three times on top.
const PAGES_TIMEOUT_MS = 180_000
// The largest honest answer (the whole market, 23 columns) is about 2 MB.
const MAX_BODY_BYTES = 32 * 1024 * 1024
// The bridge closes idle connections after 5 s: one of ours must not be reused at that moment.
const KEEP_ALIVE_MS = 4_000

/** Speaks to an AKTools bridge: one GET a call. It decides nothing about rows. */
export class AktoolsClient {
  readonly #base: URL
  readonly #options: AktoolsClientOptions
  readonly #agent: Agent

  constructor(options: AktoolsClientOptions) {
    this.#options = options
    this.#base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`)
    this.#agent = new Agent({
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      connections: 4,
      connect: { timeout: Math.min(options.timeoutMs, 10_000) },
      // Nothing comes before AKShare has it all: our own limit counts, not undici's five minutes.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /**
   * Calls a function of AKShare.
   *
   * @returns its rows as AKTools sends them, never none, except where none is documented as an answer
   * @throws SourceError for every way in which it can fail; what may not be sent is refused before it is
   */
  async call<F extends AkshareFunction>(
    name: F,
    params: ParamsOf<F>,
    signal: AbortSignal,
  ): Promise<readonly Row[]> {
    const refused = refusalOf(name, params)
    if (refused !== null) throw failure(shortName(name), 'BadRequest', `not sent: ${refused}`)
    const values: Readonly<Record<string, string>> = params
    const limitMs =
      specOf(name).duration === 'pages'
        ? (this.#options.pagesTimeoutMs ?? PAGES_TIMEOUT_MS)
        : this.#options.timeoutMs
    const path = `api/public/${name}?${queryOf(name, values)}`
    const { status, body } = await this.#get(name, path, limitMs, signal)
    if (status !== 200) throw classifyStatus(name, status, body)
    const rows = rowsOf(name, body)
    if (rows.length === 0 && !emptyIsAnAnswer(name, values)) throw emptyAnswer(name)
    return rows
  }

  /**
   * Asks whether AKTools itself is up; no web site is called for it.
   *
   * @param name the function that is meant to be called next, for the error
   */
  async ready(name: AkshareFunction, signal: AbortSignal): Promise<void> {
    const { status, body } = await this.#get(name, 'openapi.json', this.#options.timeoutMs, signal)
    if (status > 500) throw classifyStatus(name, status, body)
    const paths =
      status === 200 ? (parseJson(body) as { paths?: unknown } | null | undefined)?.paths : undefined
    if (typeof paths !== 'object' || paths === null)
      throw failure(name, 'BadRequest', `AKTOOLS_URL does not seem to be AKTools: HTTP ${status}`)
  }

  close(): Promise<void> {
    return this.#agent.close()
  }

  async #get(
    name: AkshareFunction,
    path: string,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<{ status: number; body: string }> {
    const limit = AbortSignal.timeout(limitMs)
    try {
      const response = await request(new URL(path, this.#base), {
        dispatcher: this.#agent,
        signal: AbortSignal.any([signal, limit]),
        headers: { accept: 'application/json' },
      })
      return { status: response.statusCode, body: await readBody(name, response.body) }
    } catch (error) {
      if (error instanceof SourceError || signal.aborted) throw error
      if (limit.aborted) {
        throw failure(name, 'Transient', `no answer from AKTools within ${limitMs} ms`, { timedOut: true })
      }
      throw classifyNetwork(name, error, this.#base.origin)
    }
  }
}

/** What was asked for may be anything when it is refused: a name of ours has no more than this. */
const shortName = (name: string): string => name.slice(0, 60)

async function readBody(name: AkshareFunction, body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES)
      throw failure(name, 'SchemaDrift', `the answer is over ${MAX_BODY_BYTES} bytes`, {
        sample: chunks[0]?.toString('utf8') ?? '',
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function rowsOf(name: AkshareFunction, body: string): readonly Row[] {
  const answer = parseJson(body)
  if (answer === undefined) throw failure(name, 'SchemaDrift', 'the answer is not JSON', { sample: body })
  if (!Array.isArray(answer) || !answer.every(isRow))
    throw failure(name, 'SchemaDrift', 'the answer is not a list of rows', { sample: body })
  return answer
}

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
