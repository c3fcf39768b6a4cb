import type { Command } from 'commander'
import type { ScheduleView } from '../../api/schemas/schedule.ts'
import { answerOf } from '../../client/index.ts'
import { act, type CommandSpec, type Io, wholeNumber } from '../command.ts'
import { usageError } from '../errors.ts'
import { type ServiceOptions, withService } from '../service-options.ts'
import { type Service, usingService } from '../open-service.ts'
import { type Cell, table } from '../text.ts'

interface SetOptions extends ServiceOptions {
  at?: string
  days?: string
  dayOfMonth?: number
  every?: number
  cron?: string
  timezone?: string
  params?: string
}

export const schedule: CommandSpec = {
  name: 'schedule',
  group: 'Runs',
  summary: 'when jobs start by themselves: list, set, pause, resume, trigger, stop',
  build: (command, io) => {
    withService(command.command('list').description('the schedules, with their next and last runs')).action(
      act(
        io,
        async (context, options: ServiceOptions) =>
          await usingService(context, options, async ({ client }) => {
            const { jobs } = (await answerOf(client.scheduler.status.$get())).data
            const none = 'there is none: ashare-sync schedule set daily_incremental --at 20:30 --days mon-fri'
            context.result(jobs, jobs.length === 0 ? [none] : scheduleTable(jobs))
            return undefined
          }),
      ),
    )
    setting(command, io)
    acting(command, io, 'pause', 'it starts nothing until it is resumed')
    acting(command, io, 'resume', 'it goes on')
    acting(command, io, 'stop', 'it is removed; a run that is under way goes on')
    acting(command, io, 'trigger', 'run its job now, with its parameters')
  },
}

const KEY = 'a job, or a job and a name of your own like daily_incremental.morning'

function acting(
  parent: Command,
  io: Io,
  action: 'pause' | 'resume' | 'stop' | 'trigger',
  description: string,
): void {
  withService(parent.command(action).description(description))
    .argument('<schedule>', KEY)
    .action(
      act(
        io,
        async (context, options: ServiceOptions, key = '') =>
          await usingService(context, options, async (service) => {
            const { message, data } = await ask(service, key, action)
            context.result(data, [message])
            return undefined
          }),
      ),
    )
}

async function ask(
  { client }: Service,
  key: string,
  action: 'pause' | 'resume' | 'stop' | 'trigger',
): Promise<{ message: string; data: object }> {
  const job = client.scheduler.jobs[':job_id']
  const param = { job_id: key }
  return action === 'trigger'
    ? await answerOf(job.trigger.$post({ param, json: {} }))
    : await answerOf(job[action].$post({ param }))
}

function setting(parent: Command, io: Io): void {
  withService(parent.command('set').description('make a schedule, or take the place of the one there is'))
    .argument('<schedule>', KEY)
    .option('--at <time>', 'a time of the day, like 20:30')
    .option('--days <days>', 'with --at: mon-fri, or tue,thu')
    .option('--day-of-month <n>', 'with --at', wholeNumber(1, 31))
    .option('--every <minutes>', 'in place of --at', wholeNumber(1, 44_640))
    .option('--cron <expression>', "in place of --at: five fields like '30 20 * * mon-fri'")
    .option('--timezone <zone>', 'Asia/Shanghai without it')
    .option('--params <json>', 'what the run is asked for, like \'{"recheck": 5}\'')
    .action(
      act(io, async (context, options: SetOptions, key = '') => {
        const body = bodyOf(options)
        return await usingService(context, options, async ({ client }) => {
          const job = client.scheduler.jobs[':job_id']
          const param = { job_id: key }
          const { message, data } =
            'interval_minutes' in body
              ? await answerOf(
                  job.start.$post({ param, query: {}, json: body as { interval_minutes: number } }),
                )
              : await answerOf(job.schedule.$post({ param, query: {}, json: body }))
          context.result(data, [message])
          return undefined
        })
      }),
    )
}

function bodyOf(options: SetOptions): object {
  const { at, every, cron, days, dayOfMonth, timezone } = options
  if ([at, every, cron].filter((each) => each !== undefined).length !== 1)
    throw usageError('give one of --at, --every and --cron')
  const isTimed = days !== undefined || dayOfMonth !== undefined
  if (isTimed && at === undefined) throw usageError('--days and --day-of-month go with --at')
  const params = options.params === undefined ? {} : { params: parsed(options.params) }
  if (every !== undefined) {
    if (timezone !== undefined) throw usageError('--timezone goes with --at and --cron')
    return { interval_minutes: every, ...params }
  }
  return {
    ...(at === undefined ? { cron } : timeOf(at)),
    ...(days !== undefined && { day_of_week: days }),
    ...(dayOfMonth !== undefined && { day_of_month: dayOfMonth }),
    ...(timezone !== undefined && { timezone }),
    ...params,
  }
}

function timeOf(text: string): { hour: number; minute: number } {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? []
  if (hour === undefined) throw usageError('--at must be a time of the day like 20:30')
  return { hour: Number(hour), minute: Number(minute) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw usageError('--params must be JSON, like {"recheck": 5}')
  }
}

const minute = (instant: string | null | undefined): string | null =>
  instant?.slice(0, 16).replace('T', ' ') ?? null

const scheduleTable = (schedules: readonly ScheduleView[]): string[] =>
  table(
    ['schedule', 'when', 'zone', 'next (UTC)', 'last (UTC)', 'ended'],
    schedules.map((each): Cell[] => [
      each.id,
      each.trigger,
      each.timezone,
      each.paused ? 'paused' : minute(each.next_run_time),
      minute(each.last_run?.scheduled_at),
      each.last_run?.status ?? null,
    ]),
  )
