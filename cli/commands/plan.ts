import { answerOf } from '../../client/index.ts'
import { act, type CommandSpec } from '../command.ts'
import type { Outcome } from '../context.ts'
import { usingService } from '../open-service.ts'
import { type ReadingOptions, withReading } from '../service-options.ts'
import { planLines } from '../plan-words.ts'
import { type RunOptions, runRequest, withRun } from '../run-options.ts'

export const plan: CommandSpec = {
  name: 'plan',
  group: 'Runs',
  summary: 'what a job would do and cost; writes nothing, asks no source',
  build: (command, io) =>
    void withReading(withRun(command)).action(
      act(io, async (context, options: ReadingOptions & RunOptions, job = ''): Promise<Outcome> => {
        const json = await runRequest(job, options)
        return await usingService(context, options, async ({ client }) => {
          const answer = await answerOf(client.api.plan.$post({ json }))
          context.result(answer, planLines(job, answer))
          return undefined
        })
      }),
    ),
}
