import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseNow } from '../../db/clock.ts'
import { clearRest, healthOf, noteTrouble, type PlaceHealth } from '../../db/health.ts'
import { putBackRest } from '../../db/put-back-rest.ts'
import { SITES } from '../../market/sites.ts'
import { SOURCE_ERRORS, type SourceErrorClass } from '../../market/source-errors.ts'
import { SOURCE_NAMES, type SourceName } from '../../market/sources.ts'
import type { SourcePlace } from '../../workflows/contract/messages.ts'
import { type ProbedPlace, probeWorkflowId } from '../../workflows/contract/probe.ts'
import type { ApiDeps } from '../deps.ts'
import { Problem } from '../problems.ts'
import { missingWorker } from '../readiness.ts'
import type { SourceOverview } from './overview.ts'
import { lackOf } from './words.ts'

/*
 * A person wants to know which sources answer, now: rests are ended for it, but never those of a ban, since asking makes
 * it longer. A place that then says nothing rests on as before.
 */

/** What one site said. */
export interface TriedSite extends SourcePlace {
  ok: boolean
  latencyMs: number | null
  errorClass: SourceErrorClass | null
  message: string
  /** Epoch milliseconds; null when it may be asked. */
  restingUntilMs: number | null
}

/**
 * Asks every site of one source, or of all that are switched on.
 *
 * @throws Problem `worker_unavailable`, TemporalAway
 */
export async function trySources(deps: ApiDeps, only: SourceName | undefined): Promise<TriedSite[]> {
  const overview = await deps.sources()
  const lack = only === undefined ? null : lackOf(only, overview)
  const places = (only === undefined ? SOURCE_NAMES.filter((name) => overview.on.has(name)) : [only]).flatMap(
    (source) => SITES[source].map((site) => ({ source, site })),
  )
  if (lack !== null) return places.map((place) => notAsked(place, `not asked, ${lack}`))
  const { sql } = deps.db
  const health = await healthOf(sql)
  const known = (place: SourcePlace) => health.find((row) => isSame(row, place))
  const now = await databaseNow(sql)
  const banned = places.filter((place) => isBanned(known(place), now))
  const free = places.filter((place) => !banned.includes(place))
  const asked = free.length === 0 ? [] : await askAll(deps, overview, free, known)
  return places.map((place) => {
    const answer = asked.find((one) => isSame(one, place))
    return answer ? tried(deps, answer) : bannedSite(deps, place, known(place))
  })
}

type Known = (place: SourcePlace) => PlaceHealth | undefined

const isSame = (a: SourcePlace, b: SourcePlace): boolean => a.source === b.source && a.site === b.site

const isBanned = (row: PlaceHealth | undefined, now: number): boolean =>
  row?.errorClass === 'Banned' && (row.restingUntilMs ?? 0) > now

async function askAll(
  deps: ApiDeps,
  overview: SourceOverview,
  places: SourcePlace[],
  known: Known,
): Promise<ProbedPlace[]> {
  const { sql } = deps.db
  const missing = await missingWorker(deps)
  if (missing !== null) throw new Problem('worker_unavailable', missing)
  await settled(overview, await databaseNow(sql))
  const rested = places.filter((place) => (known(place)?.restingUntilMs ?? null) !== null)
  const endedAt = await databaseNow(sql)
  for (const place of rested) await clearRest(sql, place)
  let probed: ProbedPlace[] | null = null
  try {
    probed = await deps.temporal.probe(probeWorkflowId(randomUUID()), { places })
  } finally {
    for (const place of rested)
      await restAgain(deps, place, { until: known(place)?.restingUntilMs ?? 0, endedAt, probed })
  }
  if (probed === null)
    throw new Problem(
      'worker_unavailable',
      'no worker has brought the test to an end: GET /readyz says whether one is there, its log what it does',
    )
  return probed
}

// As long as workers may go on with settings that were replaced (LOOK_AGAIN_MS of activities/source-registry.ts), and a
// little for clocks and statements.
const WORKERS_READ_MS = 2_250

/** A token that was stored a moment ago is the one that is to be tested: waits until workers have it. */
async function settled({ stored }: SourceOverview, now: number): Promise<void> {
  const changed = Math.max(0, ...Object.values(stored).map(({ updatedAt }) => updatedAt))
  const wait = changed + WORKERS_READ_MS - now
  if (wait > 0 && wait <= WORKERS_READ_MS) await sleep(wait)
}

/** Who was asked and answered has its rest, or none, by that. */
async function restAgain(
  deps: ApiDeps,
  place: SourcePlace,
  was: { until: number; endedAt: number; probed: ProbedPlace[] | null },
): Promise<void> {
  const answer = was.probed?.find((one) => isSame(one, place))
  if (answer && !answer.silent && (answer.up || answer.errorClass !== null)) return
  const { sql } = deps.db
  if (was.until > was.endedAt) return await putBackRest(sql, place, was.until, was.endedAt)
  if (answer?.silent) await noteTrouble(sql, place, { errorClass: 'Transient', message: answer.message })
}

function tried(deps: ApiDeps, answer: ProbedPlace): TriedSite {
  const { source, site, up, errorClass, latencyMs, restingUntilMs, silent } = answer
  const hint = errorClass === null || silent ? '' : `; ${SOURCE_ERRORS[errorClass].hint}`
  return {
    source,
    site,
    // It is up, but what it refuses (a token, a call now) it would refuse a run as well.
    ok: up && errorClass === null,
    latencyMs,
    errorClass,
    message: deps.redact(`${answer.message}${hint}`),
    restingUntilMs: restingUntilMs === 0 ? null : restingUntilMs,
  }
}

function bannedSite(deps: ApiDeps, place: SourcePlace, row: PlaceHealth | undefined): TriedSite {
  const untilMs = row?.restingUntilMs ?? null
  const until = untilMs === null ? '' : ` before ${new Date(untilMs).toISOString()}`
  const reason = deps.redact(row?.reason ?? '')
  return {
    ...notAsked(place, `not asked${until}, since asking makes the ban longer: ${reason}`),
    errorClass: 'Banned',
    restingUntilMs: untilMs,
  }
}

const notAsked = (place: SourcePlace, message: string): TriedSite => ({
  ...place,
  ok: false,
  latencyMs: null,
  errorClass: null,
  message,
  restingUntilMs: null,
})
