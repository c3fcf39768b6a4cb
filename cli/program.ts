import { Command } from 'commander'
import type { Io } from './command.ts'
import { COMMANDS } from './commands.ts'
import { EXIT, EXIT_MEANINGS } from './exit-codes.ts'

export const NAME = 'ashare-sync'

const exitLines = Object.entries(EXIT).map(
  ([name, code]) => `  ${String(code).padEnd(4)} ${EXIT_MEANINGS[name as keyof typeof EXIT]}`,
)

/** What the process gives to the command line. */
export interface Surroundings extends Pick<Io, 'out' | 'err' | 'env'> {
  version: string
}

/**
 * The command line, out of the table of commands. It throws where commander would end the process; where a program reads it,
 * that is all it does.
 */
export function createProgram(io: Io & Pick<Surroundings, 'version'> & { isForProgram: boolean }): Command {
  const program = new Command(NAME)
    .description('A-share market data, synchronised into PostgreSQL')
    .version(io.version, '--version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out.write(text),
      writeErr: (text) => {
        if (!io.isForProgram) io.err.write(text)
      },
    })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText(
      'after',
      `\nExit status:\n${exitLines.join('\n')}\n\n${NAME} COMMAND --help shows its options.`,
    )
  for (const { name, group, summary, build } of COMMANDS) {
    const command = program.command(name).description(summary).helpGroup(`${group}:`)
    build(command, io)
    for (const each of [command, ...command.commands])
      each.showHelpAfterError(`(${pathOf(each)} --help shows what there is)`)
  }
  return program.showHelpAfterError(`(${NAME} --help shows all commands)`)
}

const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
