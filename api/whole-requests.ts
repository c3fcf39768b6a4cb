import type { IncomingMessage, ServerResponse } from 'node:http'
import { MAX_BODY_BYTES } from './middleware/body.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/**
 * Hands a request on when its body is there, or as much of it as waits without being read (16 KiB); at once when it has none
 * or one that will be refused for its length. So those who send theirs byte by byte cost a connection each and nothing more:
 * they are not counted among the changes of their address, and whoever goes away in between was never there.
 */
export const whenWhole =
  (listener: Listener): Listener =>
  (request, response) => {
    if (!hasBodyToCome(request)) {
      listener(request, response)
      return
    }
    const look = (): void => {
      if (!request.complete && request.readableLength < request.readableHighWaterMark) return
      request.off('readable', look)
      // By then the stream has forgotten that somebody looked at it, and can be read in any way.
      setImmediate(() => {
        if (!request.destroyed) listener(request, response)
      })
    }
    request.on('readable', look)
  }

function hasBodyToCome({ headers }: IncomingMessage): boolean {
  const length = Number(headers['content-length'] ?? 0)
  return headers['transfer-encoding'] !== undefined || (length > 0 && length <= MAX_BODY_BYTES)
}
