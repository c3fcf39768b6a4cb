import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  encodeRequest,
  type Frame,
  FrameDecoder,
  FramingError,
  MAX_FRAME_BYTES,
} from '../../../sources/baostock/frame.ts'
import { EXCHANGES } from './recorded.ts'
import { compressedFrame, END, plainFrame } from './wire.ts'

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex')

const LOGIN_REQUEST = hex(`
  30 30 2e 39 2e 34 30 01 30 30 01 30 30 30 30 30 30 30 30 32 34 6c 6f 67 69 6e 01 61 6e 6f 6e 79
  6d 6f 75 73 01 31 32 33 34 35 36 01 30 01 31 37 39 30 32 30 30 31 34 30 0a`)
const LOGIN_RESPONSE = hex(`
  30 30 2e 39 2e 30 30 01 30 31 01 30 30 30 30 30 30 30 30 34 33 30 01 73 75 63 63 65 73 73 01 6c
  6f 67 69 6e 01 61 6e 6f 6e 79 6d 6f 75 73 01 32 30 32 36 31 31 32 32 31 32 33 37 35 33 31 35 30
  01 33 37 38 32 31 34 32 36 30 35 3c 21 5b 43 44 41 54 41 5b 5d 5d 3e 0a`)
const LINES_REQUEST = hex(`
  30 30 2e 39 2e 34 30 01 39 35 01 30 30 30 30 30 30 30 30 39 34 71 75 65 72 79 5f 68 69 73 74 6f
  72 79 5f 6b 5f 64 61 74 61 5f 70 6c 75 73 01 61 6e 6f 6e 79 6d 6f 75 73 01 31 01 32 30 30 30 01
  73 7a 2e 30 30 30 30 30 31 01 64 61 74 65 2c 63 6f 64 65 2c 63 6c 6f 73 65 01 32 30 32 34 2d 30
  31 2d 30 32 01 32 30 32 34 2d 30 31 2d 30 33 01 64 01 33 01 32 34 34 33 39 30 39 34 31 0a`)
const LINES_RESPONSE = hex(`
  30 30 2e 39 2e 30 30 01 39 36 01 30 30 30 30 30 30 30 31 33 39 78 01 5d 8e d1 0a c2 30 0c 45 c9
  af e4 b9 2b 69 2b 3e f8 2b 63 94 d2 16 14 e7 aa cd fa b0 89 ff 6e 14 a6 e2 cb cd 09 1c 92 4b c0
  2d c6 cc 0c b7 96 eb e2 8f 27 9e 8b cc b3 4f 61 0e fe 3a 36 86 30 95 69 b9 14 21 03 96 88 e0 8e
  35 c7 52 13 1e fa 1e 2d d9 5d 47 a6 23 8b 0a 79 d5 22 10 19 61 eb b4 7b 2f af c0 41 fd a8 ee 5f
  b5 da ec 37 17 87 e1 01 9f 43 20 3d b2 8a 25 49 8c 85 b3 34 d8 fe 7d d1 41 02 f7 04 3a d4 34 a7
  01 33 35 37 35 32 36 37 31 38 36 0a 3c 21 5b 43 44 41 54 41 5b 5d 5d 3e 0a`)

const LINES = ['query_history_k_data_plus', 'anonymous', '1', '2000', 'sz.000001', 'date,code,close']

test('a login and a query are sent in the bytes of the real client', () => {
  expect(encodeRequest('00', ['login', 'anonymous', '123456', '0'])).toEqual(LOGIN_REQUEST)
  expect(encodeRequest('95', [...LINES, '2024-01-02', '2024-01-03', 'd', '3'])).toEqual(LINES_REQUEST)
})

test('a plain and a compressed answer come out as they were sent', () => {
  expect(new FrameDecoder().feed(LOGIN_RESPONSE)).toEqual([
    {
      version: '00.9.00',
      type: '01',
      body: Buffer.from(['0', 'success', 'login', 'anonymous', '20261122123753150'].join('\x01')),
    },
  ])
  const [frame] = new FrameDecoder().feed(LINES_RESPONSE)
  expect(frame?.body.toString().split('\x01')[6]).toBe(
    '{"record":[["2024-01-02","sz.000001","23.3000000000"],["2024-01-03","sz.000001","22.1600000000"]]}',
  )
})

test('the length of a request counts characters, also those of four bytes', () => {
  const request = encodeRequest('45', ['m', '浦发\u{20bb7}'])
  expect(request.subarray(11, 21).toString()).toBe('0000000005')
  expect(() => encodeRequest('45', ['m', 'a\nb'])).toThrow(TypeError)
  expect(() => encodeRequest('45', ['m', 'a\x01b'])).toThrow(TypeError)
})

describe.skipIf(EXCHANGES.length === 0)('recorded messages of the real server', () => {
  test.each(EXCHANGES.map((each) => [each.name, each] as const))('%s', (_, { request, response, meta }) => {
    const [frame, ...others] = new FrameDecoder().feed(response)
    const fields = frame?.body.toString().split('\x01') ?? []
    expect(others).toEqual([])
    expect(fields[0]).toBe(meta.error_code)
    // The notes cut the message by bytes.
    expect(fields[1]?.startsWith((meta.error_msg ?? '').replace(/\ufffd+$/, ''))).toBe(true)
    const sent = request.subarray(21, request.lastIndexOf(1)).toString().split('\x01')
    const version = request.subarray(0, 7).toString()
    expect(encodeRequest(request.subarray(8, 10).toString(), sent, version)).toEqual(request)
    if (meta.error_code === '0') expect(fields[2]).toBe(sent[0])
  })
})

