import { crc32, deflateSync } from 'node:zlib'

/*
 * The server's side of the protocol, written from its description and not from the code under test.
 */

export const END = '<![CDATA[]]>\n'
const VERSION = '00.9.00'

const header = (type: string, length: number) =>
  `${VERSION}\x01${type}\x01${String(length).padStart(10, '0')}`

/** A response as it stands; its length counts characters. */
export function plainFrame(type: string, body: string): Buffer {
  const message = Buffer.from(header(type, Array.from(body).length) + body)
  return Buffer.concat([message, Buffer.from(`\x01${crc32(message)}${END}`)])
}

/** A compressed response; its length counts bytes, and nobody knows what its CRC is made of. */
export function compressedFrame(type: string, body: string): Buffer {
  const stream = deflateSync(body, { level: 1 })
  return Buffer.concat([
    Buffer.from(header(type, stream.length)),
    stream,
    Buffer.from(`\x01123456789\n${END}`),
  ])
}

export const recordOf = (rows: readonly (readonly string[])[]): string =>
  rows.length === 0 ? '' : JSON.stringify({ record: rows })

const COMPRESSED = ['96', '99', '9B', '9D']

export const frameOf = (type: string, fields: readonly string[]): Buffer =>
  (COMPRESSED.includes(type) ? compressedFrame : plainFrame)(type, fields.join('\x01'))

/** Types of responses to the requests that these tests send. */
export const ANSWER_TYPES: Readonly<Record<string, string>> = {
  '00': '01',
  '02': '03',
  '33': '34',
  '45': '46',
  '95': '96',
  '98': '99',
  '15': '16',
  '9C': '9D',
  '17': '18',
  '19': '20',
  '21': '22',
  '23': '24',
  '25': '26',
  '27': '28',
}

export interface Request {
  type: string
  method: string
  /** What follows user and paging. */
  params: string[]
  page: number
  pageRows: number
}

/** A request line without its LF. */
export function readRequest(line: string): Request {
  const type = line.slice(8, 10)
  const [method = '', , ...rest] = line.slice(21, line.lastIndexOf('\x01')).split('\x01')
  const isPaged = !['00', '02', '98', '9C'].includes(type)
  return {
    type,
    method,
    params: isPaged ? rest.slice(2) : rest,
    page: isPaged ? Number(rest[0]) : 1,
    pageRows: isPaged ? Number(rest[1]) : 0,
  }
}

/** The answer to a query with those rows, whole. */
export function answerOf(
  request: Request,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): Buffer {
  const { type, method, params, page, pageRows } = request
  const head = ['0', 'success', method, 'anonymous']
  const answerType = ANSWER_TYPES[type] ?? type
  if (type === '98' || type === '9C') return frameOf(answerType, [...head, recordOf(rows), columns.join(',')])
  const tail = type === '95' ? params : [...params, columns.join(', ')]
  return frameOf(answerType, [...head, String(page), String(pageRows), recordOf(rows), ...tail])
}

export const refusalFrame = (code: string, message: string): Buffer =>
  plainFrame('04', `${code}\x01${message}`)
