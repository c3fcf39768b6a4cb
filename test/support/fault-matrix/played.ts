import type { RunRow } from '../../../db/queries/runs.ts'
import { SOURCE_NAMES, type SourceName } from '../../../market/sources.ts'
import type { Lab } from '../lab.ts'
import type { FaultCase } from './case.ts'
import { type SeenInUi, seenInUi } from './history.ts'
import type { Truth, TruthBar } from './truth.ts'

/** All that is left of a run after it ended, or after it came to wait for another day. */
export interface Played {
  run: RunRow
  log: { level: string; message: string }[]
  ui: SeenInUi
  /** Bars that are not the market's, as text. */
  wrong: string[]
  /** Cells that the source serves and has not brought. */
  lacking: Readonly<Record<SourceName, string[]>>
  /** Cells that nobody has brought. */
  absent: string[]
  /** Who else than the source under test has bars of cells that every source serves. */
  helpers: SourceName[]
  /** Of the source under test: rows in quarantine, and pieces of answers there. */
  refused: { rows: number; samples: number }
  /** Bars of the source under test. */
  own: number
  /** Failures of the source under test, also those that another one has resolved. */
  failures: number
  /** Sums of the run, of its batches and of its sources: one and the same. */
  counters: object[]
  /** Requests that met the fault. */
  hits: number
  ms: number
}

/** A bar of any source as it is stored. */
interface StoredBar extends TruthBar {
  source: SourceName
}

/** Reads it all when the run is over, or waits for another day. */
export async function leftOf(
  lab: Lab,
  truth: Truth,
  { source, scope }: FaultCase,
  run: RunRow,
): Promise<Omit<Played, 'hits' | 'ms'>> {
  const { sql } = lab.db
  const stored = await storedBars(lab)
  const wanted = truth.wantedOf(scope)
  const lackingOf = (who: SourceName): string[] =>
    keysWithout(
      wanted.filter((bar) => who !== 'baostock' || isEverybodys(bar)),
      stored.filter((bar) => bar.source === who),
    )
  const others = stored.filter((bar) => bar.source !== source && isEverybodys(bar))
  const [refused] = await sql<{ rows: number; samples: number }[]>`
    select count(symbol)::int as rows, (count(*) - count(symbol))::int as samples from quarantine
    where source = ${source} and dataset = 'bars'`
  const [failed] = await sql<{ n: number }[]>`
    select count(*)::int as n from sync_failure
    where source = ${source} and dataset = 'bars'`
  return {
    run,
    log: await sql`select level, message from sync_log where run_id = ${run.id} order by id`,
    ui: await seenInUi(lab.client, run.workflowId),
    wrong: stored.flatMap((bar) => differenceOf(bar, truth.bars.get(bar.key))),
    lacking: Object.fromEntries(SOURCE_NAMES.map((who) => [who, lackingOf(who)])) as Played['lacking'],
    absent: keysWithout(wanted, stored),
    helpers: [...new Set(others.map((bar) => bar.source))].toSorted(),
    refused: refused ?? { rows: 0, samples: 0 },
    own: stored.filter((bar) => bar.source === source).length,
    failures: failed?.n ?? 0,
    counters: await countersOf(lab, run.id),
  }
}

const isEverybodys = ({ symbol }: TruthBar): boolean => !symbol.endsWith('.BJ')

function keysWithout(wanted: readonly TruthBar[], having: readonly TruthBar[]): string[] {
  const keys = new Set(having.map(({ key }) => key))
  return wanted.flatMap(({ key }) => (keys.has(key) ? [] : [key]))
}

async function storedBars({ db }: Lab): Promise<StoredBar[]> {
  return await db.sql<StoredBar[]>`
    select source, symbol, trade_date::text as date, symbol || ' ' || trade_date as key, volume::float8 as volume, amount::float8 as amount,
      concat_ws(' ', trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close)) as prices
    from bars where period = 'daily'`
}

// AKShare has lots only, so a rest of up to 100 shares is gone. Amounts are rounded by each in ways of its own.
const LOT = 100
const YUAN = 1

function differenceOf(bar: StoredBar, truth: TruthBar | undefined): string[] {
  const isRight =
    truth?.prices === bar.prices &&
    Math.abs(truth.volume - bar.volume) < LOT &&
    Math.abs(truth.amount - bar.amount) <= YUAN
  return isRight ? [] : [`${bar.key} of ${bar.source}: ${inWords(bar)} instead of ${inWords(truth)}`]
}

const inWords = (bar: TruthBar | undefined): string =>
  bar ? `${bar.prices} ${bar.volume} ${bar.amount}` : 'nothing'

async function countersOf({ db }: Lab, runId: string): Promise<object[]> {
  return await db.sql`
    select inserted::int, rejected::int, calls::int, cells_done::int from sync_run where id = ${runId}
    union select sum(inserted)::int, sum(rejected)::int, sum(calls)::int, sum(cells_done)::int
      from sync_batch where run_id = ${runId}
    union select sum(inserted)::int, sum(rejected)::int, sum(calls)::int, sum(cells_done)::int
      from sync_run_source where run_id = ${runId}`
}