const text = fc.string({
  unit: fc.constantFrom(...Array.from('abc,0123"{}[]浦发\u{20bb7}é<!CDATA>\x01\n\t')),
  maxLength: 200,
})
const sent = fc.record({ isCompressed: fc.boolean(), body: text })
const bytesOf = ({ isCompressed, body }: { isCompressed: boolean; body: string }): Buffer =>
  isCompressed ? compressedFrame('96', body) : plainFrame('34', body)

test('however a stream of answers is cut, the same answers come out', () => {
  fc.assert(
    fc.property(
      fc.array(sent, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 60 })),
      (messages, sizes) => {
        const stream = Buffer.concat(messages.map(bytesOf))
        const decoder = new FrameDecoder()
        const frames: Frame[] = []
        for (let at = 0; at < stream.length;) {
          const size: number = sizes.next().value as number
          frames.push(...decoder.feed(stream.subarray(at, at + size)))
          at += size
        }
        expect(frames.map((frame) => frame.body.toString())).toEqual(messages.map((message) => message.body))
        expect(decoder.isInside).toBe(false)
      },
    ),
    { numRuns: 300 },
  )
})

test.each([
  // Digits without a pattern shrink to less than half.
  ['a compressed answer', compressedFrame('99', randomBytes(600_000).toString('hex'))],
  ['a plain answer', plainFrame('36', '600000,浦发银行,'.repeat(20_000))],
])('%s in thousands of pieces is copied and searched no more than a few times', (_, frame) => {
  const copy = vi.spyOn(Buffer.prototype, 'copy')
  const indexOf = vi.spyOn(Buffer.prototype, 'indexOf')
  onTestFinished(() => {
    vi.restoreAllMocks()
  })
  const decoder = new FrameDecoder()
  const size = Math.ceil(frame.length / 4_000)
  let frames = 0
  for (let at = 0; at < frame.length; at += size) frames += decoder.feed(frame.subarray(at, at + size)).length
  expect(frames).toBe(1)
  const copied = copy.mock.results.map(({ value }) => value as number)
  const searched = indexOf.mock.contexts.map(({ length }, i) => length - Number(indexOf.mock.calls[i]?.[1]))
  // To copy or search with every piece what has come before would be two thousand times its length.
  expect(sum(copied)).toBeGreaterThanOrEqual(frame.length)
  expect(sum(copied)).toBeLessThan(frame.length * 4)
  expect(sum(searched)).toBeLessThan(frame.length * 3)
})

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)

const good = plainFrame('34', '0\x01success')
const zipped = compressedFrame('96', '0\x01success\x01'.repeat(20))
const changed = (frame: Buffer, at: number, byte: number): Buffer => {
  const copy = Buffer.from(frame)
  copy[at] = byte
  return copy
}

test.each([
  ['a header of another form', changed(good, 7, 0x20), /no header/],
  ['a length that is no number', changed(good, 20, 0x78), /no header/],
  ['a changed character', changed(good, 24, 0x78), /checksum of a message is wrong/],
  ['a changed type', changed(good, 9, 0x35), /checksum of a message is wrong/],
  ['a changed checksum', changed(good, good.length - END.length - 1, 0x78), /without a checksum/],
  ['a changed byte of the zlib stream', changed(zipped, 40, (zipped[40] ?? 0) ^ 1), /cannot be inflated/],
  [
    'a stream that is shorter than announced',
    changed(zipped, 20, (zipped[20] ?? 0) + 1),
    /length of a compressed/,
  ],
  ['a frame that is announced above the largest', plainHeader(MAX_FRAME_BYTES + 1), /is announced/],
])('%s is an error of the frame', (_, bytes, message) => {
  expect(() => new FrameDecoder().feed(bytes)).toThrow(FramingError)
  expect(() => new FrameDecoder().feed(bytes)).toThrow(message)
})

function plainHeader(length: number): Buffer {
  return Buffer.from(`00.9.00\x0134\x01${String(length).padStart(10, '0')}`)
}

test('a plain answer without an end is given up at the largest size', () => {
  const decoder = new FrameDecoder()
  decoder.feed(plainHeader(10))
  const piece = Buffer.alloc(1024 * 1024, 0x61)
  expect(() => {
    for (let i = 0; i < 18; i++) decoder.feed(piece)
  }).toThrow(/does not end/)
})

test('a compressed answer that would fill the memory is refused', () => {
  const bomb = compressedFrame('96', '0'.repeat(140 * 1024 * 1024))
  expect(bomb.length).toBeLessThan(MAX_FRAME_BYTES)
  expect(() => new FrameDecoder().feed(bomb)).toThrow(/cannot be inflated/)
})

test('bytes behind the end of a zlib stream are an error, not left out', () => {
  const stream = zipped.subarray(21, zipped.length - END.length - 11)
  const padded = Buffer.concat([stream, Buffer.from('xx')])
  const bytes = Buffer.concat([
    Buffer.from(`00.9.00\x0196\x01${String(padded.length).padStart(10, '0')}`),
    padded,
    Buffer.from(`\x01123456789\n${END}`),
  ])
  expect(() => new FrameDecoder().feed(bytes)).toThrow(/behind the end of a zlib stream/)
})
