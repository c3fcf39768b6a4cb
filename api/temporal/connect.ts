import { Client, Connection } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Secret } from '../../market/secret.ts'
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/ids.ts'
import { TemporalGateway } from './gateway.ts'

export interface TemporalSettings {
  address: string
  namespace: string
  apiKey: Secret | undefined
  tls: 'auto' | 'on' | 'off'
}

export interface TemporalLink {
  gateway: TemporalGateway
  /** Registers the search attributes that workflows set, where the server lacks them. */
  ensureSearchAttributes(log: Logger): Promise<void>
  close(): Promise<void>
}

// gRPC waits longer and longer between attempts, up to two minutes: a server that is back would be missed for as long.
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 }

/** A connection that is made with the first request and made again whenever it was lost: the server may be away. */
export function openTemporal({ address, namespace, apiKey, tls }: TemporalSettings): TemporalLink {
  const connection = Connection.lazy({
    address,
    tls: tls === 'on' || (tls === 'auto' && apiKey !== undefined),
    ...(apiKey && { apiKey: apiKey.reveal() }),
    channelArgs: RECONNECT,
  })
  const gateway = new TemporalGateway(new Client({ connection, namespace }), namespace)
  return {
    gateway,
    ensureSearchAttributes: async (log) => {
      const { operatorService } = connection
      const known = await gateway.call(() => operatorService.listSearchAttributes({ namespace }))
      const missing = Object.keys(SEARCH_ATTRIBUTES).filter(
        (name) => !Object.hasOwn(known.customAttributes, name),
      )
      if (missing.length === 0) return
      // 2 is Keyword, the type of all of them.
      const searchAttributes = Object.fromEntries(missing.map((name) => [name, 2]))
      await gateway.call(() => operatorService.addSearchAttributes({ namespace, searchAttributes }))
      log.info({ missing }, 'search attributes registered')
    },
    close: () => connection.close(),
  }
}
