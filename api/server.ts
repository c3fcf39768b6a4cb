import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'

export interface ServerLimits {
  /** How long the head of a request, and a whole request with its body, may take to arrive. */
  headersMs: number
  requestMs: number
  /** How often that is looked at. */
  checkMs: number
  /** Most connections at a time. */
  connections: number
}

export const SERVER_LIMITS: ServerLimits = {
  headersMs: 10_000,
  // A body of 1 MiB over a slow line.
  requestMs: 30_000,
  checkMs: 2_000,
  // Far more than a service of one house has, and far less than a process may have files open.
  connections: 2_000,
}

// The head of a request with its address. Node's own default, written down because clients may rely on it.
const MOST_HEAD_BYTES = 16 * 1024

/** An HTTP server that neither slow senders nor a multitude of open connections can keep from serving others. */
export function createServer(
  fetch: Parameters<typeof createAdaptorServer>[0]['fetch'],
  limits: ServerLimits = SERVER_LIMITS,
): Server {
  const server = createAdaptorServer({
    fetch,
    serverOptions: {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: MOST_HEAD_BYTES,
    },
  }) as Server
  makeRoom(server, limits.connections)
  return server
}

/**
 * Past the limit a new connection takes the place of another one: of the one that has been silent longest, else of the one
 * that has been sending its request longest. One that waits for its answer is never taken; if all do, the new one goes.
 * A fixed limit would let whoever opens that many connections keep everybody else out.
 */
function makeRoom(server: Server, most: number): void {
  // Both in the order in which their sockets became so.
  const silent = new Set<Socket>()
  const asking = new Map<Socket, IncomingMessage>()
  server.on('connection', (socket: Socket) => {
    socket.once('close', () => {
      silent.delete(socket)
      asking.delete(socket)
    })
    if (silent.size + asking.size >= most) {
      const [oldest] = silent
      const victim = oldest ?? [...asking].find(([, request]) => !request.complete)?.[0] ?? socket
      silent.delete(victim)
      asking.delete(victim)
      victim.destroy()
    }
    if (!socket.destroyed) silent.add(socket)
  })
  server.on('request', (request, response) => {
    const { socket } = request
    silent.delete(socket)
    asking.set(socket, request)
    response.once('close', () => {
      if (!asking.delete(socket) || socket.destroyed) return
      silent.add(socket)
    })
  })
}

// Requests that still run get this long; event streams end by themselves when the process is closing.
const GRACE_MS = 10_000
// Connections that have become idle since are closed this soon.
const IDLE_CHECK_MS = 50

/** Takes no more connections, answers what is asked on those that there are, and cuts what is left after a while. */
export async function closeServer(server: Server): Promise<void> {
  // Whoever asks again and again on one connection gets one more answer, which says that it is the last.
  server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false
  })
  const tidy = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
  const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await new Promise((resolve) => server.close(resolve))
  clearTimeout(cut)
  clearInterval(tidy)
}
