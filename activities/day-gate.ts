import { BLOCKING_RULES, type BarRule, checkBars, type RuleHits } from '../db/audit/bar-checks.ts'
import type { SessionDataset } from '../db/audit/cells.ts'
import { checkIndexBars } from '../db/audit/index-checks.ts'
import { inSlices } from '../db/audit/slices.ts'
import {
  countDays,
  type DayCounts,
  type DayRange,
  type GateRow,
  type Missing,
  missingOn,
} from '../db/queries/verify.ts'
import type { Sql } from '../db/client.ts'
import type { Exchange } from '../market/symbol.ts'
import type { PlanInstrument } from '../planning/types.ts'
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
// Names in a gate row: enough to act on, small enough for a list.
const NAMED = 50

/** The state of every session of a range, ascending. */
export async function gatesOf(sql: Sql, market: MarketFacts, range: DayRange): Promise<GateRow[]> {
  const expected = expectedOn(market.servedBy(range.exchanges as Exchange[]), range.instruments)
  const hits = await hitsByDate(sql, range)
  const gates: GateRow[] = []
  for (const day of await countDays(sql, range))
    gates.push(await gateOf(sql, day, expected(day.date), hits.get(day.date) ?? [], range))
  return gates
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
  return (date) =>
    chosen.filter((i) => (i.listDate ?? '') <= date && (i.delistDate === null || i.delistDate > date)).length
}

async function gateOf(
  sql: Sql,
  day: DayCounts,
  expected: number,
  hits: readonly RuleHits[],
  range: DayRange,
): Promise<GateRow> {
  const isBlocking = ({ rule }: RuleHits) => (BLOCKING_RULES as readonly BarRule[]).includes(rule)
  const blocked = hits.filter(isBlocking)
  const suspicious = hits.filter((hit) => !isBlocking(hit))
  const lacks = day.present + day.suspended < expected
  const missing = lacks ? await missingOn(sql, day.date, range) : NOTHING_MISSING
  return {
    ...day,
    expected,
    state: blocked.length > 0 ? 'incomplete' : stateOf(day, expected, missing),
    reasons: {
      ...(missing.open.length > 0
        ? { missing: missing.open.length, symbols: missing.open.slice(0, NAMED) }
        : {}),
      ...(missing.absent.length > 0
        ? { absent: missing.absent.length, absent_symbols: missing.absent.slice(0, NAMED) }
        : {}),
      ...(missing.known ? {} : { why: 'no source of suspensions for this day' }),
      ...(blocked.length > 0 ? { blocked: byRule(blocked) } : {}),
      ...(suspicious.length > 0 ? { flags: byRule(suspicious) } : {}),
    },
  }
}

const NOTHING_MISSING: Missing = { open: [], absent: [], known: true }

function stateOf(day: DayCounts, expected: number, { open, absent, known }: Missing): string {
  if (open.length === 0) return absent.length > 0 ? 'complete_with_gaps' : 'complete'
  if (!known) return 'unverified'
  const there = day.present + day.suspended + absent.length
  return there >= expected * GAP_SHARE ? 'complete_with_gaps' : 'incomplete'
}

const byRule = (hits: readonly RuleHits[]) =>
  Object.fromEntries(hits.map(({ rule, count, examples }) => [rule, { count, examples }]))
