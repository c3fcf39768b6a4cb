import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { createApp } from '../../../api/app.ts'
import { closeServer, createServer, SERVER_LIMITS, type ServerLimits } from '../../../api/server.ts'

/** Serves an app on a port of its own until the test ends. */
export async function serve(
  app: ReturnType<typeof createApp>,
  limits: Partial<ServerLimits> = {},
): Promise<{ port: number; server: Server }> {
  const server = createServer(app.fetch, { ...SERVER_LIMITS, ...limits })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    return closeServer(server)
  })
  return { port: (server.address() as AddressInfo).port, server }
}

/** A connection that has said nothing yet. */
export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  // Those that the server cuts are reset.
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Everything that the server says on a connection until it ends it. */
export async function listenTo(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  return text
}

/** Sends one text on a connection of its own, and gives what the server says until it ends it. */
export async function say(port: number, text: string): Promise<string> {
  const socket = await open(port)
  socket.write(text)
  return await listenTo(socket)
}

/** The status of `GET /healthz`. */
export const health = async (port: number) => {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(60_000) })
  await response.body?.cancel()
  return response.status
}

/** The head of a start of a sync, with further headers. */
export const head = (port: number, ...more: string[]) =>
  [`POST /api/sync/trigger HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...more, '', ''].join('\r\n')
export const JSON_TYPE = 'Content-Type: application/json'
