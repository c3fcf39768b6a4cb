import { crc32 } from 'node:zlib'

/** What separates fields. */
export const SEPARATOR = '\x01'
const SEPARATOR_BYTE = 1
const HEADER_LENGTH = 21
const VERSION = /^\d\d\.\d\.\d\d$/
const LENGTH = /^\d{10}$/
/** Every answer ends with it; compressed ones may hold the same bytes earlier. */
export const TERMINATOR = '<![CDATA[]]>\n'
// As in the captures of 2026, whatever version the client has.
const SERVER_VERSION = '00.9.00'

/** A request line after its header was read. */
export interface RequestLine {
  /** Two characters, e.g. `95` or `9C`. */
  readonly type: string
  /** The body: method, user, then what the method takes. */
  readonly fields: readonly string[]
}

/** Reads a line without its line feed; undefined when header, length or CRC are wrong. */
export const readRequestLine = (line: string): RequestLine | undefined => {
  const [version = '', type = '', length = ''] = line.slice(0, HEADER_LENGTH).split(SEPARATOR)
  const at = line.lastIndexOf(SEPARATOR)
  if (!VERSION.test(version) || type.length !== 2 || !LENGTH.test(length) || at < HEADER_LENGTH)
    return undefined
  const body = line.slice(HEADER_LENGTH, at)
  // Python counts code points, not UTF-16 units.
  if (Array.from(body).length !== Number(length)) return undefined
  if (String(crc32(line.slice(0, at))) !== line.slice(at + 1)) return undefined
  return { type, fields: body.split(SEPARATOR) }
}

const header = (type: string, length: number): string =>
  [SERVER_VERSION, type, String(length).padStart(10, '0')].join(SEPARATOR)

/** Code points of UTF-8 text: every byte that does not continue a character begins one. */
const countCharacters = (text: Buffer): number => {
  let count = 0
  for (const byte of text) if ((byte & 0xc0) !== 0x80) count += 1
  return count
}

/** An answer as it stands; its length counts characters. */
export const plainFrame = (type: string, body: Buffer): Buffer => {
  const head = Buffer.concat([Buffer.from(header(type, countCharacters(body))), body])
  return Buffer.concat([head, Buffer.from(`${SEPARATOR}${crc32(head)}${TERMINATOR}`)])
}

/**
 * An answer with its body compressed; its length counts bytes. How the real server gets its CRC here is unknown, and
 * so is ours on purpose: it is neither that of the body nor that of the stream, so that nobody comes to rely on it.
 */
export const compressedFrame = (type: string, body: Buffer, stream: Buffer): Buffer => {
  const crc = (crc32(body) ^ 0x5a5a5a5a) >>> 0
  const tail = `${SEPARATOR}${crc}\n${TERMINATOR}`
  return Buffer.concat([Buffer.from(header(type, stream.length)), stream, Buffer.from(tail)])
}

/** The same frame with another CRC. */
export const withWrongCrc = (frame: Buffer): Buffer => {
  const changed = Buffer.from(frame)
  // The tail holds no separator, whatever the body holds.
  const digit = changed.lastIndexOf(SEPARATOR_BYTE) + 1
  changed[digit] = changed[digit] === 0x31 ? 0x32 : 0x31
  return changed
}

/** The same compressed frame with bytes in the middle of its stream turned over. */
export const withBrokenStream = (frame: Buffer): Buffer => {
  const changed = Buffer.from(frame)
  const middle = HEADER_LENGTH + (Number(frame.toString('latin1', 11, HEADER_LENGTH)) >> 1)
  for (let at = middle; at < middle + 4; at++) changed[at] = ~(changed[at] ?? 0) & 0xff
  return changed
}
