import { shanghaiClock } from '../market/date.ts'
import type { SourceErrorClass } from '../market/source-errors.ts'
import type { SourceName } from '../market/sources.ts'
import type { Sql, Tx } from './client.ts'
import { withoutParameters } from './errors.ts'
import { addSample, type HealthSamples, writeNextSample } from './health-samples.ts'
import { addNotice } from './queries/notifications.ts'
import { restSecondsFor } from './rests.ts'

/*
 * The circuit breaker of each place (one site of one source), in PostgreSQL so that all workers share it.
 *
 * Up: `resting_until` is null. Trouble makes the place rest, longer with each failure that follows the one before; nothing
 * is asked of it meanwhile. When the rest is over it is half-open: one worker at a time claims the probe. A success makes
 * it up again, trouble makes it rest for the next step. All times are the database's: workers' clocks may differ.
 */

/** What is up or down as one. */
export interface Place {
  source: SourceName
  site: string
}

/** Nothing is asked of the place before that epoch millisecond of the database's clock. */
export interface Rest {
  untilMs: number
  reason: string
}

// A call counts a fiftieth: a failure among healthy calls is 2 %, a dozen in a row are more than 20 %.
const WEIGHT = 0.02
const LATENCY_WEIGHT = 0.2
// Multiplies every rest by up to this much more, so that places that failed together are not probed together.
const JITTER = 0.1
// Others wait this long for the result of a probe; the slowest is a login and a query.
const PROBE_FOR = '30 seconds'
const MAX_MESSAGE = 300
// Shorter rests are over before anybody could look.
const WORTH_TELLING_S = 300

const keyOf = ({ source, site }: Place): string => `${source} ${site}`

const safely = (error: unknown): never => {
  throw withoutParameters(error)
}

/**
 * Notes that a place answered: its breaker closes. Only a ban's rest goes on, since calls that were in flight when it came
 * may still end well.
 *
 * Cheap: this process writes it every two seconds, or at once when it has seen trouble.
 *
 * @param sample `rejectedShare` of the rows that came, from 0 to 1, where they were judged; `latencyMs` of one call
 */
export async function noteSuccess(
  sql: Sql,
  place: Place,
  sample: { calls: number; rejectedShare?: number; latencyMs?: number },
): Promise<void> {
  const due = addSample(sql, keyOf(place), sample)
  if (due) await writeSuccess(sql, place, due).catch(safely)
}

async function writeSuccess(sql: Sql, { source, site }: Place, samples: HealthSamples): Promise<void> {
  const kept = (1 - WEIGHT) ** samples.calls
  const keptRejects = (1 - WEIGHT) ** samples.judgedCalls
  const banned = sql`h.error_class = 'Banned' and h.resting_until > clock_timestamp()`
  await sql`
    insert into source_health as h (source, site, reject_rate, latency_ms, last_success_at)
    values (${source}, ${site}, ${samples.rejectedShare * (1 - keptRejects)}, ${samples.latencyMs}, clock_timestamp())
    on conflict (source, site) do update set
      failures = case when ${banned} then h.failures else 0 end,
      resting_until = case when ${banned} then h.resting_until end,
      probing_until = null,
      error_rate = ${faded(sql, 'error_rate')} * ${kept}::float8,
      reject_rate = ${faded(sql, 'reject_rate')} * ${keptRejects}::float8 + excluded.reject_rate,
      latency_ms = coalesce(h.latency_ms + ${LATENCY_WEIGHT}::float8 * (excluded.latency_ms - h.latency_ms),
        excluded.latency_ms, h.latency_ms),
      last_success_at = clock_timestamp()`
}

/**
 * A rate as of now: it halves with every hour without news. A source that was put behind the others is not asked, so
 * nothing else would bring it back. Not more than 100 halvings, since a float has no room for less; none where the news is from
 * the future, before the clock was set back.
 */
const faded = (sql: Sql | Tx, column: 'error_rate' | 'reject_rate') => sql`
  h.${sql(column)} * power(0.5::float8, least(100, greatest(0, coalesce(
    extract(epoch from clock_timestamp() - greatest(h.last_success_at, h.last_failure_at)) / 3600, 0)))::float8)`

interface TroubleRow {
  resting: boolean
  until_ms: number | null
  error_class: string | null
  failures: number
  bans: number
}

/**
 * Notes that a place is in trouble: it rests from now on, for as long as db/rests.ts says. While it rests already nothing
 * changes, since several batches in flight fail together; only a ban makes the rest longer.
 *
 * @param trouble `restSeconds`: what the upstream itself asked for
 * @returns when it may be asked again, in epoch milliseconds of the database's clock
 */
export async function noteTrouble(
  sql: Sql,
  place: Place,
  trouble: { errorClass: SourceErrorClass; message: string; restSeconds?: number },
): Promise<{ untilMs: number }> {
  const { source, site } = place
  writeNextSample(sql, keyOf(place))
  return await sql
    .begin(async (tx) => {
      await tx`insert into source_health (source, site) values (${source}, ${site}) on conflict do nothing`
      const [row] = await tx<TroubleRow[]>`
        select coalesce(resting_until > clock_timestamp(), false) as resting, ${epochMs(tx, 'resting_until')} as until_ms,
          error_class, failures,
          case when ban_year = ${shanghaiYear(tx)} then bans else 0 end as bans
        from source_health where source = ${source} and site = ${site} for update`
      if (!row) throw new Error('the health row is gone')
      const isNewBan = trouble.errorClass === 'Banned' && row.error_class !== 'Banned'
      if (row.resting && row.until_ms !== null && !isNewBan) return { untilMs: row.until_ms }
      return await openBreaker(tx, place, trouble, row)
    })
    .catch(safely)
}

