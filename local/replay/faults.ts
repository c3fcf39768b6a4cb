import { createDelays } from './delays.ts'
import { hashSeed, Rng } from './sandbox/rng.ts'

/** What can go wrong, and where it is done: before the answer, to its rows, or on the wire. */
export const FAULTS = {
  latency: 'wire',
  reset: 'wire',
  fin: 'wire',
  http_status: 'wire',
  html: 'wire',
  truncated: 'wire',
  hang: 'wire',
  split: 'wire',
  sent_twice: 'wire',
  garbage: 'wire',
  wrong_crc: 'wire',
  bad_zlib: 'wire',
  rate_limited: 'refusal',
  no_permission: 'refusal',
  bad_token: 'refusal',
  too_many_addresses: 'refusal',
  not_logged_in: 'refusal',
  idle_logout: 'refusal',
  too_many_logins: 'refusal',
  version_expired: 'refusal',
  black_list: 'refusal',
  system_error: 'refusal',
  empty: 'rows',
  half_day: 'rows',
  duplicates: 'rows',
  missing_column: 'rows',
  renamed_column: 'rows',
  wrong_unit: 'rows',
  bad_row: 'rows',
} as const
export type FaultKind = keyof typeof FAULTS

/** How an upstream talks: faults of the one mean nothing to the other. */
export type Protocol = 'http' | 'baostock'

const PROTOCOL_OF: Partial<Readonly<Record<FaultKind, Protocol>>> = {
  http_status: 'http',
  html: 'http',
  too_many_addresses: 'http',
  fin: 'baostock',
  split: 'baostock',
  sent_twice: 'baostock',
  garbage: 'baostock',
  wrong_crc: 'baostock',
  bad_zlib: 'baostock',
  not_logged_in: 'baostock',
  idle_logout: 'baostock',
  too_many_logins: 'baostock',
  version_expired: 'baostock',
  black_list: 'baostock',
  system_error: 'baostock',
}

/** The kinds that an upstream of this protocol can play. */
export const faultsOf = (protocol: Protocol): FaultKind[] =>
  (Object.keys(FAULTS) as FaultKind[]).filter((kind) => (PROTOCOL_OF[kind] ?? protocol) === protocol)

/** A fault and when it happens; conditions that are left out always hold. */
export interface Fault {
  readonly kind: FaultKind
  /** Only calls of this API. */
  readonly api?: string
  /** Only calls that name one of these codes, or none at all (a whole-market call holds every code). */
  readonly codes?: readonly string[]
  /** Only calls with this trade_date, `YYYYMMDD`. */
  readonly date?: string
  /** Only the n-th matching call, from 1 … */
  readonly nth?: number
  /** … or every matching call from the n-th on. */
  readonly from?: number
  /** Happens this often at most. */
  readonly count?: number
  /** 0 to 1, drawn with `seed`: the same draws in every run. */
  readonly probability?: number
  readonly seed?: number
  /** A time window in ms after the fault was set. */
  readonly afterMs?: number
  readonly untilMs?: number
  /** latency: how long, but no longer than the fault is there; hang: until the connection is cut (default: never). */
  readonly ms?: number
  /** http_status: which (default 502). */
  readonly status?: number
  /** half_day: how much of the rows is there, in percent (default 50). truncated, fin, reset: of the bytes. */
  readonly percent?: number
  /** split: how many bytes a segment holds (default 1). */
  readonly bytes?: number
  /** missing_column, renamed_column: which (default `amount`); bad_row with a zero byte: in which text (default `name`). */
  readonly column?: string
  /** renamed_column: the new name. */
  readonly to?: string
  /** rate_limited: the number and the span that the text names (default 500 a minute). */
  readonly limit?: number
  readonly span?: 'minute' | 'hour' | 'day'
  /** bad_row: what is wrong with it (default high_below_low) and which row (default the first). */
  readonly damage?: 'high_below_low' | 'null_close' | 'bad_date' | 'zero_byte'
  readonly row?: number
  /** wrong_unit: factor on the column `vol` or the one named (default 100). */
  readonly factor?: number
}

/** What a fault is matched against. */
export interface FaultCall {
  readonly api: string
  /** `codes` is compared with `ts_code` (`600000.SH`, a list), `date` with `trade_date`, whatever the wire calls them. */
  readonly params: Readonly<Record<string, string>>
  readonly now: number
  /** Kinds that cannot happen to this call: for them it does not count. */
  readonly cannot?: (kind: FaultKind) => boolean
}

export interface FaultState {
  readonly fault: Fault
  readonly matched: number
  readonly fired: number
}

export interface FaultPlan {
  /** Replaces all faults; counts start anew. Throws on a kind that the upstream cannot play. */
  readonly set: (faults: readonly Fault[], now: number) => void
  /** The faults that happen to this call. Asking counts: ask once per call. */
  readonly match: (call: FaultCall) => readonly Fault[]
  /** Resolves after so many ms, or when the faults are replaced. */
  readonly wait: (ms: number) => Promise<void>
  readonly state: () => readonly FaultState[]
}

interface Armed {
  readonly fault: Fault
  readonly rng: Rng
  readonly since: number
  matched: number
  fired: number
}

const concerns = ({ fault, since }: Armed, { api, params, now, cannot }: FaultCall): boolean => {
  if (cannot?.(fault.kind) === true) return false
  const named = params.ts_code?.split(',')
  const hasCode =
    fault.codes === undefined || named === undefined || fault.codes.some((code) => named.includes(code))
  const age = now - since
  return (
    (fault.api === undefined || fault.api === api) &&
    hasCode &&
    (fault.date === undefined || fault.date === params.trade_date) &&
    age >= (fault.afterMs ?? 0) &&
    age < (fault.untilMs ?? Infinity)
  )
}

const fires = (armed: Armed): boolean => {
  const { fault, matched, rng } = armed
  // Drawn for every matching call, so that other conditions do not shift the sequence.
  const drawn = fault.probability === undefined || rng.unit() < fault.probability
  return (
    drawn &&
    (fault.nth === undefined || fault.nth === matched) &&
    matched >= (fault.from ?? 1) &&
    armed.fired < (fault.count ?? Infinity)
  )
}

/** Faults to come, settable at run time. */
export const createFaultPlan = (
  faults: readonly Fault[],
  now: number,
  protocol: Protocol = 'http',
): FaultPlan => {
  const known = faultsOf(protocol)
  const delays = createDelays()
  let all: Armed[] = []
  const set = (list: readonly Fault[], since: number): void => {
    const unknown = list.find(({ kind }) => !known.includes(kind))
    if (unknown !== undefined)
      throw new Error(`no such fault: ${unknown.kind}; there are ${known.join(', ')}`)
    all = list.map((fault, i) => ({
      fault,
      since,
      rng: new Rng(hashSeed(fault.seed ?? 1, i)),
      matched: 0,
      fired: 0,
    }))
    delays.endAll()
  }
  set(faults, now)
  return {
    set,
    match: (call) =>
      all
        .filter((armed) => {
          if (!concerns(armed, call)) return false
          armed.matched += 1
          if (!fires(armed)) return false
          armed.fired += 1
          return true
        })
        .map(({ fault }) => fault),
    wait: delays.wait,
    state: () => all.map(({ fault, matched, fired }) => ({ fault, matched, fired })),
  }
}
