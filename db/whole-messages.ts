/*
 * What PostgreSQL says, in whole messages. Left to itself a socket allocates 64 KB for each read and the driver puts the pieces
 * of a long message together again: an answer of 3 MB was 6 MB of garbage.
 *
 * A message is a type of one byte, four bytes of length (of itself and of what follows), and what follows.
 */

const HEAD_BYTES = 5
const TYPE_BYTES = 1
const READ_BYTES = 64 * 1024
// A longer message is read into a place of its own.
const LONG_BYTES = 16 * 1024
// PostgreSQL puts a message together in one piece of memory, which ends at 1 GiB.
const MOST_BYTES = 2 ** 30

/** Reads are given a place, and messages come out: as many at once as one read brought, or a long one alone. */
export class WholeMessages {
  readonly #onData: (messages: Buffer) => void
  readonly #read = Buffer.allocUnsafeSlow(READ_BYTES)
  /** How much of a message that is not whole yet is at the beginning of the place. */
  #held = 0
  #long: Buffer | null = null
  #longHeld = 0

  constructor(onData: (messages: Buffer) => void) {
    this.#onData = onData
  }

  /** Where the next read goes. */
  place(): Buffer {
    return this.#long?.subarray(this.#longHeld) ?? this.#read.subarray(this.#held)
  }

  /**
   * So many bytes are in the place.
   *
   * @returns false for what is no message
   */
  filled(bytes: number): boolean {
    if (this.#long) this.#continue(this.#long, bytes)
    else return this.#split(this.#held + bytes)
    return true
  }

  #continue(long: Buffer, bytes: number): void {
    this.#longHeld += bytes
    if (this.#longHeld < long.length) return
    this.#long = null
    this.#onData(long)
  }

  #split(end: number): boolean {
    const read = this.#read
    let at = 0
    let next = 0
    while (end - at >= HEAD_BYTES) {
      next = TYPE_BYTES + read.readUInt32BE(at + TYPE_BYTES)
      if (next < HEAD_BYTES || next > MOST_BYTES) return false
      if (at + next > end) break
      at += next
    }
    const messages = at === 0 ? null : Buffer.from(read.subarray(0, at))
    this.#held = end - at
    if (this.#held >= HEAD_BYTES && next > LONG_BYTES) {
      this.#long = Buffer.allocUnsafeSlow(next)
      this.#longHeld = read.copy(this.#long, 0, at, end)
      this.#held = 0
    } else read.copyWithin(0, at, end)
    if (messages) this.#onData(messages)
    return true
  }
}
