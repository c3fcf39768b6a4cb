import { setTimeout as sleep } from 'node:timers/promises'
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker'
import type { Logger } from 'pino'

// Whoever starts this process again after an end waits longer each time; here the server is found soon after it is back.
const AGAIN_MS = 1_000

/** Connects to Temporal, which may be away when the worker starts. */
export async function connectWhenUp(
  options: NativeConnectionOptions,
  log: Logger,
): Promise<NativeConnection> {
  for (let tries = 0; ; tries++) {
    try {
      return await NativeConnection.connect(options)
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'TransportError') throw error
      // The reason tells a server that is not there yet from a certificate that nobody vouches for, which no waiting mends.
      const reason = error.message
      if (tries === 0)
        log.warn({ address: options.address, reason }, 'Temporal does not answer: waiting for it')
      await sleep(AGAIN_MS)
    }
  }
}
