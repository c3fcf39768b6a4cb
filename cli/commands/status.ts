import { answerOf } from '../../client/index.ts'
import { RUN_STATE_NAMES } from '../../workflows/contract/status.ts'
import { Option } from 'commander'
import { act, type CommandSpec, wholeNumber } from '../command.ts'
import type { Context, Outcome } from '../context.ts'
import { usageError } from '../errors.ts'
import { exitOf, followRun } from '../follow.ts'
import { type Service, usingService } from '../open-service.ts'
import { type ReadingOptions, withReading } from '../service-options.ts'
import { presentRun } from '../pick-run.ts'
import { runLines, runTable } from '../run-words.ts'

interface StatusOptions extends ReadingOptions {
  watch?: boolean
  list?: boolean
  limit: number
  job?: string
  state?: string
}

export const status: CommandSpec = {
  name: 'status',
  group: 'Runs',
  summary: 'how a run stands: the one named, else the one under way, else the last one',
  build: (command, io) =>
    void withReading(command)
      .argument('[run]', 'its id')
      .option('--watch', 'follow it until it ends; the exit status tells how it did')
      .option('--list', 'runs below each other, newest first')
      .option('--limit <n>', 'how many of them', wholeNumber(1, 200), 20)
      .option('--job <job>', 'of this job only')
      .addOption(new Option('--state <state>', 'in this state only').choices(RUN_STATE_NAMES))
      .action(act(io, showStatus)),
}

async function showStatus(context: Context, options: StatusOptions, id?: string): Promise<Outcome> {
  return await usingService(context, options, async (service) => {
    if (options.list) return await listRuns(context, service, options)
    if (options.job !== undefined || options.state !== undefined)
      throw usageError('--job and --state go with --list')
    const run = id === undefined ? await presentRun(service) : await readRun(service, id)
    if (run === null) {
      context.result(null, ['nothing ever ran: ashare-sync sync full_history starts with everything'])
      return undefined
    }
    if (options.watch) return exitOf(await followRun(context, service, run.id))
    context.result(run, runLines(run, service))
    return undefined
  })
}

const readRun = ({ client }: Service, id: string) => answerOf(client.api.runs[':id'].$get({ param: { id } }))

async function listRuns(
  context: Context,
  { client }: Service,
  { limit, job, state }: StatusOptions,
): Promise<Outcome> {
  const query = { limit: String(limit), ...(job && { job }), ...(state && { status: state }) }
  const page = await answerOf(client.api.runs.$get({ query: query as never }))
  context.result(page, page.items.length === 0 ? ['there is none'] : runTable(page.items))
  return undefined
}
