import { EXIT, type ExitCode } from './exit-codes.ts'

/** Ends a command with an exit status and a message that says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: ExitCode
  /** Stable, for programs that read `--json`. */
  readonly code: string
  /** The run that the message is about. */
  readonly runId: string | undefined

  constructor(exitCode: ExitCode, code: string, message: string, runId?: string) {
    super(message)
    this.exitCode = exitCode
    this.code = code
    this.runId = runId
  }
}

export const usageError = (message: string): CliError => new CliError(EXIT.usage, 'usage', message)

export const interrupted = (message = 'interrupted'): CliError =>
  new CliError(EXIT.interrupted, 'interrupted', message)
