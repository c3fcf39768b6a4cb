import { Option } from 'commander'
import type * as KeyModule from '../../api/access/key-command.ts'
import type { Sql } from '../../db/client.ts'
import { ROLES } from '../../market/roles.ts'
import { act, type CommandSpec, type CommonOptions, withJson, wholeNumber } from '../command.ts'
import type { Context, Outcome } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { table } from '../text.ts'

interface CreateOptions extends CommonOptions {
  role: (typeof ROLES)[number]
  days?: number
}

type KeyCommands = typeof KeyModule

export const key: CommandSpec = {
  name: 'key',
  group: 'Access',
  summary: 'keys of the API, straight in the database: create, list, revoke, clear',
  build: (command, io) => {
    withJson(command.command('create').description('make a key and show it, this once'))
      .argument('<name>', 'who it is for, like grafana')
      .addOption(new Option('--role <role>').choices(ROLES).makeOptionMandatory())
      .option('--days <n>', 'how long it lasts; for ever without it', wholeNumber(1, 3_650))
      .action(
        act(io, (context, { role, days }: CreateOptions, name = '') =>
          withKeys(context, async (keys, sql) => {
            const made = await keys.makeKey(sql, { name, role, days })
            const until = made.expires_at === null ? '' : `, until ${made.expires_at}`
            context.result(made, [
              `${name} (${role}${until}). It is shown this once and stored nowhere:`,
              made.key,
            ])
          }),
        ),
      )
    withJson(command.command('list').description('the keys that were made')).action(
      act(io, (context) =>
        withKeys(context, async (keys, sql) => {
          const made = await keys.madeKeys(sql)
          const rows = made.map((each) => [each.name, each.role, each.state, each.last_used_at ?? 'never'])
          const lines = table(['name', 'role', 'state', 'last used'], rows)
          context.result(made, made.length === 0 ? ['no key was made yet'] : lines)
        }),
      ),
    )
    withJson(command.command('revoke').description('let nobody in any more with a key'))
      .argument('<name>')
      .action(
        act(io, (context, _, name = '') =>
          withKeys(context, async (keys, sql) => {
            await keys.endKey(sql, name)
            context.result({ name, state: 'revoked' }, [`${name} lets nobody in any more`])
          }),
        ),
      )
    withJson(
      command
        .command('clear')
        .description('forget all keys and sessions: on 127.0.0.1 nobody needs one then'),
    ).action(
      act(io, (context) =>
        withKeys(context, async (keys, sql) => {
          const forgotten = await keys.forgetKeys(sql)
          context.result({ forgotten }, [`${forgotten} keys forgotten; those of API_KEYS stay`])
        }),
      ),
    )
  },
}

/** Keys are made where the database is: whoever has that needs none. A service that runs follows at once. */
async function withKeys(
  context: Context,
  use: (keys: KeyCommands, sql: Sql) => Promise<void>,
): Promise<Outcome> {
  const [keys, { loadConfig }, { openDatabase }, { databaseUrl }] = await Promise.all([
    import('../../api/access/key-command.ts'),
    import('../../config.ts'),
    import('../../db/client.ts'),
    import('../../local/database-url.ts'),
  ])
  const db = openDatabase({ url: databaseUrl(loadConfig(context.env)), max: 1, name: 'ashare-sync key' })
  try {
    await use(keys, db.sql)
    return undefined
  } catch (error) {
    if (!(error instanceof keys.KeyCommandError)) throw error
    throw new CliError(EXIT.usage, 'key', error.message)
  } finally {
    await db.close()
  }
}
