import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as it came over the wire. */
export interface ReceivedSpan {
  service: string
  name: string
  traceId: string
  spanId: string
  /** Empty for the first span of a trace. */
  parentId: string
  kind: number
  /** Nanoseconds since 1970. */
  start: bigint
  end: bigint
  attributes: Record<string, string | number | boolean>
  /** Of its status: set where it failed. */
  failure: string | null
}

export interface Receiver {
  url: string
  spans: ReceivedSpan[]
  /** Everything that came, byte for byte. */
  raw: () => string
  headers: Record<string, unknown>[]
  /** Answers with this status from now on. */
  answerWith(status: number): void
  close(): Promise<void>
}

/** A collector that takes OTLP over HTTP as protobuf and keeps what it gets. */
export async function openReceiver(): Promise<Receiver> {
  const bodies: Buffer[] = []
  const headers: Record<string, unknown>[] = []
  const spans: ReceivedSpan[] = []
  let status = 200
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      headers.push({ ...request.headers, path: request.url })
      if (status === 200) {
        bodies.push(body)
        spans.push(...readRequest(body))
      }
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    raw: () => Buffer.concat(bodies).toString('latin1'),
    headers,
    answerWith: (next) => (status = next),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

type Field = [number: number, value: Buffer | bigint]

/** The fields of a protobuf message: numbers, and bytes for everything that has a length. */
function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < message.length) {
    const tag = Number(varint())
    const wire = tag & 7
    if (wire === 0) fields.push([tag >> 3, varint()])
    else if (wire === 1) {
      fields.push([tag >> 3, message.readBigUInt64LE(at)])
      at += 8
    } else if (wire === 2) {
      const length = Number(varint())
      fields.push([tag >> 3, message.subarray(at, at + length)])
      at += length
    } else if (wire === 5) {
      fields.push([tag >> 3, BigInt(message.readUInt32LE(at))])
      at += 4
    } else throw new TypeError(`wire type ${wire} at ${at}`)
  }
  return fields
}

const all = (message: Buffer, number: number): Buffer[] =>
  fieldsOf(message).flatMap(([n, value]) => (n === number && Buffer.isBuffer(value) ? [value] : []))
const bytes = (message: Buffer, number: number): Buffer => all(message, number)[0] ?? Buffer.alloc(0)
const int = (message: Buffer, number: number): bigint => {
  const [, value = 0n] = fieldsOf(message).find(([n]) => n === number) ?? []
  return Buffer.isBuffer(value) ? 0n : value
}

// ExportTraceServiceRequest → ResourceSpans (1) → resource (1), ScopeSpans (2) → Span (2).
function readRequest(body: Buffer): ReceivedSpan[] {
  return all(body, 1).flatMap((resourceSpans) => {
    const service = String(attributesIn(bytes(resourceSpans, 1), 1)['service.name'])
    return all(resourceSpans, 2).flatMap((scope) => all(scope, 2).map((span) => readSpan(service, span)))
  })
}

function readSpan(service: string, span: Buffer): ReceivedSpan {
  const status = bytes(span, 15)
  return {
    service,
    traceId: bytes(span, 1).toString('hex'),
    spanId: bytes(span, 2).toString('hex'),
    parentId: bytes(span, 4).toString('hex'),
    name: bytes(span, 5).toString(),
    kind: Number(int(span, 6)),
    start: int(span, 7),
    end: int(span, 8),
    attributes: attributesIn(span, 9),
    failure: int(status, 3) === 2n ? bytes(status, 2).toString() : null,
  }
}

function attributesIn(message: Buffer, number: number): ReceivedSpan['attributes'] {
  return Object.fromEntries(
    all(message, number).map((pair) => [bytes(pair, 1).toString(), valueOf(bytes(pair, 2))]),
  )
}

// AnyValue: string 1, bool 2, int 3.
function valueOf(value: Buffer): string | number | boolean {
  const [number, content = 0n] = fieldsOf(value)[0] ?? []
  if (Buffer.isBuffer(content)) return content.toString()
  return number === 2 ? content === 1n : Number(content)
}
