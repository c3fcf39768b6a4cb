import fc from 'fast-check'
import type { Sql } from '../../db/client.ts'
import { exchangeOf } from '../../market/symbol.ts'
import {
  AFTER_HOURS,
  agreeRule,
  type AgreeRule,
  BAR_FIELD_NAMES,
  BAR_FIELDS,
  type BarFieldName,
  type BarGroup,
} from '../../market/tolerances.ts'

/*
 * What `bars_best` and `agreement` have to say of a few rows, in plain TypeScript and whole numbers.
 */

/** One source's row of a bar: prices and percent in thousandths, amount in ten-thousandths of a yuan. */
export interface SourceBar {
  source: string
  symbol: string
  date: string
  open: bigint
  high: bigint
  low: bigint
  close: bigint
  pre_close: bigint | null
  pct_chg: bigint | null
  volume: bigint
  amount: bigint
  is_st: boolean | null
}

export type Precedence = Readonly<
  Record<'ohlc' | 'volume' | 'amount' | 'pre_close' | 'st', readonly string[]>
>

const ORDER = ['tushare', 'baostock', 'akshare']
export const DEFAULT_PRECEDENCE: Precedence = {
  ohlc: ORDER,
  volume: ORDER,
  amount: ORDER,
  pre_close: ORDER,
  st: ORDER,
}

const PRECEDENCE_OF: Record<BarGroup, keyof Precedence> = {
  ohlc: 'ohlc',
  volume: 'volume',
  amount: 'amount',
  pre_close: 'pre_close',
  pct_chg: 'pre_close',
  is_st: 'st',
}
const SCALE: Record<BarFieldName, bigint> = {
  open: 1_000n,
  high: 1_000n,
  low: 1_000n,
  close: 1_000n,
  pre_close: 1_000n,
  pct_chg: 1_000n,
  volume: 1n,
  amount: 10_000n,
  is_st: 1n,
}
const GROUPS = [...new Set(BAR_FIELD_NAMES.map((field) => BAR_FIELDS[field].group))]

const abs = (value: bigint) => (value < 0n ? -value : value)
const larger = (a: bigint, b: bigint) => (a > b ? a : b)
const scaled = (value: number, scale: bigint) => BigInt(Math.round(value * Number(scale)))
// Relative tolerances are whole multiples of this.
const RELATIVE_UNIT = 10_000_000n

export const valueOf = (bar: SourceBar, field: BarFieldName): bigint | null =>
  field === 'is_st' ? (bar.is_st === null ? null : BigInt(bar.is_st)) : bar[field]

function follows(rule: AgreeRule, a: bigint, b: bigint, scale: bigint): boolean {
  if (rule.kind === 'equal') return a === b
  if (rule.kind === 'rounded') {
    const step = scale / 10n ** BigInt(rule.places)
    return (a + step / 2n) / step === (b + step / 2n) / step
  }
  const apart = abs(a - b)
  const relative = scaled(rule.relative, RELATIVE_UNIT) * larger(abs(a), abs(b))
  return apart <= scaled(rule.absolute, scale) || apart * RELATIVE_UNIT <= relative
}

/** What one source has more than Tushare was paid at the close: volume and amount of such a pair agree. */
function afterHours(a: SourceBar, b: SourceBar): boolean {
  const [t, o] = a.source === AFTER_HOURS.leftOutBy ? [a, b] : [b, a]
  if (t.source !== AFTER_HOURS.leftOutBy || t.date < AFTER_HOURS.from) return false
  if (!(AFTER_HOURS.exchanges as readonly string[]).includes(exchangeOf(t.symbol))) return false
  const lots = a.source === 'akshare' || b.source === 'akshare' ? 100n : 1n
  const unexplained = abs(o.amount - t.amount - (o.volume - t.volume) * t.close * 10n)
  const allowed = larger(1_000n * 10_000n * 100_000n, o.amount) + lots * t.close * 10n * 100_000n
  return o.volume > t.volume && unexplained * 100_000n <= allowed
}

/** True or false for values that both have, else null. */
export function agrees(a: SourceBar, b: SourceBar, field: BarFieldName): boolean | null {
  const [x, y] = [valueOf(a, field), valueOf(b, field)]
  if (x === null || y === null) return null
  if (follows(agreeRule(field, a.source, b.source), x, y, SCALE[field])) return true
  return (field === 'volume' || field === 'amount') && afterHours(a, b)
}

const fieldsOf = (group: BarGroup) => BAR_FIELD_NAMES.filter((field) => BAR_FIELDS[field].group === group)

export interface Choice {
  /** Null when no source has a value. */
  bar: SourceBar | null
  disputed: boolean
}

