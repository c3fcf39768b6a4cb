import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import {
  type ClientHttp2Session,
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'

/** Without it there are no certificates, and what needs them is skipped. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

export interface Asked {
  headers: IncomingHttpHeaders
  /** The client has shown the certificate that is trusted here. */
  certified: boolean
}

/** A server of TLS as Temporal Cloud has: it asks who calls, notes what came, and answers or hands on to a real Temporal. */
export interface TlsFront {
  address: string
  /** The name that its certificate is for. */
  name: string
  /** Certificates and keys: server.crt, client.crt, client.key. */
  file: (name: string) => string
  asked: Asked[]
  /** From now on requests go to this server, in the clear; until then each gets an answer of no fields. */
  handOnTo(address: string): void
  close(): void
}

const NAME = 'ashare.tmprl.cloud'

export async function openTlsFront(): Promise<TlsFront> {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-tls-'))
  makeCertificate(folder, 'server', NAME)
  makeCertificate(folder, 'client', 'ashare-sync')
  const file = (name: string) => join(folder, name)
  const server = createSecureServer({
    key: readFileSync(file('server.key')),
    cert: readFileSync(file('server.crt')),
    requestCert: true,
    ca: readFileSync(file('client.crt')),
    rejectUnauthorized: false,
  })
  const asked: Asked[] = []
  let behind: ClientHttp2Session | undefined
  server.on('stream', (stream, headers) => {
    asked.push({ headers, certified: (stream.session?.socket as TLSSocket).authorized })
    if (behind) handOn(stream, headers, behind)
    else answerNothing(stream)
  })
  server.on('sessionError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    name: NAME,
    file,
    asked,
    handOnTo: (address) => {
      behind = connect(`http://${address}`)
      behind.on('error', () => undefined)
    },
    close: () => {
      behind?.destroy()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A certificate with its key, signed by itself. It is no authority: the native core takes none as that of a server. */
function makeCertificate(folder: string, file: string, name: string): void {
  const settings = join(folder, `${file}.cnf`)
  writeFileSync(
    settings,
    `[req]\nprompt = no\ndistinguished_name = subject\nx509_extensions = leaf\n[subject]\nCN = ${name}\n` +
      `[leaf]\nbasicConstraints = critical, CA:FALSE\nsubjectAltName = DNS:${name}\n`,
  )
  const to = ['-keyout', join(folder, `${file}.key`), '-out', join(folder, `${file}.crt`)]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', ...kind, ...to, '-config', settings], { stdio: 'ignore' })
}

function answerNothing(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  // A message of no bytes: every field has its default.
  stream.end(Buffer.alloc(5))
}

function handOn(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, behind: ClientHttp2Session): void {
  // Those name the front.
  const own = [':authority', ':scheme']
  const request = behind.request(
    Object.fromEntries(Object.entries(headers).filter(([name]) => !own.includes(name))),
  )
  let trailers: IncomingHttpHeaders = {}
  request.on('trailers', (received: IncomingHttpHeaders) => (trailers = received))
  request.on('response', (received, flags) => {
    if (stream.destroyed) return
    // An error of gRPC comes without a body, its status in the head.
    const isAll = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    stream.respond(received, isAll ? { endStream: true } : { waitForTrailers: true })
    if (isAll) return
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    request.pipe(stream)
  })
  // A poll is given up by either side.
  request.on('error', () => stream.destroy())
  stream.on('error', () => undefined)
  stream.on('close', () => request.close(constants.NGHTTP2_CANCEL))
  stream.pipe(request)
}
