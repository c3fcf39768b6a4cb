import { type Command, InvalidArgumentError } from 'commander'
import { createContext, type Context, type Outcome } from './context.ts'

/** Where a command runs, and who hears of it. */
export interface Io {
  out: NodeJS.WriteStream
  err: NodeJS.WriteStream
  /** The environment with `.env` beneath it. */
  env: () => Promise<NodeJS.ProcessEnv>
  /** Hears of the context of the command that runs, before it does. */
  onStart: (context: Context) => void
  onEnd: (outcome: Outcome) => void
}

/** One command: its line in the help, and its arguments, options and action. */
export interface CommandSpec {
  name: string
  group: Group
  summary: string
  build: (command: Command, io: Io) => void
}

export const GROUPS = ['Service', 'Runs', 'Data', 'Access'] as const
export type Group = (typeof GROUPS)[number]

/** What every command takes. */
export interface CommonOptions {
  json?: boolean
}

/**
 * An action for commander: the context first, then the options, then the arguments as they stand in the usage.
 *
 * @param run names the type of its options; its result is the exit status, nothing is success
 */
export const act =
  (io: Io, run: (context: Context, options: never, ...args: (string | undefined)[]) => Promise<Outcome>) =>
  async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command
    const options = command.opts<CommonOptions>()
    const context = createContext({ ...io, env: await io.env() }, options.json ?? false)
    io.onStart(context)
    try {
      io.onEnd(await run(context, options as never, ...(given.slice(0, -2) as (string | undefined)[])))
    } finally {
      context.release()
    }
  }

export const withJson = (command: Command): Command =>
  command.option('--json', 'JSON on standard output, and nothing else there')

/** An option that is a whole number. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }

/** `a,b` → its parts. */
export const listOf = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
