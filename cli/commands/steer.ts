import { answerOf } from '../../client/index.ts'
import { act, type CommandSpec } from '../command.ts'
import { type ServiceOptions, withService } from '../service-options.ts'
import { usingService } from '../open-service.ts'
import { onlyRun, type OpenState } from '../pick-run.ts'
import { runLines } from '../run-words.ts'

/* Commands that steer one run. */

type Action = 'pause' | 'resume' | 'cancel'

/** @param states in which the only run is meant where none is named */
const steering = (action: Action, summary: string, states: readonly OpenState[]): CommandSpec => ({
  name: action,
  group: 'Runs',
  summary,
  build: (command, io) =>
    void withService(command)
      .argument('[run]', 'its id; the only one without it')
      .action(
        act(
          io,
          async (context, options: ServiceOptions, named) =>
            await usingService(context, options, async (service) => {
              const id = named ?? (await onlyRun(service, states)).id
              const run = await answerOf(service.client.api.runs[':id'][action].$post({ param: { id } }))
              context.result(run, [`${action} is under way: within 5 s`, ...runLines(run, service)])
              return undefined
            }),
        ),
      ),
})

export const pause = steering('pause', 'pause a run; it gives the lock back and may stay so for weeks', [
  'running',
  'pending',
  'waiting',
])
export const resume = steering('resume', 'go on with a paused run', ['paused'])
export const cancel = steering('cancel', 'end a run; what it committed stays', [
  'running',
  'pending',
  'waiting',
  'paused',
])
