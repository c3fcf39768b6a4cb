import type { z } from '@hono/zod-openapi'
import { type Command, Option } from 'commander'
import type { jobRequest } from '../api/schemas/run.ts'
import { JOB_NAMES, JOBS } from '../market/jobs.ts'
import { listOf } from './command.ts'
import { usageError } from './errors.ts'

/* What a run may be asked for, as options. */

export interface RunOptions {
  symbols?: string
  start?: string
  end?: string
  from?: string
  to?: string
  periods?: string
  sources?: string
  mode?: string
  want?: string
  daysBack?: string
  recheck?: string
  recheckShare?: boolean
  refresh?: boolean
  checkVendor?: boolean
}

type JobRequest = z.output<typeof jobRequest>

/** Adds the job and the options of its parameters. Values are judged by the schema of the API, see runRequest. */
export const withRun = (command: Command): Command =>
  command
    .argument('<job>', 'see below')
    .option('--symbols <list>', 'stocks, like 600000,000001; all without it')
    .option('--start <date>', 'first date, like 2024-01-01')
    .option('--end <date>', 'last date')
    // As `npm run plan` always called them.
    .addOption(new Option('--from <date>').hideHelp().conflicts('start'))
    .addOption(new Option('--to <date>').hideHelp().conflicts('end'))
    .option('--periods <list>', 'daily,weekly,monthly')
    .option('--sources <list>', 'in the order of preference, like tushare,baostock')
    .option('--mode <mode>', 'failover (the best source that is up), parallel or all')
    .option('--want <want>', 'any (what no source has brought), upgrade or each')
    .option('--days-back <n>', 'days to look back, in place of finding them')
    .option('--recheck <n>', 'sessions that are read again')
    .option('--recheck-share', 'read a twentieth of the stocks again')
    .option('--refresh', 'ask again for what is covered already')
    .option('--check-vendor', "compare weeks and months with the upstream's own")
    .addHelpText(
      'after',
      `\nJobs:\n${JOB_NAMES.map((job) => `  ${job.padEnd(20)} ${JOBS[job].title}`).join('\n')}`,
    )

/** The parameters that were given, by the names of the API, not judged yet. */
export function paramsOf(options: RunOptions): Record<string, unknown> {
  const params = {
    symbols: listOf(options.symbols),
    start_date: options.start ?? options.from,
    end_date: options.end ?? options.to,
    periods: listOf(options.periods),
    preferred_sources: listOf(options.sources),
    source_mode: options.mode,
    want: options.want,
    // Not a number: the schema says so.
    days_back: options.daysBack === undefined ? undefined : Number(options.daysBack),
    recheck: options.recheck === undefined ? undefined : Number(options.recheck),
    recheck_share: options.recheckShare,
    refresh: options.refresh,
    check_vendor: options.checkVendor,
  }
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined))
}

/**
 * The request that a job and its options mean.
 *
 * @throws CliError that names each wrong option
 */
export async function runRequest(job: string, options: RunOptions): Promise<JobRequest> {
  const schemas = await import('../api/schemas/run.ts')
  const asked = schemas.jobRequest.safeParse({ job, params: paramsOf(options) })
  if (asked.success) return asked.data
  const problems = asked.error.issues.map(({ path, message }) => `${optionOf(path.map(String))}${message}`)
  throw usageError(problems.join('\n'))
}

// Where an option is not called as the field of the API.
const OPTIONS: Readonly<Record<string, string>> = {
  start_date: 'start',
  end_date: 'end',
  preferred_sources: 'sources',
  source_mode: 'mode',
}

/** As it is typed, of the field that the API knows it by; empty where the message is about all of them. */
function optionOf([first, field, place]: readonly string[]): string {
  if (first === 'job') return 'JOB: '
  if (field === undefined) return ''
  const option = `--${(OPTIONS[field] ?? field).replaceAll('_', '-')}`
  return `${option}${place === undefined ? '' : `, number ${Number(place) + 1}`}: `
}
