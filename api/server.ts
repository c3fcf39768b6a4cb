import type { Server } from 'node:http'

// Requests that still run get this long; event streams end by themselves when the process is closing.
const GRACE_MS = 2_000

/** Takes no more requests, waits a moment for those that run, then cuts what is left. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections()
    }, GRACE_MS)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}
