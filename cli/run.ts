import { CommanderError } from 'commander'
import type { Context } from './context.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { failureOf } from './failure.ts'
import { createProgram, type Surroundings } from './program.ts'
import { jsonText, printableLines } from './text.ts'

/**
 * Runs one command, and says what went wrong on standard error. A command that leaves something running (`up`) just comes
 * back.
 *
 * @param args without the program's name
 * @returns the exit status
 */
export async function runCli(args: readonly string[], around: Surroundings): Promise<ExitCode> {
  let running: Context | undefined
  let outcome: ExitCode = EXIT.ok
  const isForProgram = args.includes('--json')
  const program = createProgram({
    ...around,
    isForProgram,
    onStart: (context) => (running = context),
    onEnd: (ended) => (outcome = ended ?? EXIT.ok),
  })
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' })
    return outcome
  } catch (error) {
    // Help and the version are no errors; people have been told by commander.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok
      if (isForProgram) around.err.write(`${jsonText({ error: usageOf(error) })}\n`)
      return EXIT.usage
    }
    const { exitCode, code, message, runId } = await failureOf(error)
    const lines = running?.json
      ? [jsonText({ error: { code, message, ...(runId !== undefined && { run_id: runId }) } })]
      : printableLines(message)
    around.err.write(`${lines.join('\n')}\n`)
    return exitCode
  }
}

const usageOf = ({ message }: CommanderError) => ({ code: 'usage', message: message.replace(/^error: /, '') })
