import { answerOf } from '../../client/index.ts'
import { act, type CommandSpec, wholeNumber } from '../command.ts'
import type { Context, Outcome } from '../context.ts'
import { type Service, usingService } from '../open-service.ts'
import { type ReadingOptions, withReading } from '../service-options.ts'
import { type Cell, table } from '../text.ts'

interface GapOptions extends ReadingOptions {
  dataset?: string
  symbol?: string
  start?: string
  end?: string
  source?: string
  reason?: string
  wanted?: boolean
  limit: number
}

export const gaps: CommandSpec = {
  name: 'gaps',
  group: 'Data',
  summary: 'the holes: cells that a source was asked for and that have no row',
  build: (command, io) =>
    void withReading(command)
      .option('--dataset <name>', 'bars, daily_basic, financials, …')
      .option('--symbol <symbol>', 'of one stock')
      .option('--start <date>', 'first date')
      .option('--end <date>', 'last date')
      .option('--source <name>', 'whose answers lack them')
      .option('--reason <reason>', 'missing, absent_upstream, …')
      .option('--wanted', 'only those that runs ask for again')
      .option('--limit <n>', 'most lines', wholeNumber(1, 1_000_000), 100)
      .action(act(io, showGaps)),
}

async function showGaps(context: Context, options: GapOptions): Promise<Outcome> {
  return await usingService(context, options, async ({ client }) => {
    const { items, more } = await readGaps(client, options)
    const lines = table(
      ['date', 'dataset', 'symbol', 'source', 'reason', 'wanted', 'since', 'answers'],
      items.map((gap): Cell[] => [
        gap.date,
        gap.dataset,
        gap.symbol,
        gap.source,
        gap.reason,
        gap.wanted,
        gap.since.slice(0, 10),
        gap.answers,
      ]),
    )
    const end = more ? ['', `There are more: --limit ${options.limit * 10} shows them.`] : []
    context.result({ items, more }, items.length === 0 ? ['there is none'] : [...lines, ...end])
    return undefined
  })
}

const PAGE = 200

async function readGaps(client: Service['client'], options: GapOptions) {
  const { dataset, symbol, start: from, end: to, source, reason, limit } = options
  const given = { dataset, symbol, from, to, source, reason, wanted: options.wanted ? 'true' : undefined }
  const filter = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const read = (cursor?: string) =>
    answerOf(
      // What is wrong about it the service says.
      client.api.gaps.$get({
        query: { ...filter, limit: String(Math.min(PAGE, limit)), ...(cursor && { cursor }) },
      }),
    )
  let page = await read()
  const items = page.items
  while (items.length < limit && page.next_cursor !== null) {
    page = await read(page.next_cursor)
    items.push(...page.items)
  }
  return { items: items.slice(0, limit), more: items.length > limit || page.next_cursor !== null }
}
