import { parseArgs } from 'node:util'
import { jobRequest, toRunParams } from '../../api/schemas/run.ts'
import { type Job, JOBS } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'

export const USAGE = `npm run plan -- JOB [options]

JOB is one of
${Object.entries(JOBS)
  .map(([job, { title }]) => `  ${job.padEnd(20)} ${title}`)
  .join('\n')}

  --symbols 600000,000001     --from 2024-01-01  --to 2024-12-31
  --periods daily,weekly      --sources tushare,baostock  (in the order of preference)
  --mode failover|parallel|all                  --want any|upgrade|each
  --days-back 7  --recheck 5  --recheck-share  --refresh  --check-vendor
  --json                      the answer of POST /api/plan

Nothing is written and no source is asked.`

export interface PlanArguments {
  job: Job
  params: RunParams
  json: boolean
}

export class WrongArguments extends Error {
  override readonly name = 'WrongArguments'
}

/** @throws WrongArguments in words that name the argument */
export function planArguments(args: readonly string[]): PlanArguments {
  const { values, positionals } = parsed(args)
  const [job, ...more] = positionals
  if (job === undefined || more.length > 0) throw new WrongArguments(`name one job\n\n${USAGE}`)
  const list = (text: string | undefined) => text?.split(',').map((each) => each.trim())
  const params = {
    symbols: list(values.symbols),
    start_date: values.from,
    end_date: values.to,
    periods: list(values.periods),
    preferred_sources: list(values.sources),
    source_mode: values.mode,
    want: values.want,
    days_back: numberOf(values['days-back']),
    recheck: numberOf(values.recheck),
    recheck_share: values['recheck-share'],
    refresh: values.refresh,
    check_vendor: values['check-vendor'],
  }
  const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined))
  const asked = jobRequest.safeParse({ job, params: given })
  if (asked.success)
    return { job: asked.data.job, params: toRunParams(asked.data.params), json: values.json ?? false }
  const problems = asked.error.issues.map(({ path, message }) => `${optionOf(path.map(String))}: ${message}`)
  throw new WrongArguments(`${problems.join('\n')}\n\nnpm run plan -- --help shows all that can be asked`)
}

/** As it is typed, of the field that the API knows it by. */
function optionOf([first = '', field = '', place]: readonly string[]): string {
  if (first === 'job') return 'JOB'
  const named: Readonly<Record<string, string>> = {
    start_date: 'from',
    end_date: 'to',
    preferred_sources: 'sources',
    source_mode: 'mode',
  }
  const option = `--${(named[field] ?? field).replaceAll('_', '-')}`
  return place === undefined ? option : `${option}, number ${Number(place) + 1}`
}

// Not a number: the schema says so.
const numberOf = (text: string | undefined) => (text === undefined ? undefined : Number(text))

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        symbols: text,
        from: text,
        to: text,
        periods: text,
        sources: text,
        mode: text,
        want: text,
        'days-back': text,
        recheck: text,
        'recheck-share': flag,
        refresh: flag,
        'check-vendor': flag,
        json: flag,
      },
    })
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message}\n\n${USAGE}`)
  }
}
