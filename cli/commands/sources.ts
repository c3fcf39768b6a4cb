import { answerOf, type BodyOf } from '../../client/index.ts'
import { act, type CommandSpec } from '../command.ts'
import type { Context, Outcome } from '../context.ts'
import { usageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { type Service, usingService } from '../open-service.ts'
import { type ReadingOptions, withReading } from '../service-options.ts'
import { type Cell, table } from '../text.ts'

interface SourceOptions extends ReadingOptions {
  test?: boolean
}

export const sources: CommandSpec = {
  name: 'sources',
  group: 'Data',
  summary: 'the sources: which is asked first, which rests, what they still grant today',
  build: (command, io) =>
    void withReading(command)
      .option('--test', 'ask each of them now whether it answers; 1 when one does not')
      .action(act(io, showSources)),
}

async function showSources(context: Context, options: SourceOptions): Promise<Outcome> {
  if (options.test && options.direct) throw usageError('--test needs a service: its workers ask')
  return await usingService(context, options, async ({ client }) => {
    if (options.test) return await testSources(context, client)
    const page = await answerOf(client.api.sources.$get())
    const head = ['asked', 'source', 'state', 'why', 'calls left today']
    context.result(page, table(head, page.items.map(rowOf)))
    return undefined
  })
}

async function testSources(context: Context, client: Service['client']): Promise<Outcome> {
  const tried = await answerOf(client.api.sync['multi-source'].sources.test.$post({ json: {} }))
  const rows = tried.data.map((one): Cell[] => [one.name, one.site, one.ok, one.message])
  context.result(tried.data, [...table(['source', 'site', 'answers', 'message'], rows), tried.message])
  return tried.data.every(({ ok }) => ok) ? undefined : EXIT.failed
}

type Shown = BodyOf<Awaited<ReturnType<Service['client']['api']['sources']['$get']>>>['items'][number]

function rowOf(source: Shown): Cell[] {
  const resting = source.sites.find(({ state }) => state === 'resting')
  const state = !source.enabled ? 'off' : !source.available ? 'not available' : resting ? 'in part' : 'up'
  const lefts = source.budgets.flatMap(({ day }) => (day.left === null ? [] : [day.left]))
  return [
    source.rank,
    source.name,
    state,
    resting?.reason ?? source.rank_reason,
    lefts.length === 0 ? null : Math.min(...lefts),
  ]
}
