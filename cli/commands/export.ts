import { Option } from 'commander'
import { act, type CommandSpec } from '../command.ts'
import { usageError } from '../errors.ts'
import { EXPORTS, FORMATS, type Format, isExport, queryOf, type TableOptions } from '../exports.ts'
import { usingService } from '../open-service.ts'
import { type ReadingOptions, withReading } from '../service-options.ts'
import { saveAnswer, requireFree } from '../save-answer.ts'
import { number } from '../../local/words.ts'
import { size } from '../text.ts'

interface ExportOptions extends ReadingOptions, TableOptions {
  output: string
  format?: Format
  force?: boolean
}

export const exportTable: CommandSpec = {
  name: 'export',
  group: 'Data',
  summary: 'write bars, valuations, reports, factors, the calendar or index bars to a file',
  build: (command, io) =>
    void withReading(command)
      .argument('<table>', Object.keys(EXPORTS).join(', '))
      .requiredOption('-o, --output <file>', 'where to; - is standard output')
      .addOption(new Option('--format <format>', 'by the ending of the file without it').choices(FORMATS))
      .option('--force', 'write over a file that is there')
      .option('--symbols <list>', 'stocks, like 600000,000001; the whole market without it')
      .option('--start <date>', 'first date, or first report period')
      .option('--end <date>', 'last date')
      .option('--date <date>', 'the whole market of one day')
      .option('--period <period>', 'bars: daily, weekly or monthly')
      .option('--adjust <how>', 'bars: none, qfq or hfq')
      .option('--anchor <date>', 'bars, with qfq: whose factor stands for 1')
      .option('--decimals <n>', 'bars: of adjusted prices')
      .option('--source <name>', 'one source in place of the best')
      .option('--as-of <moment>', 'as it was known then')
      .option('--statement <name>', 'financials: income, balance_sheet, cash_flow or fin_indicator')
      .option('--seen-by <date>', 'financials: what was there before this day')
      .option('--versions <which>', 'financials: latest or all')
      .option('--exchange <name>', 'calendar: SSE, SZSE or BSE')
      .option('--all-days', 'calendar: also days on which the market is closed')
      .action(act(io, runExport)),
}

const ENDINGS = new Map<string, Format>([
  ['csv', 'csv'],
  ['parquet', 'parquet'],
  ['arrow', 'arrow'],
  ['arrows', 'arrow'],
  ['json', 'json'],
])

function formatOf({ format, output }: ExportOptions): Format {
  return format ?? ENDINGS.get(/\.(\w+)$/.exec(output)?.[1]?.toLowerCase() ?? '') ?? 'csv'
}

const runExport = async (
  context: Parameters<typeof usingService>[0],
  options: ExportOptions,
  name = '',
): Promise<undefined> => {
  if (!isExport(name)) throw usageError(`TABLE must be one of ${Object.keys(EXPORTS).join(', ')}`)
  const query = queryOf(name, options)
  const format = formatOf(options)
  const toStdout = options.output === '-'
  if (toStdout && context.json) throw usageError('--json and -o - both want standard output')
  if (!toStdout) requireFree(options.output, options.force ?? false)
  const signal = context.interruption()
  await usingService(context, options, async ({ client }) => {
    const began = performance.now()
    const answer = await EXPORTS[name].ask(client, { ...query, format }, signal)
    const bytes = await saveAnswer(context, answer, options.output, { signal, force: options.force ?? false })
    if (toStdout) return
    const seconds = (performance.now() - began) / 1_000
    context.result(
      { table: name, file: options.output, format, bytes, seconds: Number(seconds.toFixed(3)) },
      [
        `${options.output}: ${size(bytes)} (${number(bytes)} bytes) of ${name} as ${format} in ${seconds.toFixed(1)} s`,
      ],
    )
  })
  return undefined
}
