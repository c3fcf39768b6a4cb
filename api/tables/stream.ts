import type { Chunk, Table, TableEncoder } from './table.ts'

// Whoever takes nothing, or little at a time, holds a connection to the database all the while: they get a minute, and the time
// that a line of 256 kbit/s needs for what they were given.
const PATIENCE_MS = 60_000
const LEAST_BYTES_PER_MS = 32

export interface StreamOptions {
  /** Aborted when the process ends. */
  closing: AbortSignal
  /** Called once at the end, however it came: null when everything was taken or the reader left. */
  onEnd: (error: unknown) => void
  /** In place of the minute that a reader may lose. */
  patienceMs?: number
}

/**
 * The bytes of a table, made as they are taken. The first lot is read before this returns, so that an error of the database
 * can still become an answer of its own; a later one breaks the stream off, which the reader sees.
 */
export async function streamTable(
  table: Table,
  encoder: TableEncoder,
  options: StreamOptions,
): Promise<ReadableStream<Uint8Array>> {
  const chunks = encodeTable(table, encoder)
  try {
    const source = new ChunkSource(chunks, await chunks.next(), options)
    // One lot ahead of the reader, and no more.
    return new ReadableStream<Uint8Array>(source, { highWaterMark: 1 })
  } catch (error) {
    options.onEnd(error)
    throw error
  }
}

type Chunks = AsyncGenerator<Chunk, undefined>
type Controller = ReadableStreamDefaultController<Uint8Array>

/** Gives chunks to a stream. It ends once: with the last chunk, an error, a reader that leaves or stalls, or the process. */
class ChunkSource {
  readonly #chunks: Chunks
  readonly #options: StreamOptions
  readonly #bytes = new TextEncoder()
  #first: IteratorResult<Chunk, undefined> | null
  #stalled: NodeJS.Timeout | undefined
  readonly #pace: Pace
  #onClosing = (): void => undefined
  #isOver = false

  constructor(chunks: Chunks, first: IteratorResult<Chunk, undefined>, options: StreamOptions) {
    this.#chunks = chunks
    this.#first = first
    this.#options = options
    this.#pace = new Pace(options.patienceMs ?? PATIENCE_MS)
  }

  start(controller: Controller): void {
    const { closing } = this.#options
    this.#onClosing = () => this.#breakOff(controller, new Error('the service is ending'))
    closing.addEventListener('abort', this.#onClosing)
    if (closing.aborted) this.#onClosing()
  }

  async pull(controller: Controller): Promise<void> {
    clearTimeout(this.#stalled)
    this.#pace.taken()
    try {
      const { done, value } = this.#first ?? (await this.#chunks.next())
      this.#first = null
      if (this.#isOver) return
      if (done) {
        this.#end(null)
        controller.close()
        return
      }
      const bytes = typeof value === 'string' ? this.#bytes.encode(value) : value
      controller.enqueue(bytes)
      const tooSlow = () => this.#breakOff(controller, new Error(TOO_SLOW))
      this.#stalled = setTimeout(tooSlow, this.#pace.given(bytes.length))
    } catch (error) {
      this.#end(error)
      controller.error(error)
    }
  }

  async cancel(): Promise<void> {
    await this.#chunks.return(undefined)
    this.#end(null)
  }

  #breakOff(controller: Controller, error: Error): void {
    if (this.#isOver) return
    this.#end(error)
    controller.error(error)
    // A lot that is on its way is waited for, then the table is closed.
    this.#chunks.return(undefined).catch(() => undefined)
  }

  #end(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#stalled)
    this.#options.closing.removeEventListener('abort', this.#onClosing)
    this.#options.onEnd(error)
  }
}

const TOO_SLOW = `the reader takes less than ${LEAST_BYTES_PER_MS} KB a second`

/** How long a reader may still take. Time in which nothing was there to be taken is not the reader's. */
class Pace {
  readonly #patienceMs: number
  #givenAt: number | null = null
  #waitedMs = 0
  /** Bytes: of all lots, of the last one, and of the one before, which is on its way while the last one is waiting. */
  #total = 0
  #last = 0
  #before = 0

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
  }

  /** A lot was given out. @returns milliseconds in which the next one has to be asked for */
  given(bytes: number): number {
    this.#givenAt = performance.now()
    this.#total += bytes
    this.#before = this.#last
    this.#last = bytes
    const forNow = (this.#before + this.#last) / LEAST_BYTES_PER_MS
    const inAll = this.#total / LEAST_BYTES_PER_MS - this.#waitedMs
    return this.#patienceMs + Math.min(forNow, inAll)
  }

  /** The next one is asked for. */
  taken(): void {
    if (this.#givenAt !== null) this.#waitedMs += performance.now() - this.#givenAt
    this.#givenAt = null
  }
}

/** The pieces of a table, none of them empty. The first one has rows in it, unless there are none. */
export async function* encodeTable(table: Table, encoder: TableEncoder): Chunks {
  let held = encoder.head()
  for await (const lot of encodedLots(table, encoder)) {
    if (lot.length === 0) continue
    yield joined(held, lot)
    held = ''
  }
  const rest = joined(held, encoder.tail())
  if (rest.length > 0) yield rest
  return undefined
}

async function* encodedLots(table: Table, encoder: TableEncoder): AsyncGenerator<Chunk> {
  if (table.lots && encoder.columnLot) for await (const lot of table.lots()) yield encoder.columnLot(lot)
  else for await (const lot of table.rows()) yield encoder.lot(lot)
}

function joined(a: Chunk, b: Chunk): Chunk {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a
  return typeof a === 'string' && typeof b === 'string'
    ? a + b
    : Buffer.concat([Buffer.from(a), Buffer.from(b)])
}
