import { withoutParameters } from '../db/errors.ts'
import { TASK_QUEUE } from '../workflows/contract/ids.ts'
import type { ApiDeps } from './deps.ts'

export interface Check {
  ok: boolean
  reason: string | null
}

// The server lists a poller for minutes after its death; a living one asks again at least once a minute.
const POLLER_ALIVE_MS = 75_000
// Twice this is what it takes at most; those who watch over services give up after a few seconds.
const LIMIT_MS = 1_500

/** Whether a run that is started now would run, and if not why. */
export async function checkReadiness(
  deps: ApiDeps,
): Promise<{ postgres: Check; temporal: Check; worker: Check }> {
  const [postgres, temporal] = await Promise.all([
    attempt(deps, 'PostgreSQL', async () => {
      const rows = await deps.db.sql`select to_regclass('sync_run') is not null as migrated`
      if (rows[0]?.['migrated'] !== true) throw new Error('the tables are missing: run npm run db:migrate')
    }),
    attempt(deps, 'Temporal', () => deps.temporal.checkNamespace()),
  ])
  const worker = temporal.ok
    ? await attempt(deps, 'the worker', () => checkPollers(deps))
    : { ok: false, reason: 'not known while Temporal is away' }
  return { postgres, temporal, worker }
}

async function checkPollers(deps: Pick<ApiDeps, 'temporal'>): Promise<void> {
  const missing = await missingWorker(deps)
  if (missing !== null) throw new Error(missing)
}

/** What no worker does, in words with what to do; null while one is there. Throws TemporalAway. */
export async function missingWorker(deps: Pick<ApiDeps, 'temporal'>): Promise<string | null> {
  for (const kind of ['workflow', 'activity'] as const) {
    const pollers = await deps.temporal.pollers(kind)
    if (!pollers.some(({ agoMs }) => agoMs < POLLER_ALIVE_MS))
      return `no worker asks for ${kind} tasks on ${TASK_QUEUE}: start one, or see its log`
  }
  return null
}

async function attempt(deps: ApiDeps, what: string, check: () => Promise<void>): Promise<Check> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${LIMIT_MS / 1000} s`)), LIMIT_MS)
  })
  try {
    await Promise.race([check(), late])
    return { ok: true, reason: null }
  } catch (error) {
    const safe = withoutParameters(error)
    const text = safe instanceof Error ? safe.message : String(safe)
    return { ok: false, reason: deps.redact(`${what}: ${text}`) }
  } finally {
    clearTimeout(timer)
  }
}
