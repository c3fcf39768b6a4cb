import { createWriteStream, existsSync, rmSync } from 'node:fs'
import { link, rename, rm } from 'node:fs/promises'
import { Readable, Transform } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { pipeline } from 'node:stream/promises'
import type { Context } from './context.ts'
import { interrupted, usageError } from './errors.ts'
import { size } from './text.ts'

/** @throws CliError when a file is there and may not be written over */
export function requireFree(path: string, force: boolean): void {
  if (!force && existsSync(path)) throw usageError(`${path} is there already: --force writes over it`)
}

/**
 * Writes an answer to a file, which appears when it is whole, or to standard output for `-`.
 *
 * @returns bytes
 * @throws CliError `interrupted`; what `fetch` throws when the answer is broken off
 */
export async function saveAnswer(
  context: Context,
  answer: Response,
  path: string,
  { signal, force }: { signal: AbortSignal; force: boolean },
): Promise<number> {
  const counter = counting(context)
  const body = Readable.fromWeb(answer.body as ReadableStream<Uint8Array>)
  try {
    if (path === '-') await pipeline(body, counter.stream, context.out, { signal, end: false })
    else await intoFile(path, force, (file) => pipeline(body, counter.stream, file, { signal }))
  } catch (error) {
    if (signal.aborted) throw interrupted('interrupted; nothing was kept of the file')
    throw error
  } finally {
    counter.end()
  }
  return counter.bytes()
}

async function intoFile(
  path: string,
  force: boolean,
  write: (file: NodeJS.WritableStream) => Promise<void>,
): Promise<void> {
  const draft = `${path}.part-${process.pid}`
  const dropDraft = (): void => rmSync(draft, { force: true })
  // A second signal ends the process at once.
  process.once('exit', dropDraft)
  try {
    await write(createWriteStream(draft, { flags: 'wx' }))
    if (force) await rename(draft, path)
    else await keepOnce(draft, path)
  } finally {
    dropDraft()
    process.off('exit', dropDraft)
  }
}

/** Gives a file its name unless another one has it by now. */
async function keepOnce(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path)
    await rm(draft)
  } catch (error) {
    requireFree(path, false)
    // Some file systems have no links.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error
    await rename(draft, path)
  }
}

const SHOW_EVERY_MS = 250

/** Counts bytes on their way, and shows them on a terminal. */
function counting({ err, json }: Context): { stream: Transform; bytes: () => number; end: () => void } {
  let bytes = 0
  let shownAt = performance.now()
  const isShown = err.isTTY && !json
  const show = (text: string): void => void err.write(`\r\x1b[K${text}`)
  return {
    stream: new Transform({
      transform: (chunk: Buffer, _, done) => {
        bytes += chunk.length
        if (isShown && performance.now() - shownAt > SHOW_EVERY_MS) {
          show(size(bytes))
          shownAt = performance.now()
        }
        done(null, chunk)
      },
    }),
    bytes: () => bytes,
    end: () => {
      if (isShown) show('')
    },
  }
}
