import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const compress = promisify(gzip)

// Far above any real request: the longest is a list of some hundred codes.
const MOST_BODY = 4 * 1024 * 1024
// Below this a packet holds it anyway.
const WORTH_COMPRESSING = 1400
// Level 1 halves the CPU of the default level for a tenth more bytes; nobody waits for loopback bytes.
const LEVEL = 1

/** Of the servers here, as of those that they play (nginx): a client that is busy for a while finds its connection again. */
export const HTTP_OPTIONS = { keepAliveTimeout: 75_000 } as const

/** The request's body as text; throws when it is too long. */
export const readBody = async (req: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MOST_BODY) throw new Error('request body too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

export const sendJson = (res: ServerResponse, status: number, value: unknown): void => {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value))
}

/** Sends a body as upstream does, compressed when the client said that it can read that. */
export const sendBody = async (
  req: IncomingMessage,
  res: ServerResponse,
  body: Buffer,
  mayCompress: boolean,
): Promise<void> => {
  const accepts = mayCompress && /\bgzip\b/.test(req.headers['accept-encoding'] ?? '')
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  if (!accepts || body.length < WORTH_COMPRESSING) {
    res.writeHead(200, { ...headers, 'content-length': body.length }).end(body)
    return
  }
  const packed = await compress(body, { level: LEVEL })
  res.writeHead(200, { ...headers, 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed)
}
