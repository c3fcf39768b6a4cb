import type { Run } from '../../api/schemas/run.ts'
import { answerOf, ApiError } from '../../client/index.ts'
import { act, type CommandSpec } from '../command.ts'
import type { Context, Outcome } from '../context.ts'
import { exitOf, followRun } from '../follow.ts'
import { type ServiceOptions, withService } from '../service-options.ts'
import { usingService } from '../open-service.ts'
import { planLines } from '../plan-words.ts'
import { type RunOptions, runRequest, withRun } from '../run-options.ts'
import { startedLines } from '../run-words.ts'

interface SyncOptions extends ServiceOptions, RunOptions {
  force?: boolean
  dryRun?: boolean
  watch?: boolean
}

export const sync: CommandSpec = {
  name: 'sync',
  group: 'Runs',
  summary: 'start a job',
  build: (command, io) =>
    void withService(withRun(command))
      .option('--force', 'cancel the run that is under way and take its place')
      .option('--dry-run', 'say what it would do and cost, and do nothing')
      .option('--watch', 'follow it until it ends; the exit status tells how it did')
      .action(act(io, startSync)),
}

async function startSync(context: Context, options: SyncOptions, job = ''): Promise<Outcome> {
  const json = await runRequest(job, options)
  return await usingService(context, options, async (service) => {
    const { client } = service
    if (options.dryRun) {
      const plan = await answerOf(client.api.plan.$post({ json }))
      context.result(plan, planLines(job, plan))
      return undefined
    }
    const start = (force: boolean): Promise<Run> =>
      answerOf(client.api.runs.$post({ json: { ...json, force } }))
    // Asked for politely first: the refusal names the run whose place is taken, before that takes its time.
    const run = await start(false).catch(async (error: unknown) => {
      if (!options.force || !(error instanceof ApiError) || error.code !== 'run_active') throw error
      if (error.runId !== null) context.note(`cancelling run ${error.runId}, which is under way`)
      return await start(true)
    })
    if (!options.watch) {
      context.result(run, startedLines(run, service))
      return undefined
    }
    if (context.json) context.jsonLine({ event: 'start', run })
    for (const line of startedLines(run, service)) context.print(line)
    return exitOf(await followRun(context, service, run.id))
  })
}
