const START_BYTES = 1 << 18
// Of one UTF-16 unit in UTF-8.
const MAX_BYTES = 3

/**
 * Text as UTF-8, put together byte by byte. An answer is hundreds of thousands of short texts, nearly all of them ASCII:
 * adding strings up makes so much garbage that collecting it takes longer than the writing.
 */
export class TextBuffer {
  readonly #encoder = new TextEncoder()
  #bytes = new Uint8Array(START_BYTES)
  #length = 0

  add(text: string): void {
    this.#makeRoom(text.length * MAX_BYTES)
    const bytes = this.#bytes
    let at = this.#length
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) {
        at += this.#encoder.encodeInto(text.slice(i), bytes.subarray(at)).written
        break
      }
      bytes[at++] = code
    }
    this.#length = at
  }

  /** What was added since the last time. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return taken
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}
