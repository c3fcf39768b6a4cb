import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { inject } from 'vitest'
import { programArguments } from '../../local/program.ts'
import { pathOf } from '../project/files.ts'

const made = new Map<string, Promise<string[]>>()

/**
 * What Node has to be given to start a program of ours, or of a test, as `npm start` starts its parts.
 *
 * @param file from the root of the repository
 */
export function programOf(file: string): Promise<string[]> {
  const known = made.get(file) ?? programArguments(pathOf(file), join(inject('folder'), 'programs'))
  made.set(file, known)
  return known
}

/** A process of its own, and all that it has said so far. */
export interface Started {
  child: ChildProcessByStdio<null, Readable, Readable>
  /** Of both streams. */
  output: () => string
  /** Its status, and the signal that has ended it. */
  ended: Promise<[number | null, NodeJS.Signals | null]>
  /** Ends it, if it runs, and waits for that. */
  end: (signal?: NodeJS.Signals) => Promise<void>
}

/**
 * Starts Node. Whoever starts a program ends it.
 *
 * @param env all that it has besides PATH
 */
export function startProgram(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  options: { cwd?: string } = {},
): Started {
  const child = spawn(process.execPath, args, {
    ...options,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'close') as Started['ended']
  const end = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    child.kill(signal)
    await ended
  }
  return { child, output: () => output, ended, end }
}
