import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll } from 'vitest'
import { createServer } from '../../api/server.ts'
import { runCli } from '../../cli/run.ts'
import { pathOf } from '../project/files.ts'

/*
 * The command line as people start it: a process of its own, away from any `.env`. Starting one takes half a second of a core,
 * so that what does not depend on it runs within this process, on the same arguments.
 */

export interface Ended {
  code: number | null
  out: string
  err: string
  /** What `--json` printed: the document, or undefined. */
  json: () => unknown
  /** What `--json` with `--watch` printed. */
  jsonLines: () => Record<string, unknown>[]
}

export interface Started {
  child: ChildProcessWithoutNullStreams
  out: () => string
  ended: Promise<Ended>
}

/** A folder for the files of one test file; removed at its end. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-cli-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** @param env all that it has besides PATH */
export function startCli(
  args: readonly string[],
  { env, cwd }: { env: Record<string, string>; cwd: string },
): Started {
  const child = spawn(process.execPath, [pathOf('cli/bin.js'), ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, DATA_DIR: join(cwd, 'data'), ...env },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = (async (): Promise<Ended> => {
    const [code] = (await once(child, 'close')) as [number | null]
    return endedWith(code, out, err)
  })()
  return { child, out: () => out, ended }
}

const endedWith = (code: number | null, out: string, err: string): Ended => ({
  code,
  out,
  err,
  json: () => JSON.parse(out) as unknown,
  jsonLines: () =>
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
})

/** The same within this process. */
export async function runHere(args: readonly string[], env: Record<string, string>): Promise<Ended> {
  const texts = { out: '', err: '' }
  const stream = (name: 'out' | 'err') =>
    new PassThrough().on(
      'data',
      (chunk: Buffer) => (texts[name] += chunk.toString()),
    ) as unknown as NodeJS.WriteStream
  const code = await runCli(args, {
    out: stream('out'),
    err: stream('err'),
    env: () => Promise.resolve(env),
    version: '0.0.0',
  })
  return endedWith(code, texts.out, texts.err)
}

/** Serves an app at an address of this machine. @param wanted its port; any without it */
export async function serve(
  app: { fetch: (request: Request) => Response | Promise<Response> },
  wanted = 0,
): Promise<{ url: string; close: () => void }> {
  const server = createServer(app.fetch)
  server.listen(wanted, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
