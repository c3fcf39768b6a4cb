import { once } from 'node:events'
import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a stream has told when it is ended. */
const ENOUGH = 'event: state'

/**
 * A service behind a proxy that ends event streams once they have told how things stand: a tester who reads answers to their
 * end has the headers and the first events, and goes on.
 *
 * @param known the id that takes the place of `example` in paths, so that the example of the document is a run that exists
 */
export async function openShortStreams(
  service: string,
  { example, known }: { example: string; known: string },
): Promise<{ url: string; close: () => void }> {
  const server = createServer((asked, answer) => {
    const path = (asked.url ?? '/').replace(example, known)
    const headers = { ...asked.headers, host: new URL(service).host }
    const passedOn = request(new URL(path, service), { method: asked.method, headers }, (told) => {
      answer.writeHead(told.statusCode ?? 502, told.headers)
      told.pipe(answer)
      if (told.headers['content-type']?.startsWith('text/event-stream')) {
        let text = ''
        told.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          if (!text.includes(ENOUGH)) return
          told.unpipe(answer)
          told.destroy()
          answer.end()
        })
      }
    })
    passedOn.on('error', () => fail(answer))
    asked.pipe(passedOn)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const fail = (answer: ServerResponse): void => {
  if (answer.headersSent) answer.end()
  else answer.writeHead(502).end()
}
