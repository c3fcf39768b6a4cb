import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AktoolsFault } from './faults.ts'
import type { Reply } from './replies.ts'

/** Sends a reply as uvicorn does: its headers, and after a 500 the end of the connection. */
const sendReply = (req: IncomingMessage, res: ServerResponse, reply: Reply): void => {
  const { status, type, body, headers } = reply
  const { origin } = req.headers
  // The error page is made outside of the part that adds the headers for browsers.
  const isInside = status !== 500
  res.removeHeader('connection')
  res.writeHead(status, {
    server: 'uvicorn',
    ...headers,
    'content-length': body.length,
    ...(status !== 307 && { 'content-type': type }),
    ...(isInside &&
      origin !== undefined && {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
      }),
    ...(isInside && { vary: 'Origin' }),
  })
  res.end(body, () => {
    if (status === 500) req.socket.end()
  })
}

/** Puts a reply on the wire, or what a fault makes of it. Never resolves early: a hang ends with the connection. */
export const send = async (
  req: IncomingMessage,
  res: ServerResponse,
  reply: Reply,
  fault?: AktoolsFault,
): Promise<void> => {
  if (fault === undefined) return sendReply(req, res, reply)
  if (fault.kind === 'reset') {
    req.socket.resetAndDestroy()
  } else if (fault.kind === 'http_status') {
    res
      .writeHead(fault.status ?? 502, { 'content-type': 'text/html' })
      .end('<html><body>Bad Gateway</body></html>')
  } else if (fault.kind === 'html') {
    res
      .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      .end('<!DOCTYPE html><html><body>系统维护中</body></html>')
  } else if (fault.kind === 'truncated') {
    const length = Math.floor((reply.body.length * (fault.percent ?? 50)) / 100)
    res.writeHead(200, { 'content-type': 'application/json' }).end(reply.body.subarray(0, length))
  } else if (fault.kind === 'hang' && fault.ms !== undefined) {
    await sleep(fault.ms)
    res.destroy()
  }
}
