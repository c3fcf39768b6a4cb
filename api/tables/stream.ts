import type { Chunk, Table, TableEncoder } from './table.ts'

// Somebody who takes nothing for so long holds a connection to the database all the while.
const STALL_MS = 60_000

export interface StreamOptions {
  /** Aborted when the process ends. */
  closing: AbortSignal
  /** Called once at the end, however it came: null when everything was taken or the reader left. */
  onEnd: (error: unknown) => void
  stallMs?: number
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
  #onClosing = (): void => undefined
  #isOver = false

  constructor(chunks: Chunks, first: IteratorResult<Chunk, undefined>, options: StreamOptions) {
    this.#chunks = chunks
    this.#first = first
    this.#options = options
  }

  start(controller: Controller): void {
    const { closing } = this.#options
    this.#onClosing = () => this.#breakOff(controller, new Error('the service is ending'))
    closing.addEventListener('abort', this.#onClosing)
    if (closing.aborted) this.#onClosing()
  }

  async pull(controller: Controller): Promise<void> {
    clearTimeout(this.#stalled)
    try {
      const { done, value } = this.#first ?? (await this.#chunks.next())
      this.#first = null
      if (this.#isOver) return
      if (done) {
        this.#end(null)
        controller.close()
        return
      }
      controller.enqueue(typeof value === 'string' ? this.#bytes.encode(value) : value)
      const stalled = () => this.#breakOff(controller, new Error('the reader takes nothing'))
      this.#stalled = setTimeout(stalled, this.#options.stallMs ?? STALL_MS)
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

/** The pieces of a table, none of them empty. The first one has rows in it, unless there are none. */
export async function* encodeTable(table: Table, encoder: TableEncoder): Chunks {
  let held = encoder.head()
  for await (const rows of table.rows()) {
    const lot = encoder.lot(rows)
    if (lot.length === 0) continue
    yield joined(held, lot)
    held = ''
  }
  const rest = joined(held, encoder.tail())
  if (rest.length > 0) yield rest
  return undefined
}

function joined(a: Chunk, b: Chunk): Chunk {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a
  return typeof a === 'string' && typeof b === 'string'
    ? a + b
    : Buffer.concat([Buffer.from(a), Buffer.from(b)])
}
