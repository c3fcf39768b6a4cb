import { answerOf, ApiError, type BodyOf } from '../../client/index.ts'
import type { Service } from '../open-service.ts'
import { number } from '../../local/words.ts'
import { type Finding, ok, problem, type Tell, warning } from './finding.ts'

/* The sources through a service: its workers ask them, within their budgets. */

type Api = Service['client']['api']
type SourceShown = BodyOf<Awaited<ReturnType<Api['sources']['$get']>>>['items'][number]
type Tried = BodyOf<
  Awaited<ReturnType<Api['sync']['multi-source']['sources']['test']['$post']>>
>['data'][number]

/** @throws ApiError, and what `fetch` throws */
export async function checkSourcesOf({ client }: Service, tell: Tell): Promise<void> {
  const tried = await tryAll(client, tell)
  // After the test, so that what it has found out is in it.
  const { items } = await answerOf(client.api.sources.$get())
  const anyUp = tried === null || tried.some((one) => one.ok)
  if (!items.some(({ enabled }) => enabled))
    tell(problem('sources', 'none is switched on', 'give one a priority, e.g. BAOSTOCK_PRIORITY=3'))
  for (const source of items) {
    const name = `source ${source.name}`
    if (!source.enabled) tell(ok(name, 'switched off'))
    else if (source.rank === null && !source.available) tell(lacking(source))
    else tell(answered(source, tried, anyUp), ...permissionsOf(source), ...budgetsOf(source))
  }
}

/** What is known of the accounts of sources that are on: refused interfaces, calls left. Nobody is asked. */
export async function accountFindings({ client }: Service): Promise<Finding[]> {
  const { items } = await answerOf(client.api.sources.$get())
  return items
    .filter(({ rank }) => rank !== null)
    .flatMap((source) => [...permissionsOf(source), ...budgetsOf(source)])
}

/** One cheap request to each site; null where the key may not ask for it. */
async function tryAll(client: Service['client'], tell: Tell): Promise<Tried[] | null> {
  try {
    return (await answerOf(client.api.sync['multi-source'].sources.test.$post({ json: {} }))).data
  } catch (error) {
    if (!(error instanceof ApiError) || ![403, 503].includes(error.status)) throw error
    tell(warning('sources', `not asked: ${error.detail}`, 'what is known of them follows'))
    return null
  }
}

const lacking = ({ name, token, rank_reason: why }: SourceShown): Finding =>
  token.problem === null
    ? warning(
        `source ${name}`,
        why,
        `.env.example says what it needs; ${name.toUpperCase()}_PRIORITY= switches it off`,
      )
    : problem(`source ${name}`, token.problem, 'set the APP_SECRET of then, or store the token again')

function answered(source: SourceShown, tried: Tried[] | null, anyUp: boolean): Finding {
  const check = `source ${source.name}`
  const own = tried?.filter(({ name }) => name === source.name) ?? []
  const failed = own.filter((one) => !one.ok)
  const [first] = failed
  if (first) {
    const message = failed.map(({ site, message: said }) => `${site}: ${said}`).join('; ')
    // With others that answer, a run goes on without it.
    const say = first.error_class === 'AuthFailed' || !anyUp ? problem : warning
    return say(
      check,
      message,
      'runs ask it again by themselves; ashare-sync sources shows until when it rests',
    )
  }
  const resting = source.sites.find(({ state }) => state === 'resting')
  if (resting)
    return warning(
      check,
      `${resting.site} rests until ${resting.resting_until ?? '?'}: ${resting.reason ?? ''}`,
      'runs ask it again by themselves',
    )
  return ok(check, own.length > 0 ? own.map(({ message }) => message).join('; ') : source.rank_reason)
}

function permissionsOf({ name, permissions }: SourceShown): Finding[] {
  const denied = [...new Set(permissions.filter((each) => each.allowed === false).map(({ api }) => api))]
  if (denied.length === 0) return []
  return [
    warning(
      `permissions ${name}`,
      `the account may not call ${denied.join(', ')}`,
      'raise its points, or let another source bring these',
    ),
  ]
}

// Of what a day grants; a run of an evening takes less.
const LITTLE = 0.05

function budgetsOf({ name, budgets }: SourceShown): Finding[] {
  const check = `budget ${name}`
  const blocked = budgets.flatMap(({ budget, blocked: by }) =>
    by === null ? [] : [`${budget} until ${by.until}: ${by.reason}`],
  )
  if (blocked.length > 0) return [warning(check, blocked.join('; '), 'calls go on by themselves then')]
  const days = budgets.flatMap(({ budget, day: { left, limit } }) =>
    left === null || limit === null ? [] : [{ budget, left, limit }],
  )
  const scarce = days.filter(({ left, limit }) => left < limit * LITTLE)
  const text = (list: typeof days) =>
    list.map(({ budget, left, limit }) => `${budget} ${number(left)} of ${number(limit)}`).join(', ')
  if (scarce.length > 0)
    return [warning(check, `calls left today: ${text(scarce)}`, 'tomorrow there are new ones')]
  return days.length === 0 ? [] : [ok(check, `calls left today: ${text(days)}`)]
}
