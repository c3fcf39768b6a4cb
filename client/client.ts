import type { Env, Hono } from 'hono'
import { hc } from 'hono/client'
import type { ApiSchema } from '../api/contract.ts'

export interface ClientOptions {
  /** Where the service is, e.g. `http://127.0.0.1:8000`. */
  url: string
  /** Sent as `X-API-Key`. A service without keys needs none. */
  apiKey?: string | undefined
  /** In place of the `fetch` of the runtime: a proxy, another agent, or `app.request` of an app in the same process. */
  fetch?: (url: string, init?: RequestInit) => Response | Promise<Response>
  /** Sent with every request. */
  headers?: Record<string, string>
  /** How long an answer may take to begin. `POST /sync` and `/sync/daily` take a minute before they give up. */
  timeoutMs?: number
}

type Chain = Hono<Env, ApiSchema>

/** Requests by their paths: `client.api.runs[':id'].$get({ param: { id } })`. */
export type Client = ReturnType<typeof hc<Chain>>

// Longer than the slowest answer of the service takes to begin.
const TIMEOUT_MS = 90_000

/** A client of the service at an address. It sends nothing by itself. */
export function createClient({ url, apiKey, headers = {}, ...options }: ClientOptions): Client {
  const key: Record<string, string> = apiKey === undefined ? {} : { 'X-API-Key': apiKey }
  const send = limited(options.fetch ?? fetch, options.timeoutMs ?? TIMEOUT_MS)
  return encoding(hc<Chain>(url, { headers: { ...headers, ...key }, fetch: send as typeof fetch }))
}

type Send = NonNullable<ClientOptions['fetch']>

/** Gives up on a service that does not begin to answer. The answer itself may last: tables and events are streamed. */
function limited(send: Send, timeoutMs: number): Send {
  return async (url, init = {}) => {
    const late = new AbortController()
    const timer = setTimeout(
      () => late.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError')),
      timeoutMs,
    )
    const signal = init.signal ? AbortSignal.any([init.signal, late.signal]) : late.signal
    try {
      return await send(url, { ...init, signal })
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Values go into paths as they are in hono's client: one with a slash would reach another route. */
function encoding<T extends object>(chain: T): T {
  return new Proxy(chain, {
    get: (target, name) => {
      const next: unknown = Reflect.get(target, name)
      return typeof next === 'function' ? encoding(next) : next
    },
    apply: (target, self, [args, ...others]: unknown[]) =>
      Reflect.apply(target as unknown as Send, self, [withEncodedPath(args), ...others] as never) as unknown,
  })
}

function withEncodedPath(args: unknown): unknown {
  if (typeof args !== 'object' || args === null || !('param' in args)) return args
  const param = Object.entries(args.param as Record<string, string>).map(([name, value]) => {
    // The segment would be left out, which makes another route of it.
    if (value === '') throw new TypeError(`${name} is empty`)
    return [name, encodeURIComponent(value)]
  })
  return { ...args, param: Object.fromEntries(param) as unknown }
}
