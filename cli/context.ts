import { styleText } from 'node:util'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { jsonText, printable } from './text.ts'

export type Colour = 'green' | 'yellow' | 'red' | 'dim'

/** What a command gets: where it writes, what it was started with, when it should stop. */
export interface Context {
  env: NodeJS.ProcessEnv
  /** One JSON document, or JSON lines, on standard output and nothing else there. */
  json: boolean
  out: NodeJS.WriteStream
  err: NodeJS.WriteStream
  /** A line for people on standard output; left out with `--json`. @param colour of its first word, on a terminal */
  print: (line: string, colour?: Colour) => void
  /** A line for people on standard error. */
  note: (line: string) => void
  /** The outcome: lines for people, or the value. */
  result: (value: unknown, lines: readonly string[]) => void
  /** One JSON line of a stream of them. */
  jsonLine: (value: unknown) => void
  /** Aborts with Ctrl-C; who does not ask for it is ended by the signal as any program. */
  interruption: () => AbortSignal
  /** The command goes on when nobody reads its output any more. */
  outliveReader: () => void
  /** The command is over: signals are again those of the process. */
  release: () => void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const isColoured = (out: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean =>
  out.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'

const paintFirstWord = (line: string, colour: Colour): string =>
  line.replace(/\S+/, (word) => styleText(colour, word))

/** @param io the streams of the process, and its environment with `.env` beneath it */
export function createContext(
  io: { out: NodeJS.WriteStream; err: NodeJS.WriteStream; env: NodeJS.ProcessEnv },
  json: boolean,
): Context {
  const { out, err, env } = io
  // `ashare-sync gaps | head` closes our output: nobody reads on.
  const onUnread = (error: NodeJS.ErrnoException): void => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed)
  }
  out.on('error', onUnread)
  const write = (line: string): void => void out.write(`${line}\n`)
  const print: Context['print'] = (line, colour) => {
    if (json) return
    const safe = printable(line)
    write(colour !== undefined && isColoured(out, env) ? paintFirstWord(safe, colour) : safe)
  }
  let interruption: AbortController | undefined
  let release = (): void => undefined
  return {
    env,
    json,
    out,
    err,
    print,
    note: (line) => void err.write(`${printable(line)}\n`),
    result: (value, lines) => {
      if (json) write(jsonText(value, 2))
      else for (const line of lines) print(line)
    },
    jsonLine: (value) => write(jsonText(value)),
    interruption: () => {
      if (interruption === undefined) {
        const stop = new AbortController()
        // A second signal does not wait for a clean end.
        const onSignal = (): void => (stop.signal.aborted ? process.exit(EXIT.interrupted) : stop.abort())
        for (const signal of SIGNALS) process.on(signal, onSignal)
        release = () => {
          for (const signal of SIGNALS) process.off(signal, onSignal)
        }
        interruption = stop
      }
      return interruption.signal
    },
    outliveReader: () => void out.on('error', () => undefined).off('error', onUnread),
    release: () => release(),
  }
}

/** What a command ends with; nothing: EXIT.ok. */
export type Outcome = ExitCode | undefined
