import { kindOf } from '../../market/datasets.ts'
import type { Sql, Tx } from '../client.ts'
import { leaveMonthsOf } from '../derived-due.ts'
import { repeatOnConflict } from '../errors.ts'
import { notSuspended } from '../suspended.ts'
import { OHLC_BROKEN, UNIT_BROKEN } from './bar-checks.ts'
import { SESSION_CELLS, type SessionDataset, servedPairs, sparseSources } from './cells.ts'
import { inSlices } from './slices.ts'
import { type AuditedRegion, tally } from './tallies.ts'

/*
 * What coverage says against what the tables hold. Cells that are covered and expected and have no row become holes, and
 * so do rows that cannot be true: planning then asks for them as for anything else that is missing. Rows that no coverage
 * speaks of are counted, no more: nobody knows what else came with them.
 */

/** What was found of one dataset and source. */
export interface AuditFinding {
  dataset: SessionDataset
  source: string
  /** Cells that became holes, by date. */
  lost: Map<string, number>
  /** Rows that became holes: their prices are out of order, or their amount does not fit them. */
  badRows: number
  /** Rows that no coverage speaks of. */
  uncovered: number
}

// Each hole is a row, and a run reads them all: past this it is no damage but a table that is gone.
const MOST_HOLES = 1_000_000

/**
 * Compares a region year by year, the newest first, each in a transaction of its own. What was found before is not found
 * again, so a repetition after a crash names only the rest.
 *
 * @returns findings, and the first date that was looked at where so much is lost that the search was given up
 */
export async function markLost(
  sql: Sql,
  region: AuditedRegion,
): Promise<{ findings: AuditFinding[]; stoppedAt: string | null }> {
  const findings = new Map<string, AuditFinding>()
  const findingOf = (source: string): AuditFinding => {
    const known = findings.get(source)
    if (known) return known
    const opened = { dataset: region.dataset, source, lost: new Map(), badRows: 0, uncovered: 0 }
    findings.set(source, opened)
    return opened
  }
  let holes = 0
  let stoppedAt: string | null = null
  let lookedFrom = region.to
  await inSlices(region, async (slice) => {
    if (holes > MOST_HOLES) {
      stoppedAt = lookedFrom
      return
    }
    lookedFrom = slice.from
    const found = await auditSlice(sql, { ...region, ...slice })
    for (const { source, date, n } of found.lost) {
      findingOf(source).lost.set(date, n)
      holes += n
    }
    for (const { source, n } of found.bad) findingOf(source).badRows += n
    for (const { source, n } of found.uncovered) findingOf(source).uncovered += n
  })
  return { findings: [...findings.values()], stoppedAt }
}

interface SourceCount {
  source: string
  n: number
}

async function auditSlice(sql: Sql, slice: AuditedRegion) {
  return await repeatOnConflict(() =>
    sql.begin(async (tx) => {
      // Freshly loaded tables have no statistics: a planner that believes them empty joins in squares, in nested loops or by
      // merging on the instrument alone.
      await tx.unsafe('set local enable_nestloop = off; set local enable_mergejoin = off')
      const tallies = await tally(tx, slice)
      return {
        uncovered: tallies
          .map(({ source, uncovered }) => ({ source, n: uncovered }))
          .filter(({ n }) => n > 0),
        bad: await markBadRows(tx, slice),
        lost: await markLostCells(tx, slice, [...new Set(tallies.flatMap(({ lacking }) => lacking))]),
      }
    }),
  )
}

/** Of some instruments. In one statement, as they were counted. */
async function markLostCells(
  tx: Tx,
  { dataset, from, to }: AuditedRegion,
  instruments: readonly number[],
): Promise<(SourceCount & { date: string })[]> {
  if (instruments.length === 0) return []
  const { table, where, traded } = SESSION_CELLS[dataset]
  const [sources, exchanges] = servedPairs()
  const days = tx`coverage v join sessions s on v.ranges @> s.d
    where v.dataset = ${dataset} and v.ranges && daterange(${from}, ${to}, '[]') and not v.source = any(${sparseSources(dataset)})`
  return await tx<(SourceCount & { date: string })[]>`
    with sessions as materialized (
      select trade_date as d from trade_calendar where exchange = 'SSE' and is_open and trade_date between ${from} and ${to}
    ), universe as materialized (
      select id, exchange, coalesce(list_date, '-infinity') as listed, coalesce(delist_date, 'infinity') as delisted
      from instrument where kind = ${kindOf(dataset)} and not stub and id = any(${instruments as number[]})
    ), market as materialized (
      select v.source, s.d from ${days} and v.instrument_id = 0
    ), covered as (
      select v.source, v.instrument_id as id, s.d from ${days} and v.instrument_id = any(${instruments as number[]})
      union
      select m.source, i.id, m.d from market m
        join unnest(${sources}::text[], ${exchanges}::text[]) as p(source, exchange) on p.source = m.source
        join universe i on i.exchange = p.exchange
    ), expected as (
      select c.* from covered c join universe i on i.id = c.id where c.d >= i.listed and c.d < i.delisted
    ), lost as (
      select e.* from expected e
      where not exists (select from ${tx(table)} x where x.instrument_id = e.id and x.trade_date = e.d and x.source = e.source
          and ${tx.unsafe(where)} and x.trade_date between ${from} and ${to})
        and ${traded ? notSuspended(tx, ['e.id', 'e.d'], { from, to }) : tx`true`}
    ), marked as (
      insert into coverage_hole (dataset, instrument_id, trade_date, source, reason)
      select ${dataset}, id, d, source, 'lost' from lost order by id, d, source
      on conflict do nothing returning dataset, source, trade_date
    ), due as (${leaveMonthsOf(tx, 'marked')})
    select source, trade_date as date, count(*)::int as n from marked group by 1, 2`
}

const BROKEN: Partial<Record<SessionDataset, string>> = {
  bars: `(${OHLC_BROKEN} or ${UNIT_BROKEN})`,
  index_bars: OHLC_BROKEN,
}

async function markBadRows(tx: Tx, slice: AuditedRegion): Promise<SourceCount[]> {
  const { dataset, from, to, instruments } = slice
  const { table, where } = SESSION_CELLS[dataset]
  const broken = BROKEN[dataset]
  if (broken === undefined) return []
  return await tx<SourceCount[]>`
    with bad as materialized (
      select b.instrument_id, b.trade_date, b.source from ${tx(table)} b
      where b.trade_date between ${from} and ${to} and ${tx.unsafe(where.replaceAll('x.', 'b.'))} and ${tx.unsafe(broken)}
        and ${instruments === null ? tx`true` : tx`b.instrument_id = any(${instruments as number[]})`}
    ), marked as (
      insert into coverage_hole (dataset, instrument_id, trade_date, source, reason)
      select ${dataset}, instrument_id, trade_date, source, 'bad_row' from bad order by 2, 3, 4
      on conflict do nothing returning dataset, source, trade_date
    ), due as (${leaveMonthsOf(tx, 'marked')})
    select source, count(*)::int as n from bad group by 1`
}
