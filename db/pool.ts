import type postgres from 'postgres'
import { type DriverSocket, type OpenSocket, socketsOf } from './socket.ts'

/** A pool of the driver with what hangs on it. */
export interface Pool {
  sql: postgres.Sql
}

/**
 * Keeps a pool that is replaced as a whole when its server drops one of its connections: the driver does not get well
 * after that (socket.ts says why). Everything in flight is refused with CONNECTION_LOST, what comes after goes to the new
 * pool, which connects when it is asked.
 */
export class RenewedPool<T extends Pool> {
  readonly #open: (socket: OpenSocket) => T
  #current: T
  #closed = false

  constructor(open: (socket: OpenSocket) => T) {
    this.#open = open
    this.#current = this.#renew()
  }

  get current(): T {
    return this.#current
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#current.sql.end({ timeout: 5 })
  }

  #renew(): T {
    const sockets = new Set<DriverSocket>()
    let pool: T | undefined
    const onOpen = (socket: DriverSocket): void => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    const onLost = (): void => {
      if (!pool) return
      const gone = pool
      pool = undefined
      if (!this.#closed) this.#current = this.#renew()
      giveUp(gone, sockets)
    }
    pool = this.#open(socketsOf(onOpen, onLost))
    return pool
  }
}

/** Ends a pool at once. Its sockets close last: only then does the driver refuse to write by itself. */
function giveUp({ sql }: Pool, sockets: ReadonlySet<DriverSocket>): void {
  for (const socket of sockets) socket.lose()
  const closeAll = (): void => {
    for (const socket of [...sockets]) socket.close()
  }
  sql.end({ timeout: 0 }).then(closeAll, closeAll)
}