/** Whose value stands in a group: the best of those that more than half agree with, else the best of all. */
export function choose(bars: readonly SourceBar[], group: BarGroup, precedence: Precedence): Choice {
  const fields = fieldsOf(group)
  const order = precedence[PRECEDENCE_OF[group]]
  const place = ({ source }: SourceBar) => (order.includes(source) ? order.indexOf(source) : order.length)
  const voters = bars
    .filter((bar) => fields.every((field) => valueOf(bar, field) !== null))
    .sort((a, b) => place(a) - place(b) || (a.source < b.source ? -1 : 1))
  const backing = (bar: SourceBar) =>
    voters.filter((other) => fields.every((field) => agrees(bar, other, field) === true)).length
  const backed = voters.find((bar) => backing(bar) * 2 > voters.length)
  return { bar: backed ?? voters[0] ?? null, disputed: voters.length > 0 && backed === undefined }
}

/** Whose values stand in all groups. */
export const bestOf = (bars: readonly SourceBar[], precedence: Precedence) =>
  Object.fromEntries(GROUPS.map((group) => [group, choose(bars, group, precedence)])) as Record<
    BarGroup,
    Choice
  >

const near = (...deltas: number[]) => fc.constantFrom(...deltas.map(BigInt))
// On, just within and just beyond the tolerances.
const cents = near(0, 0, 0, 4, 5, 10, 11)
const thousandths = near(0, 0, 5, 10, 11, 20)

/** Volume and amount far below and far above where relative tolerances begin to count. */
const SIZES = [
  { volume: 100_000n, amount: 11_000_000_000n },
  { volume: 3_000_000_000n, amount: 330_000_000_000_000n },
] as const

const deviating = (
  { symbol, date }: { symbol: string; date: string },
  source: string,
  size: (typeof SIZES)[number],
): fc.Arbitrary<SourceBar> =>
  fc
    .record({
      open: cents,
      close: cents,
      pre_close: fc.option(thousandths),
      pct_chg: fc.option(thousandths),
      volume: near(0, 0, 1, 2, 100, 101, 300, 301, 5_000),
      amount: near(0, 0, 10_000_000, 10_000_001, 20_000_000, 3_300_000_000, 3_300_100_000),
      // As sources do that count the trade after hours.
      paidAtClose: fc.boolean(),
      is_st: fc.option(fc.boolean()),
    })
    .map(({ open, close, pre_close, pct_chg, volume, amount, paidAtClose, is_st }) => ({
      source,
      symbol,
      date,
      open: 10_000n + open,
      high: 12_000n,
      low: 9_000n,
      close: 11_000n + close,
      pre_close: pre_close === null ? null : 10_500n + pre_close,
      pct_chg: pct_chg === null ? null : 4_762n + pct_chg,
      volume: size.volume + volume,
      amount: size.amount + amount + (paidAtClose ? volume * 11_000n * 10n : 0n),
      is_st,
    }))

/** The rows of one bar: one to three sources, and now and then a fourth that has no precedence. */
export const barOfSources: fc.Arbitrary<SourceBar[]> = fc
  .record({
    sources: fc.oneof(
      { weight: 6, arbitrary: fc.subarray(ORDER, { minLength: 1 }) },
      { weight: 1, arbitrary: fc.subarray([...ORDER, 'import'], { minLength: 2 }) },
    ),
    date: fc.constantFrom('2024-01-02', '2026-07-06'),
    symbol: fc.constantFrom('600000.SH', '000001.SZ', '920001.BJ'),
    size: fc.constantFrom(...SIZES),
  })
  .chain(({ sources, size, ...key }) => fc.tuple(...sources.map((source) => deviating(key, source, size))))

const decimal = (value: bigint | null, scale: bigint): string | null =>
  value === null ? null : `${value / scale}.${String(value % scale).padStart(String(scale).length - 1, '0')}`

/** Writes the rows of bars; the instrument ids are the places in the list, from 1. */
export async function insertBars(sql: Sql, bars: readonly (readonly SourceBar[])[]): Promise<void> {
  const rows = bars.flatMap((rowsOfBar, i) =>
    rowsOfBar.map((bar) => ({
      instrument_id: i + 1,
      trade_date: bar.date,
      period: 'daily',
      source: bar.source,
      symbol: bar.symbol,
      open: decimal(bar.open, SCALE.open),
      high: decimal(bar.high, SCALE.high),
      low: decimal(bar.low, SCALE.low),
      close: decimal(bar.close, SCALE.close),
      pre_close: decimal(bar.pre_close, SCALE.pre_close),
      pct_chg: decimal(bar.pct_chg, SCALE.pct_chg),
      volume: String(bar.volume),
      amount: decimal(bar.amount, SCALE.amount),
      is_st: bar.is_st,
    })),
  )
  await sql`insert into bars ${sql(rows)}`
}

/** A stored number as the reference counts it. */
export const stored = (text: string | null, field: BarFieldName): bigint | null => {
  if (text === null) return null
  const [whole = '0', fraction = ''] = text.split('.')
  return BigInt(
    whole + fraction.padEnd(String(SCALE[field]).length - 1, '0').slice(0, String(SCALE[field]).length - 1),
  )
}