async function openBreaker(
  tx: Tx,
  { source, site }: Place,
  trouble: { errorClass: SourceErrorClass; message: string; restSeconds?: number },
  before: TroubleRow,
): Promise<{ untilMs: number }> {
  const failures = before.failures + 1
  const bans = before.bans + (trouble.errorClass === 'Banned' ? 1 : 0)
  const rest = trouble.restSeconds ?? restSecondsFor(source, trouble.errorClass, failures, bans)
  const [row] = await tx<{ untilMs: number }[]>`
    update source_health h set failures = ${failures}, bans = ${bans}, ban_year = ${shanghaiYear(tx)},
      resting_until = greatest(h.resting_until, clock_timestamp() + make_interval(secs => ${rest * (1 + Math.random() * JITTER)})),
      probing_until = null, error_class = ${trouble.errorClass}, reason = ${trouble.message.slice(0, MAX_MESSAGE)},
      error_rate = ${faded(tx, 'error_rate')} * ${1 - WEIGHT}::float8 + ${WEIGHT}::float8,
      last_failure_at = clock_timestamp()
    where source = ${source} and site = ${site}
    returning ${epochMs(tx, 'resting_until')} as "untilMs"`
  if (!row) throw new Error('the health row is gone')
  if (rest >= WORTH_TELLING_S)
    await addNotice(tx, {
      event: 'source_resting',
      title: `${source} rests for ${Math.round(rest / 60)} minutes`,
      text: `${trouble.errorClass}: ${trouble.message.slice(0, MAX_MESSAGE)} (${site}). Other sources go on meanwhile where they can.`,
      details: { source, site, error_class: trouble.errorClass, failures },
      // Not each of the rests of one trouble.
      dedup: `source_resting/${source}/${site}/${trouble.errorClass}/${shanghaiClock(new Date()).date}`,
    })
  return row
}

const epochMs = (sql: Sql | Tx, column: string) =>
  sql`ceil(extract(epoch from ${sql(column)}) * 1000)::float8`

const shanghaiYear = (sql: Sql | Tx) =>
  sql`extract(year from clock_timestamp() at time zone 'Asia/Shanghai')::int`

/** The rest of a place; null when it may be asked, or at least probed. */
export async function restOf(sql: Sql, place: Place): Promise<Rest | null> {
  const [rest] = await sql<Rest[]>`
    select ${epochMs(sql, 'resting_until')} as "untilMs", coalesce(reason, '') as reason from source_health
    where source = ${place.source} and site = ${place.site} and resting_until > clock_timestamp()`
  if (rest) writeNextSample(sql, keyOf(place))
  return rest ?? null
}

/** Every place that rests right now. */
export async function restingPlaces(sql: Sql): Promise<(Place & Rest)[]> {
  return await sql<(Place & Rest)[]>`
    select source, site, ${epochMs(sql, 'resting_until')} as "untilMs", coalesce(reason, '') as reason from source_health
    where resting_until > clock_timestamp() order by source, site`
}

/**
 * Claims the probe of a place whose rest is over; over all workers one at a time gets it, for 30 s or until its result is
 * noted. True as well when the place does not rest; false while it does.
 */
export async function beginProbe(sql: Sql, place: Place): Promise<boolean> {
  writeNextSample(sql, keyOf(place))
  const [row] = await sql<{ may: boolean }[]>`
    with claimed as (
      update source_health set probing_until = clock_timestamp() + ${PROBE_FOR}::interval
      where source = ${place.source} and site = ${place.site} and resting_until <= clock_timestamp()
        and (probing_until is null or probing_until <= clock_timestamp())
      returning 1)
    select exists (select from claimed) or not exists (
      select from source_health where source = ${place.source} and site = ${place.site} and resting_until is not null) as may`
  return row?.may ?? false
}

/** Ends the rest of a place, because a person wants to know. Failures and bans stay counted: the next rest is no shorter. */
export async function clearRest(sql: Sql, place: Place): Promise<void> {
  writeNextSample(sql, keyOf(place))
  await sql`
    update source_health set resting_until = null, probing_until = null
    where source = ${place.source} and site = ${place.site}`
}

/** All that is known of a place. Times are epoch milliseconds of the database's clock, rates from 0 to 1. */
export interface PlaceHealth extends Place {
  /** In a row; 0 while it is up. */
  failures: number
  /** Null while it is up; in the past while it waits for a probe. */
  restingUntilMs: number | null
  /** Of the last trouble, also when that is over. */
  errorClass: SourceErrorClass | null
  reason: string | null
  probingUntilMs: number | null
  bans: number
  banYear: number | null
  errorRate: number
  rejectRate: number
  latencyMs: number | null
  lastSuccessAtMs: number | null
  lastFailureAtMs: number | null
}

/** Every place that was ever asked. */
export async function healthOf(sql: Sql): Promise<PlaceHealth[]> {
  return await sql<PlaceHealth[]>`
    select source, site, failures, ${epochMs(sql, 'resting_until')} as "restingUntilMs", error_class as "errorClass", reason,
      ${epochMs(sql, 'probing_until')} as "probingUntilMs", bans, ban_year as "banYear",
      ${faded(sql, 'error_rate')} as "errorRate", ${faded(sql, 'reject_rate')} as "rejectRate", latency_ms as "latencyMs",
      ${epochMs(sql, 'last_success_at')} as "lastSuccessAtMs", ${epochMs(sql, 'last_failure_at')} as "lastFailureAtMs"
    from source_health h order by source, site`
}
