import type { SourceCall } from '../market/capability.ts'
import type { FetchContext, Source } from '../sources/contract.ts'
import type { Tracing } from '../tracing/tracing.ts'

/** The same source with a span around each call; waiting for its turn is part of it. */
export function tracedSource<T extends Source>(source: T, tracing: Tracing): T {
  const fetch = (call: SourceCall, context: FetchContext) =>
    tracing.inSpan(
      {
        name: `fetch ${source.name} ${call.dataset}`,
        kind: 'client',
        attributes: {
          'ashare.source': source.name,
          'ashare.dataset': call.dataset,
          ...(call.from !== null && { 'ashare.from': call.from }),
          ...(call.to !== null && { 'ashare.to': call.to }),
          ...(call.symbols !== null && { 'ashare.symbols': call.symbols.length }),
        },
      },
      async (span) => {
        const answer = await source.fetch(call, context)
        span.set({
          'ashare.rows': answer.rows.length,
          'ashare.rejected': answer.rejected.length,
          'ashare.requests': answer.requests,
        })
        return answer
      },
    )
  return new Proxy(source, {
    get: (target, key) => {
      if (key === 'fetch') return fetch
      const value = Reflect.get(target, key) as unknown
      // Private fields are reached through the source itself only.
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    },
  })
}
