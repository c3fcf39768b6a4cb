import { answerOf } from '../../client/index.ts'
import { addDays, shanghaiClock } from '../../market/date.ts'
import { CliError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import type { Whereabouts } from '../find-service.ts'
import type { Service } from '../open-service.ts'
import { asFailure } from '../refusal.ts'
import { type Finding, ok, problem, type Tell, warning } from './finding.ts'
import { checkSourcesOf } from './sources.ts'

/* What a service that runs says of itself. */

/**
 * @returns whether it answers and lets us in; then the sources were asked through it
 */
export async function checkService(service: Service, { named }: Whereabouts, tell: Tell): Promise<boolean> {
  try {
    tell(...(await readinessOf(service)))
    tell(await schedulesOf(service))
    tell(await freshnessOf(service))
    await checkSourcesOf(service, tell)
    return true
  } catch (error) {
    const failure = asFailure(error, service.url)
    if (!(failure instanceof CliError)) throw error
    tell(notUsable(failure, service.url, named))
    return false
  }
}

function notUsable({ exitCode, code, message }: CliError, url: string, named: boolean): Finding {
  if (exitCode === EXIT.refused)
    return problem('service', message, 'give it a key: --key-file or ASHARE_API_KEY')
  if (code !== 'service_unreachable') return problem('service', message, 'see the log of the service')
  const todo = 'start one with ashare-sync up, or name it with --url or ASHARE_URL'
  return named
    ? problem('service', `nobody answers at ${url}`, todo)
    : warning('service', `none runs at ${url}`, todo)
}

async function readinessOf({ client, url }: Service): Promise<Finding[]> {
  const response = await client.readyz.$get()
  const body = (await response.json().catch(() => null)) as {
    checks?: Record<string, { ok: boolean; reason: string | null }>
  } | null
  if (!body?.checks)
    return [problem('service', `what answers at ${url} is no ashare-sync`, 'correct --url or PORT')]
  const failed = Object.entries(body.checks).filter(([, check]) => !check.ok)
  if (failed.length === 0) return [ok('service', `${url} is ready`)]
  return failed.map(([name, { reason }]) =>
    problem('service', reason ?? `${name} is not ready`, 'see the log of the service'),
  )
}

async function schedulesOf({ client }: Service): Promise<Finding> {
  const { jobs } = (await answerOf(client.scheduler.status.$get())).data
  const paused = jobs.filter((job) => job.paused).map(({ id }) => id)
  if (jobs.length === 0)
    return warning(
      'schedules',
      'there is none: nothing runs by itself',
      'ashare-sync schedule set daily_incremental --at 20:30 --days mon-fri',
    )
  if (paused.length > 0)
    return warning('schedules', `paused: ${paused.join(', ')}`, 'ashare-sync schedule resume SCHEDULE')
  const [next] = jobs
    .flatMap(({ id, next_run_time: at }) => (at === null ? [] : [{ id, at }]))
    .sort((a, b) => a.at.localeCompare(b.at))
  return ok('schedules', `${jobs.length}, the next is ${next ? `${next.id} at ${next.at}` : 'not known'}`)
}

const LOOK_BACK = '10'
// The market is never closed for longer: spring festival and the weekends around it.
const LONGEST_CLOSURE_DAYS = 14

/** The newest session that is whole, against the newest one that should be: that of yesterday or before, in Shanghai. */
export async function freshnessOf({ client }: Service): Promise<Finding> {
  const today = shanghaiClock(new Date()).date
  const { items } = await answerOf(client.api.coverage.$get({ query: { dataset: 'bars', limit: LOOK_BACK } }))
  if (items.length === 0)
    return warning('data', 'nothing was synchronised yet', 'ashare-sync sync full_history --watch')
  const [newest] = items
  if (newest && newest.date < addDays(today, -LONGEST_CLOSURE_DAYS))
    return warning('data', `the calendar ends at ${newest.date}`, 'ashare-sync sync stock_list --watch')
  const due = items.find(({ date }) => date < today)
  const whole = items.find(({ state }) => state === 'complete')
  if (!due || (whole && whole.date >= due.date))
    return ok('data', `daily bars are complete up to ${whole?.date ?? 'today'}`)
  const upTo = whole
    ? `the newest complete session is ${whole.date}`
    : `none of the last ${items.length} sessions is complete`
  return warning('data', `${upTo}, and ${due.date} is due`, 'ashare-sync sync daily_incremental --watch')
}
