import { act, type CommandSpec } from '../command.ts'
import { requireCheckout } from '../checkout.ts'
import { CliError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'

export const up: CommandSpec = {
  name: 'up',
  group: 'Service',
  summary: 'run the whole service here until Ctrl-C: PostgreSQL, Temporal, worker, API',
  build: (command, io) =>
    void command
      .addHelpText(
        'after',
        '\nWhat it listens on and where it keeps its data stands in .env; see .env.example.',
      )
      .action(
        act(io, async ({ env }) => {
          requireCheckout('up')
          const { isExpected, runService } = await import('../../local/up.ts')
          await runService(env).catch((error: unknown) => {
            throw isExpected(error) ? new CliError(EXIT.failed, 'not_started', error.message) : error
          })
          return undefined
        }),
      ),
}
