import { connect, type Socket } from 'node:net'

/** What the driver hands over: its own options, with every host of the URL. */
interface Target {
  host: readonly string[]
  port: readonly number[]
  path: string | false
}

/**
 * Makes the sockets of a pool. The driver's own leave Nagle's algorithm on, which holds the end of every COPY back until
 * the server acknowledges its beginning: twice 40 ms for each commit.
 *
 * A socket is given out while it still connects; what is written meanwhile waits, and failing is the driver's to notice.
 */
export function promptSockets(): (target: Target) => Socket {
  let attempt = 0
  return ({ host, port, path }) => {
    if (path) return connect(path)
    const i = attempt++ % host.length
    const name = host[i] ?? 'localhost'
    // `host` is where the driver looks for the name to expect in a certificate.
    return Object.assign(connect({ host: name, port: port[i] ?? 5432, noDelay: true }), { host: name })
  }
}
