import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../db/client.ts'
import { WholeMessages } from '../../db/whole-messages.ts'

/** A message with so many bytes behind its head. */
function message(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(5 + length, seed)
  bytes.write('D')
  bytes.writeUInt32BE(4 + length, 1)
  return bytes
}

/** Reads a stream in pieces of at most such sizes, in turns. */
function readAll(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const heard: Buffer[] = []
  const messages = new WholeMessages((data) => heard.push(data))
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    const copied = stream.copy(messages.place(), 0, at, at + size)
    expect(copied).toBeGreaterThan(0)
    expect(messages.filled(copied)).toBe(true)
    at += copied
  }
  return heard
}

const length = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 16_000, max: 17_000 }),
  fc.integer({ min: 60_000, max: 200_000 }),
)

test('messages come out whole and in order, however they were cut', () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 70_000 }))
  fc.assert(
    fc.property(
      fc.array(length, { minLength: 1, maxLength: 12 }),
      fc.array(size, { minLength: 1, maxLength: 6 }),
      (lengths, sizes) => {
        // Hundreds of thousands of reads of a byte show no more than some.
        const reads = Math.max(...sizes) < 10 ? [...sizes, 5_000] : sizes
        const all = lengths.map((each, i) => message(each, i))
        const heard = readAll(Buffer.concat(all), reads)
        expect(Buffer.concat(heard).equals(Buffer.concat(all))).toBe(true)
        for (const data of heard) {
          let at = 0
          while (at < data.length) at += 1 + data.readUInt32BE(at + 1)
          expect(at).toBe(data.length)
        }
      },
    ),
    { numRuns: 200 },
  )
})

test('what was heard stays as it is when more comes', () => {
  const all = [message(30, 1), message(50_000, 2), message(30, 3)]
  const heard = readAll(Buffer.concat([...all, message(60_000, 4), message(60_000, 5)]), [40_000])
  expect(Buffer.concat(heard).subarray(0, 50_075).equals(Buffer.concat(all))).toBe(true)
})

test.each([
  ['shorter than its own head', [0x44, 0, 0, 0, 3]],
  ['longer than PostgreSQL has', [0x44, 0xff, 0xff, 0xff, 0xff]],
])('a length %s is no message', (_, bytes) => {
  const messages = new WholeMessages(() => expect.unreachable())
  messages.place().set(bytes)
  expect(messages.filled(bytes.length)).toBe(false)
})

test('a server that speaks something else is an error at once', async () => {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const db = openDatabase({ url: `postgres://nobody@127.0.0.1:${port}/none`, max: 1 })
  onTestFinished(() => db.close())
  await expect(db.sql`select 1`).rejects.toThrow(/connection to PostgreSQL is lost/)
})
