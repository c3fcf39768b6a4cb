import type { Socket } from 'node:net'
import { exchange } from './exchange.ts'
import type { ExchangeDeps, Session } from './exchange.ts'
import { RecordWriter } from './record-writer.ts'
import { frameOf, send } from './wire.ts'

export interface ServeDeps extends ExchangeDeps {
  readonly latency: 'none' | 'live'
  /** Without a request for so long, a connection is ended in one of the ways that the real server has. */
  readonly idleMs: number | undefined
  readonly idleEnd: IdleEnd
  /** Finished answers by the line that asks for them; null: every answer is made anew. */
  readonly remembered: Map<string, Buffer> | null
}

/** `logout`: the connection stays, the next query is told 10001001. */
export type IdleEnd = 'fin' | 'reset' | 'logout'

// A login is said to take 0.1 s; how long answers take is not known, so their rows count as Tushare's do.
const LIVE_BASE_MS = 100
const LIVE_ROW_MS = 0.016

// The longest real request is below 300 bytes.
const MOST_LINE = 64 * 1024
const LINE_FEED = 10

const answerLine = async (
  deps: ServeDeps,
  session: Session,
  socket: Socket,
  line: string,
  out: RecordWriter,
): Promise<void> => {
  const known = session.user === null ? undefined : deps.remembered?.get(line)
  if (known !== undefined) return await send(socket, known, undefined)
  const { answer, faults } = exchange(deps, session, line, out)
  let wait = deps.latency === 'live' ? LIVE_BASE_MS + LIVE_ROW_MS * answer.rows : 0
  for (const { kind, ms = 1000 } of faults) if (kind === 'latency') wait += ms
  const delay = wait > 0 ? deps.faults.wait(wait) : undefined
  const frame = await frameOf(answer)
  // Undamaged tables alone: an answer about the session is true once.
  if (answer.outcome === 'ok' && answer.rows > 0) deps.remembered?.set(line, frame)
  await delay
  await send(
    socket,
    frame,
    faults.find(({ kind }) => kind !== 'latency'),
  )
}

const endIdle = ({ idleEnd }: ServeDeps, session: Session, socket: Socket): void => {
  if (idleEnd === 'logout') session.user = null
  else if (idleEnd === 'reset') socket.resetAndDestroy()
  else socket.end()
}

/** Cuts what comes in into lines, without their line feeds; whatever is longer than any line ends the connection. */
const createLineReader = (socket: Socket, onLine: (line: string) => void) => {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk: Buffer): void => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED)) {
      onLine(rest.toString('utf8', 0, end))
      rest = rest.subarray(end + 1)
    }
    if (rest.length > MOST_LINE) socket.destroy()
  }
}

/** Answers a connection's requests one after the other, in their order, until it ends. */
export const serve = (deps: ServeDeps, session: Session, socket: Socket): void => {
  const out = new RecordWriter()
  let queue = Promise.resolve()
  let idle: NodeJS.Timeout | undefined
  const rest = (): void => {
    clearTimeout(idle)
    if (deps.idleMs !== undefined) idle = setTimeout(() => endIdle(deps, session, socket), deps.idleMs)
  }
  const read = createLineReader(socket, (line) => {
    clearTimeout(idle)
    queue = queue
      .then(() => (socket.destroyed ? undefined : answerLine(deps, session, socket, line, out)))
      .then(rest)
      // A bug here must not look like a slow upstream.
      .catch((error: unknown) => void socket.destroy(error instanceof Error ? error : undefined))
  })
  socket
    .setNoDelay(true)
    .on('data', read)
    .on('close', () => clearTimeout(idle))
    // Resets are what this is made for.
    .on('error', () => undefined)
  rest()
}
