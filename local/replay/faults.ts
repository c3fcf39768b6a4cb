import { hashSeed, Rng } from './sandbox/rng.ts'

/** What can go wrong, and where it is done: before the answer, to its rows, or on the wire. */
export const FAULTS = {
  latency: 'wire',
  reset: 'wire',
  http_status: 'wire',
  html: 'wire',
  truncated: 'wire',
  hang: 'wire',
  rate_limited: 'refusal',
  no_permission: 'refusal',
  bad_token: 'refusal',
  too_many_addresses: 'refusal',
  empty: 'rows',
  half_day: 'rows',
  duplicates: 'rows',
  missing_column: 'rows',
  renamed_column: 'rows',
  wrong_unit: 'rows',
  bad_row: 'rows',
} as const
export type FaultKind = keyof typeof FAULTS

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
  /** latency: how long; hang: until the connection is cut (default: never). */
  readonly ms?: number
  /** http_status: which (default 502). */
  readonly status?: number
  /** half_day: how much of the rows is there, in percent (default 50). truncated: of the bytes. */
  readonly percent?: number
  /** missing_column, renamed_column: which (default `amount`). */
  readonly column?: string
  /** renamed_column: the new name. */
  readonly to?: string
  /** rate_limited: the number and the span that the text names (default 500 a minute). */
  readonly limit?: number
  readonly span?: 'minute' | 'hour' | 'day'
  /** bad_row: what is wrong with it (default high_below_low) and which row (default the first). */
  readonly damage?: 'high_below_low' | 'null_close' | 'bad_date'
  readonly row?: number
  /** wrong_unit: factor on the column `vol` or the one named (default 100). */
  readonly factor?: number
}

/** What a fault is matched against. */
export interface FaultCall {
  readonly api: string
  readonly params: Readonly<Record<string, string>>
  readonly now: number
}

export interface FaultState {
  readonly fault: Fault
  readonly matched: number
  readonly fired: number
}

export interface FaultPlan {
  /** Replaces all faults; counts start anew. */
  readonly set: (faults: readonly Fault[], now: number) => void
  /** The faults that happen to this call. Asking counts: ask once per call. */
  readonly match: (call: FaultCall) => readonly Fault[]
  readonly state: () => readonly FaultState[]
}

interface Armed {
  readonly fault: Fault
  readonly rng: Rng
  readonly since: number
  matched: number
  fired: number
}

const concerns = ({ fault, since }: Armed, { api, params, now }: FaultCall): boolean => {
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
export const createFaultPlan = (faults: readonly Fault[], now: number): FaultPlan => {
  let all: Armed[] = []
  const set = (list: readonly Fault[], since: number): void => {
    all = list.map((fault, i) => ({
      fault,
      since,
      rng: new Rng(hashSeed(fault.seed ?? 1, i)),
      matched: 0,
      fired: 0,
    }))
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
    state: () => all.map(({ fault, matched, fired }) => ({ fault, matched, fired })),
  }
}

/** Rows as a Tushare answer carries them. */
export interface Table {
  fields: string[]
  items: unknown[][]
}

const damageRow = ({ fields, items }: Table, fault: Fault): void => {
  const row = items[fault.row ?? 0]
  if (row === undefined) return
  const put = (name: string, value: (old: unknown) => unknown): void => {
    const at = fields.indexOf(name)
    if (at >= 0) row[at] = value(row[at])
  }
  if (fault.damage === 'null_close') put('close', () => null)
  else if (fault.damage === 'bad_date') put('trade_date', (old) => `${String(old).slice(0, 4)}-13-45`)
  else put('high', () => Number(row[fields.indexOf('low')]) - 1)
}

const dropColumn = (table: Table, name: string): void => {
  const at = table.fields.indexOf(name)
  if (at < 0) return
  table.fields.splice(at, 1)
  for (const row of table.items) row.splice(at, 1)
}

const scaleColumn = ({ fields, items }: Table, name: string, factor: number): void => {
  const at = fields.indexOf(name)
  if (at < 0) return
  for (const row of items) row[at] = Number((Number(row[at]) * factor).toFixed(4))
}

/** Does to the rows what a `rows` fault says, in place. */
export const damageTable = (table: Table, fault: Fault): void => {
  const { kind, percent = 50, column } = fault
  if (kind === 'empty') table.items = []
  else if (kind === 'half_day') table.items.length = Math.floor((table.items.length * percent) / 100)
  else if (kind === 'duplicates')
    table.items.push(...table.items.slice(0, 1 + (table.items.length >> 3)).map((r) => [...r]))
  else if (kind === 'missing_column') dropColumn(table, column ?? 'amount')
  else if (kind === 'renamed_column') {
    table.fields = table.fields.map((name) =>
      name === (column ?? 'amount') ? (fault.to ?? 'turnover_value') : name,
    )
  } else if (kind === 'wrong_unit') scaleColumn(table, column ?? 'vol', fault.factor ?? 100)
  else if (kind === 'bad_row') damageRow(table, fault)
}
