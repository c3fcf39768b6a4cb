import { act, type CommandSpec, withJson } from '../command.ts'
import { requireCheckout } from '../checkout.ts'
import { CliError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'

export const up: CommandSpec = {
  name: 'up',
  group: 'Service',
  summary: 'run the whole service here until Ctrl-C: PostgreSQL, Temporal, worker, API',
  build: (command, io) =>
    void withJson(command)
      .addHelpText(
        'after',
        '\nWhat it listens on and where it keeps its data stands in .env; see .env.example.',
      )
      .action(
        act(io, async (context) => {
          requireCheckout('up')
          const [{ isAway, isExpected, runService }, { jsonVoice, ownVoice }] = await Promise.all([
            import('../../local/up.ts'),
            import('../../local/voice.ts'),
          ])
          context.outliveReader()
          await runService(context.env, context.json ? jsonVoice(context.jsonLine) : ownVoice).catch(
            (error: unknown) => {
              if (isAway(error)) throw new CliError(EXIT.unreachable, 'database_unavailable', error.message)
              throw isExpected(error) ? new CliError(EXIT.failed, 'not_started', error.message) : error
            },
          )
          return undefined
        }),
      ),
}
