import { addDays, daysBetween, type TradeDate } from '../../market/date.ts'
import type { Sql } from '../client.ts'
import { orEmpty, TextRows, textRows } from '../text-rows.ts'
import { type BarRegion, inRegion } from './region.ts'
import { type BarSurvey, surveyBars, versionOf } from './survey.ts'

// Charts ask for one. Each is a statement of its own, which finds its bars by date without sorting them.
const MOST_INSTRUMENTS = 4

/** Whether a region is small enough to be read in one piece. */
export const isSmall = ({ instruments, period, asOf }: BarRegion): boolean =>
  instruments !== null && instruments.length <= MOST_INSTRUMENTS && period === 'daily' && asOf === null

/** All bars of a region that only one source has any of. */
export interface WholeBars {
  source: string
  /** By instrument, ascending, and date. */
  parts: readonly { id: number; bars: TextRows }[]
}

// Of a bar `b`, in their order. The last one is there where prices are not adjusted: the change of adjusted ones is computed.
const EXPRESSIONS = {
  writer: 'b.xmin',
  trade_date: 'b.trade_date',
  ...{ open: 'b.open', high: 'b.high', low: 'b.low', close: 'b.close' },
  pre_close: orEmpty('b.pre_close'),
  pct_chg: orEmpty('b.pct_chg'),
  ...{ volume: 'b.volume', amount: 'b.amount' },
  is_st: orEmpty('b.is_st'),
  change: orEmpty('coalesce(b.close - b.pre_close, b.change)'),
}

/** The place of each cell of a bar. */
export const CELLS = Object.fromEntries(Object.keys(EXPRESSIONS).map((name, i) => [name, i])) as Readonly<
  Record<keyof typeof EXPRESSIONS, number>
>

/** The cells of a bar, the last one left out when nobody reads it. */
export const barCells = (withChange: boolean): string[] =>
  Object.values(EXPRESSIONS).slice(0, withChange ? undefined : -1)

/**
 * The survey of a small region and its bars at once.
 *
 * @returns bars: null where several sources have some, which have to be elected first
 */
export async function readWhole(
  { sql, planned }: { sql: Sql; planned: Sql },
  region: BarRegion,
  source: string | null,
  isAdjusted: boolean,
): Promise<BarSurvey & { bars: WholeBars | null }> {
  const ids = [...(region.instruments ?? [])].sort((a, b) => a - b)
  const regions = ids.flatMap((id) =>
    inPieces(region).map((dates) => ({ ...region, ...dates, instruments: [id] })),
  )
  const read = await Promise.all(regions.map((part) => readOne(planned, part, source, isAdjusted)))
  const names = new Set(read.flatMap((part) => part?.source ?? []))
  if (read.includes(null) || names.size > 1) return { ...(await surveyBars(sql, region, source)), bars: null }
  const parts = read.flatMap((part, i) =>
    part?.source ? [{ id: regions[i]?.instruments[0] ?? 0, bars: part.bars }] : [],
  )
  const [name] = names
  const version = name === undefined ? '' : versionOf([{ source: name, ...surveyOf(parts) }])
  return { sources: [...names], version, bars: { source: name ?? '', parts } }
}

function surveyOf(parts: WholeBars['parts']): { count: number; writers: number } {
  const survey = { count: 0, writers: 0 }
  for (const { bars } of parts) {
    survey.count += bars.count
    for (let row = 0; row < bars.count; row++) survey.writers += bars.number(row, CELLS.writer)
  }
  return survey
}

// From so many days on two statements at a time take less than one.
const LONG_DAYS = 5_000

/** A long region in halves, which are read at the same time. */
function inPieces({ from, to }: BarRegion): { from: TradeDate; to: TradeDate }[] {
  const days = daysBetween(from, to)
  if (days < LONG_DAYS) return [{ from, to }]
  const middle = addDays(from, Math.floor(days / 2))
  return [
    { from, to: middle },
    { from: addDays(middle, 1), to },
  ]
}

interface Part {
  /** Null: there is no bar. */
  source: string | null
  bars: TextRows
}

/**
 * The bars of one instrument; null where several sources have some. Most likely these have said so by their coverage, and then
 * the bars are not even looked for.
 */
async function readOne(
  sql: Sql,
  region: BarRegion,
  source: string | null,
  isAdjusted: boolean,
): Promise<Part | null> {
  const { instruments, from, to } = region
  const cells = barCells(!isAdjusted)
  const isAlone = sql`(
    select count(distinct source) < 2 from coverage
    where dataset = 'bars' and instrument_id in (0, ${instruments?.[0] ?? 0}) and ranges && daterange(${from}, ${to}, '[]')
  )`
  const [row] = await sql`
    with survey as materialized (select ${source === null ? isAlone : sql`true`} as is_alone)
    select (select is_alone from survey)::int, min(b.source), max(b.source), count(*), ${sql.unsafe(textRows(cells, 'b.trade_date'))}
    from bars b
    where ${inRegion(sql, region)} and (select is_alone from survey) ${source === null ? sql`` : sql`and b.source = ${source}`}`.raw()
  const [alone, least, most, count, text] = (row ?? []) as (Buffer | null)[]
  if (alone?.toString() !== '1' || least?.toString() !== most?.toString()) return null
  return {
    source: least?.toString() ?? null,
    bars: new TextRows(text ?? Buffer.alloc(0), Number(count?.toString()), cells.length),
  }
}
