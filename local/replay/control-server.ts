import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HTTP_OPTIONS, readBody, sendJson } from './http.ts'

/** Where an upstream that does not speak HTTP itself is steered from. */
export interface ControlServer {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Does what a request asks for and says what to send as JSON; undefined: no such endpoint. Throws on bad input. */
export type Respond = (method: string, url: URL, body: string) => unknown

export const createControlKey = (): string => randomBytes(16).toString('hex')

/** Answers a request for something below `/__replay/`, when it carries the key in `x-replay-key`. */
export const answerControl = async (
  respond: Respond,
  key: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> => {
  if (req.headers['x-replay-key'] !== key)
    return sendJson(res, 403, { error: 'x-replay-key is missing or wrong' })
  try {
    const url = new URL(req.url ?? '/', 'http://replay')
    const result = respond(req.method ?? '', url, await readBody(req))
    return result === undefined
      ? sendJson(res, 404, { error: 'no such endpoint' })
      : sendJson(res, 200, result)
  } catch (error) {
    return sendJson(res, 400, { error: error instanceof Error ? error.message : String(error) })
  }
}

/** Starts a server of control endpoints only, on a free port of 127.0.0.1. */
export const startControlServer = async (respond: Respond, key: string): Promise<ControlServer> => {
  const server = createServer(HTTP_OPTIONS, (req, res) => {
    // The client went away in the middle: nobody is left to tell.
    answerControl(respond, key, req, res).catch(() => res.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
