import { Client, defaultGrpcRetryOptions, makeGrpcRetryInterceptor, type TLSConfig } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Secret } from '../../market/secret.ts'
import type { Tracing } from '../../tracing/tracing.ts'
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/ids.ts'
import { WatchedConnection } from './connection.ts'
import { TemporalGateway } from './gateway.ts'
import { traceStarts } from './tracing.ts'

export interface TemporalSettings {
  address: string
  namespace: string
  apiKey: Secret | undefined
  /** False: in the clear. */
  tls: TLSConfig | false
  tracing?: Tracing | null
}

export interface TemporalLink {
  gateway: TemporalGateway
  /** The search attributes that workflows set and the server lacks. */
  missingSearchAttributes(): Promise<string[]>
  /** Registers the search attributes that workflows set, where the server lacks them. */
  ensureSearchAttributes(log: Logger): Promise<void>
  close(): Promise<void>
}

// gRPC waits longer and longer between attempts, up to two minutes: a server that is back would be missed for as long.
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 }

// A server that refuses connections is asked again for a second: whoever waits is told then. Other troubles pass more slowly.
const UNAVAILABLE = 14
const MOST_ATTEMPTS = 4
const DEFAULT_RETRIES = defaultGrpcRetryOptions()
const RETRIES: typeof DEFAULT_RETRIES = {
  ...DEFAULT_RETRIES,
  retryableDecider: (attempt, status) => {
    const code: number = status.code
    return (
      (code !== UNAVAILABLE || attempt < MOST_ATTEMPTS) && DEFAULT_RETRIES.retryableDecider(attempt, status)
    )
  },
}

/** A connection that is made with the first request and made again whenever it was lost: the server may be away. */
export function openTemporal(settings: TemporalSettings): TemporalLink {
  const { address, namespace, apiKey, tls, tracing } = settings
  const connection = WatchedConnection.lazy({
    address,
    tls,
    ...(apiKey && { apiKey: apiKey.reveal() }),
    channelArgs: RECONNECT,
    interceptors: [makeGrpcRetryInterceptor(RETRIES)],
  })
  const interceptors = tracing ? { interceptors: { workflow: [traceStarts(tracing)] } } : {}
  const gateway = new TemporalGateway(new Client({ connection, namespace, ...interceptors }), namespace)
  const { operatorService } = connection
  const missingSearchAttributes = async (): Promise<string[]> => {
    const known = await gateway.call(() => operatorService.listSearchAttributes({ namespace }))
    return Object.keys(SEARCH_ATTRIBUTES).filter((name) => !Object.hasOwn(known.customAttributes, name))
  }
  return {
    gateway,
    missingSearchAttributes,
    ensureSearchAttributes: async (log) => {
      const missing = await missingSearchAttributes()
      if (missing.length === 0) return
      // 2 is Keyword, the type of all of them.
      const searchAttributes = Object.fromEntries(missing.map((name) => [name, 2]))
      await gateway.call(() => operatorService.addSearchAttributes({ namespace, searchAttributes }))
      log.info({ missing }, 'search attributes registered')
    },
    close: async () => {
      // A call that is repeated on a closed connection would end the process.
      await gateway.settled()
      await connection.close()
    },
  }
}
