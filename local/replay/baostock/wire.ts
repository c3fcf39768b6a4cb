import type { Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type { Fault } from '../faults.ts'
import type { Answer } from './answer.ts'
import { compressedFrame, plainFrame, withBrokenStream, withWrongCrc } from './frame.ts'

const compress = promisify(deflate)
// The level of the captured streams (78 01).
const LEVEL = 1

// What a proxy that knows nothing of BaoStock says.
const GARBAGE = Buffer.from('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n')

/** An answer as it goes on the wire. */
export const frameOf = async ({ type, body, compressed }: Answer): Promise<Buffer> =>
  compressed ? compressedFrame(type, body, await compress(body, { level: LEVEL })) : plainFrame(type, body)

// A client that finds both the bytes and the reset at once is told of an orderly end by its system library.
const BEFORE_RESET_MS = 20

const partOf = (frame: Buffer, percent = 50): Buffer =>
  frame.subarray(0, Math.floor((frame.length * percent) / 100))

/** Resolves when the bytes are with the system, or when nobody is left to read them. */
const write = (socket: Socket, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed || bytes.length === 0) return resolve()
    socket.write(bytes, () => resolve())
  })

const writeInPieces = async (socket: Socket, frame: Buffer, size: number): Promise<void> => {
  for (let at = 0; at < frame.length && !socket.destroyed; at += size) {
    await write(socket, frame.subarray(at, at + size))
    // Gives the other side a turn, so that it sees the segments one by one.
    await nextTurn()
  }
}

/** What each fault makes of a frame; latency and what is no fault of the wire is not in here. */
const PLAY: Partial<
  Readonly<Record<Fault['kind'], (socket: Socket, frame: Buffer, fault: Fault) => Promise<void>>>
> = {
  reset: async (socket, frame, { percent }) => {
    await write(socket, partOf(frame, percent))
    await sleep(BEFORE_RESET_MS)
    socket.resetAndDestroy()
  },
  fin: async (socket, frame, { percent }) => {
    await write(socket, partOf(frame, percent))
    socket.end()
  },
  truncated: (socket, frame, { percent }) => write(socket, partOf(frame, percent)),
  hang: async (socket, _, { ms }) => {
    if (ms === undefined) return
    await sleep(ms)
    socket.destroy()
  },
  split: (socket, frame, { bytes }) => writeInPieces(socket, frame, Math.max(1, bytes ?? 1)),
  sent_twice: (socket, frame) => write(socket, Buffer.concat([frame, frame])),
  garbage: (socket) => write(socket, GARBAGE),
  wrong_crc: (socket, frame) => write(socket, withWrongCrc(frame)),
  bad_zlib: (socket, frame) => write(socket, withBrokenStream(frame)),
}

/** Sends a frame, or what a fault makes of it. */
export const send = (socket: Socket, frame: Buffer, fault: Fault | undefined): Promise<void> =>
  (fault === undefined ? undefined : PLAY[fault.kind]?.(socket, frame, fault)) ?? write(socket, frame)
