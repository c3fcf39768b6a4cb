import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createSecureServer, type Http2SecureServer, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openTemporal } from '../../api/temporal/connect.ts'
import { loadConfig, temporalAccess } from '../../config.ts'

/*
 * Temporal Cloud as the API sees it: a server that speaks TLS only, wants to know who calls, and takes a key or a certificate.
 * The server here is one of HTTP/2 that notes what came and answers as gRPC does.
 */

const NAME = 'ashare.tmprl.cloud'
const hasOpenssl = spawnSync('openssl', ['version']).status === 0

interface Asked {
  headers: IncomingHttpHeaders
  certified: boolean
}

let folder: string
let server: Http2SecureServer
let address: string
const asked: Asked[] = []

/** A certificate with its key, signed by itself. */
function makeCertificate(file: string, name: string): void {
  const to = ['-keyout', join(folder, `${file}.key`), '-out', join(folder, `${file}.crt`)]
  const about = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-days', '2']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync('openssl', ['req', ...kind, ...to, ...about], { stdio: 'ignore' })
}

beforeAll(async () => {
  if (!hasOpenssl) return
  folder = mkdtempSync(join(tmpdir(), 'ashare-tls-'))
  makeCertificate('server', NAME)
  makeCertificate('client', 'ashare-sync')
  server = createSecureServer({
    key: readFileSync(join(folder, 'server.key')),
    cert: readFileSync(join(folder, 'server.crt')),
    requestCert: true,
    ca: readFileSync(join(folder, 'client.crt')),
    rejectUnauthorized: false,
  })
  server.on('stream', (stream, headers) => {
    asked.push({ headers, certified: (stream.session?.socket as TLSSocket).authorized })
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    // A message of no bytes: every field has its default.
    stream.end(Buffer.alloc(5))
  })
  server.on('sessionError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  if (!hasOpenssl) return
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Asks for the namespace with what these variables say. */
async function ask(variables: Record<string, string>): Promise<Asked | undefined> {
  asked.length = 0
  const link = openTemporal({ address, ...temporalAccess(loadConfig(variables)) })
  onTestFinished(() => link.close())
  await link.gateway.checkNamespace()
  return asked[0]
}
const file = (name: string) => join(folder, name)
const trusted = () => ({
  TEMPORAL_NAMESPACE: 'mine.a1b2c',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('server.crt'),
  TEMPORAL_TLS_SERVER_NAME: NAME,
})

test.skipIf(!hasOpenssl)(
  'a key of Temporal Cloud is sent over TLS, with the namespace that it is for',
  async () => {
    const { headers, certified } = (await ask({ ...trusted(), TEMPORAL_API_KEY: 'key-of-the-cloud' })) ?? {}
    expect(headers?.[':path']).toBe('/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace')
    expect(headers).toMatchObject({
      authorization: 'Bearer key-of-the-cloud',
      'temporal-namespace': 'mine.a1b2c',
    })
    expect(certified).toBe(false)
  },
)

test.skipIf(!hasOpenssl)('a certificate of the client is shown, and no key', async () => {
  const seen = await ask({
    ...trusted(),
    TEMPORAL_TLS_CLIENT_CERT_PATH: file('client.crt'),
    TEMPORAL_TLS_CLIENT_KEY_PATH: file('client.key'),
  })
  expect(seen).toMatchObject({ certified: true })
  expect(seen?.headers.authorization).toBeUndefined()
})

test.skipIf(!hasOpenssl)('a server that nobody vouches for gets no key', async () => {
  const unknown = { TEMPORAL_API_KEY: 'key-of-the-cloud', TEMPORAL_TLS_SERVER_NAME: NAME }
  await expect(ask(unknown)).rejects.toThrow()
  expect(asked).toEqual([])
})
