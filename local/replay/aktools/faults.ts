import { createDelays } from '../delays.ts'
import { createFaultPlan } from '../faults.ts'
import type { Fault, FaultPlan } from '../faults.ts'
import { createBan } from './ban.ts'
import type { Ban } from './ban.ts'
import type { Site, Subject } from './tool-function.ts'

/** What can go wrong, and where it is done: inside AKTools, in the frame, or on the wire. */
export const AKTOOLS_FAULTS = {
  /** The site refuses everybody for a while: 500. */
  ban: 'inside',
  /** Any other exception: 500. */
  error500: 'inside',
  /** The site changed its JSON: 404, as for a wrong word. */
  error404: 'inside',
  /** The function gave nothing at all: 404. */
  no_frame: 'inside',
  /** The session before is the newest one. */
  stale: 'session',
  empty: 'frame',
  half_day: 'frame',
  duplicates: 'frame',
  missing_column: 'frame',
  renamed_column: 'frame',
  wrong_unit: 'frame',
  bad_row: 'frame',
  negative_prices: 'frame',
  latency: 'wire',
  hang: 'wire',
  reset: 'wire',
  http_status: 'wire',
  html: 'wire',
  truncated: 'wire',
} as const
export type AktoolsFaultKind = keyof typeof AKTOOLS_FAULTS

/**
 * A fault and when it happens. `api` is a function's name, `codes` canonical symbols, `date` a period or a range of one
 * day; without `api` and `site` it happens to every call.
 */
export interface AktoolsFault extends Omit<Fault, 'kind'> {
  readonly kind: AktoolsFaultKind
  readonly site?: Site
  /** ban: this many calls in a window are answered (default 60), the next one starts a ban of `ms` (default 300,000). */
  readonly calls?: number
  /** ban: length of the window (default 60,000 ms). */
  readonly windowMs?: number
  /** half_day: how many rows are left (default 100, or half of a list that is no longer than that). */
  readonly rows?: number
}

/** What a fault is matched against. */
export interface AktoolsCall {
  readonly api: string
  readonly site: Site
  readonly subject: Subject
  readonly now: number
}

export interface AktoolsFaultState {
  readonly fault: AktoolsFault
  readonly matched: number
  readonly fired: number
  /** Only of bans: ms since 1970, null while there is none. */
  readonly bannedUntil?: number | null
}

interface Armed {
  readonly fault: AktoolsFault
  /** Counts, probabilities and times are those of the shared plan, one plan for each fault. */
  readonly plan: FaultPlan
  readonly ban: Ban | undefined
}

export interface AktoolsFaultPlan {
  /** Replaces all faults; counts and bans start anew. Throws on a kind that does not exist. */
  readonly set: (faults: readonly AktoolsFault[], now: number) => void
  /** The faults that happen to this call. Asking counts: ask once per call. */
  readonly match: (call: AktoolsCall) => readonly AktoolsFault[]
  /** Whether one of these faults is a ban that refuses now. Counts: ask once per call that reaches the site. */
  readonly isBanned: (faults: readonly AktoolsFault[], now: number) => boolean
  /** Resolves after so many ms, or when the faults are replaced. */
  readonly wait: (ms: number) => Promise<void>
  readonly state: () => readonly AktoolsFaultState[]
}

/** The conditions alone; the shared plan never looks at the kind. */
const conditionsOf = (fault: AktoolsFault, index: number): Fault => {
  const { nth, from, count, probability, afterMs, untilMs, codes, date } = fault
  const given = { nth, from, count, probability, afterMs, untilMs, codes, date }
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return { ...known, kind: 'latency', seed: (fault.seed ?? 1) + index }
}

const arm = (fault: AktoolsFault, index: number, now: number): Armed => ({
  fault,
  plan: createFaultPlan([conditionsOf(fault, index)], now),
  ban: fault.kind === 'ban' ? createBan(fault) : undefined,
})

const isScoped = ({ api, site }: AktoolsFault, call: AktoolsCall): boolean =>
  (api === undefined || api === call.api) && (site === undefined || site === call.site)

const paramsOf = ({ code, date }: Subject): Record<string, string> => ({
  ...(code !== undefined && { ts_code: code }),
  ...(date !== undefined && { trade_date: date }),
})

/** Faults to come, settable at run time. */
export const createAktoolsFaultPlan = (faults: readonly AktoolsFault[], now: number): AktoolsFaultPlan => {
  const delays = createDelays()
  let all: Armed[] = []
  const set: AktoolsFaultPlan['set'] = (list, since) => {
    const unknown = list.find(({ kind }) => !Object.hasOwn(AKTOOLS_FAULTS, kind))
    if (unknown !== undefined) {
      throw new Error(`no such fault: ${unknown.kind}; there are ${Object.keys(AKTOOLS_FAULTS).join(', ')}`)
    }
    all = list.map((fault, index) => arm(fault, index, since))
    delays.endAll()
  }
  set(faults, now)
  return {
    set,
    match: (call) =>
      all
        .filter(({ fault }) => isScoped(fault, call))
        .filter(({ plan }) => {
          const params = paramsOf(call.subject)
          return plan.match({ api: call.api, params, now: call.now }).length > 0
        })
        .map(({ fault }) => fault),
    isBanned: (matched, at) =>
      // Every ban counts the call, whichever refuses it.
      all
        .filter(({ fault }) => matched.includes(fault))
        .map(({ ban }) => ban?.take(at) ?? false)
        .includes(true),
    wait: delays.wait,
    state: () =>
      all.map(({ fault, plan, ban }) => {
        const [{ matched, fired } = { matched: 0, fired: 0 }] = plan.state()
        return { fault, matched, fired, ...(ban !== undefined && { bannedUntil: ban.until() }) }
      }),
  }
}
