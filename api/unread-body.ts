import type { Server } from 'node:http'
import type { Socket } from 'node:net'

// More than any body that is taken has: whoever sends on after the answer is not listening.
const MOST_BYTES = 16 * 1024 * 1024

const LEAVE = 'leaveUnreadBodies'

/**
 * Lets the rest of a body whose request is answered already come, and drops it: cut off at once, its sender might not see
 * the answer. Those who never come to an end are left to the server's limit of time. To cut them sooner would only let them
 * come again sooner, which costs far more than to leave them lying.
 */
export function dropUnreadBodies(server: Server): void {
  const sending = new Set<Socket>()
  server.once(LEAVE, () => {
    for (const socket of sending) socket.destroy()
  })
  server.on('request', (request, response) => {
    response.once('finish', () => {
      if (request.complete) return
      const { socket } = request
      if (!server.listening) {
        socket.destroySoon()
        return
      }
      sending.add(socket)
      request.once('close', () => sending.delete(socket))
      let left = MOST_BYTES
      // Whoever was reading it has stopped, and would hold it up.
      request.removeAllListeners('data')
      request.on('data', ({ length }: Buffer) => {
        left -= length
        if (left < 0) socket.destroy()
      })
      request.resume()
    })
  })
}

/** Waits for none of them any longer. */
export function leaveUnreadBodies(server: Server): void {
  server.emit(LEAVE)
}
