import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from '../../api/schemas/run.ts'
import { answerOf, ApiError } from '../../client/index.ts'
import { isFinal } from '../../workflows/contract/status.ts'
import { act, type CommandSpec } from '../command.ts'
import type { Context, Outcome } from '../context.ts'
import { exitOf, followRun } from '../follow.ts'
import { type ServiceOptions, withService } from '../service-options.ts'
import { type Service, usingService } from '../open-service.ts'
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
    const start = (): Promise<Run> => answerOf(client.api.runs.$post({ json }))
    const run = await start().catch(async (error: unknown) => {
      if (!options.force || !(error instanceof ApiError) || error.runId === null) throw error
      await endRun(context, service, error.runId)
      return await start()
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

// A cancelled run commits the answer at hand and closes: seconds, unless no worker is there to do it.
const END_LIMIT_MS = 30_000

/** Cancels the run that holds the lock and waits for its end; once only, so that two forced starts cannot fight. */
async function endRun(context: Context, { client }: Service, id: string): Promise<void> {
  context.note(`cancelling run ${id}, which is under way`)
  await answerOf(client.api.runs[':id'].cancel.$post({ param: { id } })).catch((error: unknown) => {
    // It ended by itself in between.
    if (!(error instanceof ApiError) || error.status !== 409) throw error
  })
  for (const until = Date.now() + END_LIMIT_MS; Date.now() < until; await sleep(200)) {
    const { status } = await answerOf(client.api.runs[':id'].$get({ param: { id } }))
    if (isFinal(status)) return
  }
}
