import { crc32, inflateSync } from 'node:zlib'

/*
 * Messages on the wire. A request is
 *
 *   version 01 type 01 length | body | 01 crc LF          length: characters of the body, ten digits
 *
 * and a response the same with `<![CDATA[]]>` before the LF. Four types of response carry a zlib stream for a body; there
 * the length counts bytes, which is the only way to find its end, and the CRC follows no rule that anybody knows (the
 * stream has a checksum of its own). In all others the end marker ends the message, since a length in characters says
 * nothing about bytes, and the CRC is that of header and body.
 */

/** What this client says it speaks. The server answers with a version of its own, which means nothing. */
export const PROTOCOL_VERSION = '00.9.40'

export const SEPARATOR = '\x01'
/** Answers of whole markets have about 0.5 MB; anything above this is no answer. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024
// What an honest frame of the largest size may inflate to: texts of digits shrink to about a fifth.
const MAX_BODY_BYTES = 8 * MAX_FRAME_BYTES

const HEADER_BYTES = 21
const HEADER = new RegExp(`^(\\d\\d\\.\\d\\.\\d\\d)${SEPARATOR}([0-9A-Z]{2})${SEPARATOR}(\\d{10})$`)
const END = Buffer.from('<![CDATA[]]>\n')
const COMPRESSED_TAIL = new RegExp(`^${SEPARATOR}\\d{1,10}\\n$`)
// 01, ten digits, LF, end marker.
const LONGEST_TAIL = 12 + END.length
const COMPRESSED: ReadonlySet<string> = new Set(['96', '99', '9B', '9D'])
const FIRST_BUFFER_BYTES = 64 * 1024
// Bars shrink to a quarter or a fifth. Where the first piece of output holds all of it nothing has to be put together,
// which was a third of the time; a larger one costs nothing, since pages that nobody writes to are never there.
const USUAL_RATIO = 6
const MOST_FIRST_BYTES = 8 * 1024 * 1024

/** The bytes are no message of this protocol: where the next one begins is unknown, so the connection is of no use. */
export class FramingError extends Error {
  override readonly name = 'FramingError'
}

/** One response. */
export interface Frame {
  version: string
  type: string
  /** UTF-8, inflated, without CRC. */
  body: Buffer
}

/**
 * A request as bytes.
 *
 * @throws TypeError for a field that would end itself or the message early
 */
export function encodeRequest(type: string, fields: readonly string[], version = PROTOCOL_VERSION): Buffer {
  const odd = fields.find((field) => /[^ -\uffff]/.test(field))
  if (odd !== undefined)
    throw new TypeError(`a field of a request holds a control character: ${JSON.stringify(odd)}`)
  const body = fields.join(SEPARATOR)
  // Characters, as the server counts them: outside the basic plane one of them is two units of a JavaScript string.
  const length = String(Array.from(body).length).padStart(10, '0')
  const message = Buffer.from([version, type, length].join(SEPARATOR) + body)
  return Buffer.concat([message, Buffer.from(`${SEPARATOR}${crc32(message)}\n`)])
}

/**
 * Bytes in, responses out, however the bytes were cut. The time is linear in the bytes: what has arrived is copied once
 * (twice when the buffer grows) and searched once. After an error it is of no more use.
 */
export class FrameDecoder {
  #buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES)
  #start = 0
  #end = 0
  /** Up to here there is no end marker. */
  #searched = 0

  /** True while a part of a response has arrived. */
  get isInside(): boolean {
    return this.#end > this.#start
  }

  /** @throws FramingError */
  feed(chunk: Buffer): Frame[] {
    this.#append(chunk)
    const frames: Frame[] = []
    for (let frame = this.#next(); frame !== null; frame = this.#next()) frames.push(frame)
    if (!this.isInside) this.#start = this.#end = this.#searched = 0
    return frames
  }

  #append(chunk: Buffer): void {
    const held = this.#end - this.#start
    if (this.#end + chunk.length > this.#buffer.length) {
      // Moving what is held to the front pays only when it frees half of the buffer, else it would be moved again and
      // again by small pieces.
      const size = held + chunk.length
      const isRoomy = size <= this.#buffer.length / 2
      const target = isRoomy ? this.#buffer : Buffer.allocUnsafe(2 * size)
      this.#buffer.copy(target, 0, this.#start, this.#end)
      this.#buffer = target
      this.#searched -= this.#start
      this.#start = 0
      this.#end = held
    }
    chunk.copy(this.#buffer, this.#end)
    this.#end += chunk.length
  }

  #next(): Frame | null {
    if (this.#end - this.#start < HEADER_BYTES) return null
    const header = HEADER.exec(this.#text(this.#start, this.#start + HEADER_BYTES))
    if (!header) throw new FramingError('no header where one should be')
    const [, version = '', type = '', digits = ''] = header
    const length = Number(digits)
    if (length > MAX_FRAME_BYTES) throw new FramingError(`a message of ${length} is announced`)
    return COMPRESSED.has(type) ? this.#compressed(version, type, length) : this.#plain(version, type)
  }

  #plain(version: string, type: string): Frame | null {
    const from = this.#start + HEADER_BYTES
    const marker = this.#find(Math.max(from, this.#searched))
    if (marker === null) {
      if (this.#end - this.#start > MAX_FRAME_BYTES)
        throw new FramingError(`a message does not end within ${MAX_FRAME_BYTES} bytes`)
      // The marker may have begun.
      this.#searched = Math.max(from, this.#end - END.length + 1)
      return null
    }
    const split = this.#buffer.subarray(from, marker).lastIndexOf(1) + from
    const crc = this.#text(split + 1, marker)
    if (split < from || !/^\d{1,10}$/.test(crc)) throw new FramingError('a message without a checksum')
    if (crc32(this.#buffer.subarray(this.#start, split)) !== Number(crc))
      throw new FramingError('the checksum of a message is wrong')
    // The buffer is written again with the next answer.
    const body = Buffer.from(this.#buffer.subarray(from, split))
    this.#finish(marker + END.length)
    return { version, type, body }
  }

  #compressed(version: string, type: string, length: number): Frame | null {
    const from = this.#start + HEADER_BYTES
    const to = from + length
    if (this.#end < to) return null
    const marker = this.#find(to)
    if (marker === null) {
      if (this.#end - to >= LONGEST_TAIL) throw new FramingError('no end after a compressed message')
      return null
    }
    if (!COMPRESSED_TAIL.test(this.#text(to, marker)))
      throw new FramingError('the length of a compressed message is wrong')
    const body = inflate(this.#buffer.subarray(from, to))
    this.#finish(marker + END.length)
    return { version, type, body }
  }

  #finish(next: number): void {
    this.#start = next
    this.#searched = next
  }

  #find(from: number): number | null {
    const at = this.#buffer.subarray(0, this.#end).indexOf(END, from)
    return at < 0 ? null : at
  }

  #text(from: number, to: number): string {
    return this.#buffer.toString('latin1', from, to)
  }
}

function inflate(stream: Buffer): Buffer {
  try {
    // `info` tells how much of the stream was used: bytes behind its end would be ignored without a word.
    const { buffer, engine } = inflateSync(stream, {
      maxOutputLength: MAX_BODY_BYTES,
      chunkSize: Math.min(USUAL_RATIO * stream.length + 1_024, MOST_FIRST_BYTES),
      info: true,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    if (engine.bytesWritten !== stream.length) throw new FramingError('bytes behind the end of a zlib stream')
    return buffer
  } catch (error) {
    if (error instanceof FramingError) throw error
    throw new FramingError('a compressed message cannot be inflated', { cause: error })
  }
}
