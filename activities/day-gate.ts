import { BLOCKING_RULES, type BarRule, checkBars, type RuleHits } from '../db/audit/bar-checks.ts'
import type { SessionDataset } from '../db/audit/cells.ts'
import { checkIndexBars } from '../db/audit/index-checks.ts'
import { inSlices } from '../db/audit/slices.ts'
import type { Sql } from '../db/client.ts'
import { type Missing, missingOn, type NamedCells } from '../db/queries/missing-days.ts'
import { countDays, type DayCounts, type DayRange, type GateRow } from '../db/queries/verify.ts'
import type { Exchange } from '../market/symbol.ts'
import { firstPlace } from '../market/first-place.ts'
import type { PlanInstrument } from '../planning/types.ts'
import type { Verification } from '../workflows/contract/messages.ts'
import type { MarketFacts } from './run-context.ts'

/*
 * The day gate. A session of a dataset is
 *
 *   complete             every listed instrument that a source serves has a row or was suspended
 *   complete_with_gaps   at least 99.5 % have, or all that are missing are known to be absent upstream or were accepted;
 *                        the others are named
 *   incomplete           fewer, or a row that cannot be true
 *   unverified           cells are missing and no source knows the suspensions of that day
 *
 * Rows that are only suspicious are counted with examples and change no state.
 */

const GAP_SHARE = 0.995

interface ExpectedDay extends DayCounts {
  expected: number
}

/** A day's check, and how many of its open cells had been brought once where that was asked for. */
interface JudgedDay extends GateRow {
  brought: number
}

/** The state of every session of a range, ascending. */
export async function gatesOf(sql: Sql, market: MarketFacts, range: DayRange): Promise<JudgedDay[]> {
  const expected = expectedOn(market.servedBy(range.exchanges as Exchange[]), range.instruments)
  const hits = await hitsByDate(sql, range)
  const counted = (await countDays(sql, range)).filter(({ date }) => range.days?.has(date) ?? true)
  const days = counted.map((day) => ({ ...day, expected: expected(day.date) }))
  const lacking = days.filter((day) => day.present + day.suspended < day.expected)
  const missing = await missingOn(
    sql,
    lacking.map(({ date }) => date),
    range,
  )
  const isOfMarket = range.instruments === null
  return days.map((day) =>
    gateOf(day, missing.get(day.date) ?? NOTHING_MISSING, hits.get(day.date) ?? [], isOfMarket),
  )
}

const CHECKS: Partial<
  Record<SessionDataset, (sql: Sql, region: Omit<DayRange, 'dataset' | 'exchanges'>) => Promise<RuleHits[]>>
> = { bars: checkBars, index_bars: checkIndexBars }

async function hitsByDate(sql: Sql, range: DayRange): Promise<Map<string, RuleHits[]>> {
  const check = CHECKS[range.dataset]
  const found = new Map<string, RuleHits[]>()
  if (!check) return found
  const slices = await inSlices(range, (slice) => check(sql, { ...slice, instruments: range.instruments }))
  for (const hit of slices.flat()) found.set(hit.date, [...(found.get(hit.date) ?? []), hit])
  return found
}

function expectedOn(
  instruments: readonly PlanInstrument[],
  ids: readonly number[] | null,
): (date: string) => number {
  const wanted = ids === null ? null : new Set(ids)
  const chosen = wanted === null ? instruments : instruments.filter((i) => wanted.has(i.id))
  const listed = chosen.map(({ listDate }) => listDate ?? '').sort()
  const delisted = chosen.flatMap(({ delistDate }) => delistDate ?? []).sort()
  return (date) => countUpTo(listed, date) - countUpTo(delisted, date)
}

/** How many of ascending dates lie at or before one. */
const countUpTo = (dates: readonly string[], date: string): number =>
  firstPlace(0, dates.length, (i) => (dates[i] ?? '') <= date)

function gateOf(
  day: ExpectedDay,
  missing: Missing,
  hits: readonly RuleHits[],
  isOfMarket: boolean,
): JudgedDay {
  const isBlocking = ({ rule }: RuleHits) => (BLOCKING_RULES as readonly BarRule[]).includes(rule)
  const blocked = hits.filter(isBlocking)
  const suspicious = hits.filter((hit) => !isBlocking(hit))
  const { open, brought, absent, known } = missing
  return {
    ...day,
    brought,
    state: blocked.length > 0 ? 'incomplete' : stateOf(day, missing, isOfMarket),
    reasons: {
      ...(open.count > 0 ? { missing: open.count, symbols: open.symbols } : {}),
      ...(absent.count > 0 ? { absent: absent.count, absent_symbols: absent.symbols } : {}),
      ...(known ? {} : { why: 'no source of suspensions for this day' }),
      ...(blocked.length > 0 ? { blocked: byRule(blocked) } : {}),
      ...(suspicious.length > 0 ? { flags: byRule(suspicious) } : {}),
    },
  }
}

const NOTHING: NamedCells = { count: 0, symbols: [] }
const NOTHING_MISSING: Missing = { open: NOTHING, brought: 0, absent: NOTHING, known: true }

function stateOf(
  { present, suspended, expected }: ExpectedDay,
  { open, absent, known }: Missing,
  isOfMarket: boolean,
): string {
  if (open.count === 0) return absent.count > 0 ? 'complete_with_gaps' : 'complete'
  // Whoever is missing may be suspended, but never the whole market.
  if (!known) return present === 0 && isOfMarket ? 'incomplete' : 'unverified'
  const there = present + suspended + absent.count
  return there >= expected * GAP_SHARE ? 'complete_with_gaps' : 'incomplete'
}

const byRule = (hits: readonly RuleHits[]) =>
  Object.fromEntries(hits.map(({ rule, count, examples }) => [rule, { count, examples }]))

/** The same day for a run that mends: what was never brought is not what it is about. */
export function ofBrought(day: JudgedDay): JudgedDay {
  const expected = day.present + day.suspended + day.brought
  const isMended = day.brought === 0 && !('blocked' in day.reasons)
  return { ...day, expected, state: isMended ? 'complete' : day.state }
}

/** How many sessions are in which state. */
export function countsOf(gates: readonly GateRow[]): Verification {
  const count = (state: string) => gates.filter((gate) => gate.state === state).length
  const missing = ({ expected, present, suspended }: GateRow) => Math.max(0, expected - present - suspended)
  return {
    dates: gates.length,
    complete: count('complete'),
    completeWithGaps: count('complete_with_gaps'),
    incomplete: count('incomplete'),
    unverified: count('unverified'),
    missingCells: gates.reduce((sum, gate) => sum + missing(gate), 0),
  }
}
