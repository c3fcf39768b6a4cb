import { type Command, Option } from 'commander'
import { act, type CommandSpec, type CommonOptions, withJson } from '../command.ts'
import type { Context, Outcome } from '../context.ts'
import { usageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import type { ImportOptions } from '../import-arguments.ts'

export const importFile: CommandSpec = {
  name: 'import',
  group: 'Data',
  summary: 'bring a file of your own, or the rows of a query, into the database',
  build: (command, io) =>
    void options(withJson(command))
      .argument('<file>', 'CSV (also .gz) or Parquet; or postgres://… with --query')
      .addHelpText(
        'after',
        '\nColumns named as Tushare, BaoStock or AKShare do are recognised. See docs/import.md.',
      )
      .action(act(io, runImport)),
}

const collect = (text: string, before: string[] = []): string[] => [...before, text]

const options = (command: Command): Command =>
  command
    .option('--dataset <name>', 'bars, adj_factor or daily_basic')
    .option('--dry-run', 'say what would be done, write nothing')
    .option('--query <sql>', 'of a database: its rows are imported')
    .addOption(new Option('--map <pairs>', 'our field = your column: open=o,volume=v').argParser(collect))
    .option('--symbol <symbol>', 'of a file of one stock, which has no column for it')
    .option('--volume-unit <unit>', 'shares or lots')
    .option('--amount-unit <unit>', 'yuan or thousand-yuan')
    .option('--worth-unit <unit>', 'one or ten-thousand: of shares and market values in daily_basic')
    .option('--date-format <format>', 'MM/DD/YYYY or DD/MM/YYYY, where the year does not come first')
    .option('--symbol-format <format>', 'code: bare codes, of which leading zeros may be lost')
    .option('--encoding <name>', 'like gb18030')
    .option('--delimiter <character>', "like ';'")
    .option('--max-rejected <share>', 'share of rows that may be refused; 0.1 without it')
    .option('--scattered', 'single days, most sessions in between are not in the file')

/** Loaded when it is needed: other commands do without all that an import takes. */
async function runImport(
  context: Context,
  given: ImportOptions & CommonOptions,
  file = '',
): Promise<Outcome> {
  const { bringFile, isRefusal } = await import('../bring-file.ts')
  const signal = context.interruption()
  try {
    return (await bringFile(context, file, given, signal)) ? undefined : EXIT.failed
  } catch (error) {
    throw isRefusal(error) ? usageError(error.message) : error
  }
}
