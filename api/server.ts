import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { dropUnreadBodies, leaveUnreadBodies } from './unread-body.ts'
import { whenWhole } from './whole-requests.ts'

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
  // Thousands that are late together are then cut in portions, between which others are answered.
  checkMs: 250,
  // Cheap while they are only open, at 10 KiB each. Below the number that somebody opens, they are opened again and again
  // as fast as the machine can, and that is what others notice.
  connections: 12_000,
}

// Connections that wait for the process to take them. Node's own 511 are full within a moment of a flood, and whom the system
// turns away then comes again after a second at the earliest. Linux lowers it to net.core.somaxconn (4,096).
const BACKLOG = 4_096
// For databases, files and connections of our own.
const OTHER_FILES = 500

// The head of a request with its address. Node's own default, written down because clients may rely on it.
const MOST_HEAD_BYTES = 16 * 1024

/** An HTTP server that neither slow senders nor a multitude of open connections can keep from serving others. */
export function createServer(
  fetch: Parameters<typeof getRequestListener>[0],
  limits: ServerLimits = SERVER_LIMITS,
): Server {
  const options = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    maxHeaderSize: MOST_HEAD_BYTES,
  }
  // What nobody reads is dropped below, with more patience.
  const listener = getRequestListener(fetch, { autoCleanupIncoming: false })
  const server = createHttpServer(options, whenWhole(listener))
  dropUnreadBodies(server)
  makeRoom(server, Math.min(limits.connections, Math.max(100, openFiles() - OTHER_FILES)))
  return server
}

/** How many files, connections among them, this process may have open. */
function openFiles(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: unknown } } }
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : Infinity
}

/** Begins to listen; the server emits `listening` or `error`. */
export function listen(server: Server, port: number, host: string): void {
  server.listen({ port, host, backlog: BACKLOG })
}

/**
 * Past the limit a new connection takes the place of another one: of the one that has been open longest without asking
 * anything, or sending a body that was refused, else of the one that has been sending its request longest, else of the one
 * that was answered longest ago. So whoever comes often keeps the connection among any number that only lie there. One that waits for its answer is never
 * taken; if all do, the new one goes. A fixed limit would let whoever opens that many connections keep everybody else out.
 */
function makeRoom(server: Server, most: number): void {
  // Each in the order in which their sockets became so.
  const silent = new Set<Socket>()
  const asking = new Map<Socket, IncomingMessage>()
  const answered = new Set<Socket>()
  const forget = (socket: Socket): void => {
    silent.delete(socket)
    asking.delete(socket)
    answered.delete(socket)
  }
  const sending = (): Socket | undefined => {
    for (const [socket, request] of asking) if (!request.complete) return socket
    return undefined
  }
  server.on('connection', (socket: Socket) => {
    socket.once('close', () => forget(socket))
    if (silent.size + asking.size + answered.size >= most) {
      const victim = firstOf(silent) ?? sending() ?? firstOf(answered) ?? socket
      forget(victim)
      victim.destroy()
    }
    if (!socket.destroyed) silent.add(socket)
  })
  server.on('request', (request, response) => {
    const { socket } = request
    forget(socket)
    asking.set(socket, request)
    response.once('close', () => {
      // Another request of the same connection may have come meanwhile.
      if (asking.get(socket) !== request || socket.destroyed) return
      asking.delete(socket)
      if (request.complete) answered.add(socket)
      else silent.add(socket)
    })
  })
}

const firstOf = (sockets: Set<Socket>): Socket | undefined => sockets.values().next().value

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
  leaveUnreadBodies(server)
  const tidy = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
  const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await new Promise((resolve) => server.close(resolve))
  clearTimeout(cut)
  clearInterval(tidy)
}
