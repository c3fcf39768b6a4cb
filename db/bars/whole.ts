import { addDays, daysBetween, type TradeDate } from '../../market/date.ts'
import type { Sql } from '../client.ts'
import { bytesOf, packedBar, PackedReader } from './packed.ts'
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
  /** By instrument, ascending; of each in pieces by date. */
  packed: ReadonlyMap<number, readonly PackedBars[]>
}

/** Bars as packed.ts reads them, by date. */
interface PackedBars {
  bytes: Buffer
  count: number
}

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
  const parts = await Promise.all(regions.map((part) => readOne(planned, part, source, isAdjusted)))
  const names = new Set(parts.flatMap((part) => part?.source ?? []))
  if (parts.includes(null) || names.size > 1)
    return { ...(await surveyBars(sql, region, source)), bars: null }
  const packed = new Map<number, PackedBars[]>()
  const survey = { count: 0, writers: 0 }
  for (const [i, part] of parts.entries()) {
    if (!part?.source) continue
    const { count, writers } = new PackedReader(part.bytes).survey()
    const [id = 0] = regions[i]?.instruments ?? []
    packed.set(id, [...(packed.get(id) ?? []), { bytes: part.bytes, count }])
    survey.count += count
    survey.writers += writers
  }
  const [name] = names
  const version = name === undefined ? '' : versionOf([{ source: name, ...survey }])
  return { sources: [...names], version, bars: { source: name ?? '', packed } }
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
  bytes: Buffer
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
  const change = isAdjusted ? null : 'coalesce(b.close - b.pre_close, b.change)'
  const isAlone = sql`(
    select count(distinct source) < 2 from coverage
    where dataset = 'bars' and instrument_id in (0, ${instruments?.[0] ?? 0}) and ranges && daterange(${from}, ${to}, '[]')
  )`
  const [row] = await sql`
    with survey as materialized (select ${source === null ? isAlone : sql`true`} as is_alone)
    select (select is_alone from survey)::int, min(b.source), max(b.source), string_agg(${sql.unsafe(packedBar(change))}, ''::bytea order by b.trade_date)
    from bars b
    where ${inRegion(sql, region)} and (select is_alone from survey) ${source === null ? sql`` : sql`and b.source = ${source}`}`.raw()
  const [alone, least, most, hex] = (row ?? []) as (Buffer | null)[]
  if (alone?.toString() !== '1' || least?.toString() !== most?.toString()) return null
  return { source: least?.toString() ?? null, bytes: hex ? bytesOf(hex) : Buffer.alloc(0) }
}
