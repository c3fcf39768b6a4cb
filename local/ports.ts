import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { readJsonObject, writeFileAtomic } from './files.ts'
import { SetupError } from './setup-error.ts'

const listenOnce = (port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port))
    })
  })

/** Whether a server could listen on this port now. */
export const isPortFree = async (port: number, host = '127.0.0.1'): Promise<boolean> => {
  try {
    await listenOnce(port, host)
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE' || code === 'EACCES') return false
    if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL' || code === 'EAI_AGAIN')
      throw new SetupError(`HOST=${host} is no address of this machine (${code})`, { cause: error })
    throw error
  }
}

/** Whether somebody listens on this port. Unlike isPortFree it never holds the port itself. */
export const isListening = (port: number, host = '127.0.0.1'): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host })
    const answer = (value: boolean): void => {
      socket.destroy()
      resolve(value)
    }
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
  })

// Where systems take the ports of outgoing connections from: 32768 on (Linux) or 49152 on. One of those may be gone before
// its server listens on it, and again each time that the server is away for a moment.
const FREE_PORTS = { from: 20_000, below: 32_000 }
const FREE_PORT_DRAWS = 20

/** A port that nothing listens on, and that no outgoing connection takes as a rule. */
export const freePort = async (host = '127.0.0.1'): Promise<number> => {
  for (let draw = 0; draw < FREE_PORT_DRAWS; draw++) {
    const port = randomInt(FREE_PORTS.from, FREE_PORTS.below)
    if (await isPortFree(port, host)) return port
  }
  return await listenOnce(0, host)
}

/** Thrown when a port that has to be this one is taken. */
export class PortTakenError extends Error {
  readonly port: number
  constructor(port: number, what: string, advice: string) {
    super(`Port ${port} for ${what} is taken by another program. ${advice}`)
    this.name = 'PortTakenError'
    this.port = port
  }
}

export interface PortWish {
  what: string
  preferred: number
  /** `fail` where a client already knows the port, or the user named it. */
  whenTaken: 'choose' | 'fail'
  host?: string
  log: (line: string) => void
}

/** The preferred port, or a free one in its place (which is said aloud). */
export const choosePort = async (wish: PortWish): Promise<number> => {
  if (wish.preferred !== 0 && (await isPortFree(wish.preferred, wish.host))) return wish.preferred
  if (wish.whenTaken === 'fail')
    throw new PortTakenError(wish.preferred, wish.what, 'Stop that program or set another PORT.')
  const port = await freePort(wish.host)
  if (wish.preferred !== 0) wish.log(`port ${wish.preferred} for ${wish.what} is taken; using ${port}`)
  return port
}

const memoryFile = (dataDir: string): string => join(dataDir, 'ports.json')

/** The port that a part of this data folder used last: bookmarks and psql sessions keep working. */
export const rememberedPort = (dataDir: string, name: string): number | undefined => {
  const port = readJsonObject(memoryFile(dataDir))?.[name]
  return typeof port === 'number' ? port : undefined
}

/** Keeps the ports for the next start. Synchronous, so parts that start side by side do not lose each other's. */
export const rememberPorts = (dataDir: string, ports: Record<string, number>): void => {
  const all = { ...readJsonObject(memoryFile(dataDir)), ...ports }
  writeFileAtomic(memoryFile(dataDir), `${JSON.stringify(all)}\n`, 0o644)
}
