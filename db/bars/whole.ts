import type { Sql } from '../client.ts'
import { type BarRegion, inRegion } from './region.ts'
import { type BarSurvey, surveyOf } from './survey.ts'

// Charts ask for one; with more of them the texts grow.
const MOST_INSTRUMENTS = 4

/** Whether a region is small enough to be read in one piece. */
export const isSmall = ({ instruments, period, asOf }: BarRegion): boolean =>
  instruments !== null && instruments.length <= MOST_INSTRUMENTS && period === 'daily' && asOf === null

/** All bars of a region that only one source has any of. */
export interface WholeBars {
  source: string
  /**
   * By instrument, ascending: a line with its end for each bar, by date. Comma separated and without quotes: date, open, high, low, close,
   * pre_close, change, pct_chg, volume, amount, is_st. Nothing between two commas is null.
   */
  lines: ReadonlyMap<number, string>
}

interface Part {
  source: string | null
  count: number
  writers: string
  id: number | null
  lines: string | null
}

/**
 * The survey of a small region and its bars with one question, as one text for each instrument: a message of the driver for each
 * row costs more than cutting it out of a text, and PostgreSQL takes longer to write a row than the values in it.
 *
 * @returns bars: null where several sources have some, which have to be elected first
 */
export async function readWhole(
  sql: Sql,
  region: BarRegion,
  source: string | null,
  isAdjusted: boolean,
): Promise<BarSurvey & { bars: WholeBars | null }> {
  const where = sql`${inRegion(sql, region)} ${source === null ? sql`` : sql`and b.source = ${source}`}`
  const orEmpty = (value: string) => sql.unsafe(`coalesce((${value})::text, '')`)
  const parts = await sql<Part[]>`
    with survey as materialized (${surveyOf(sql, where)})
    select source, count, writers, null::int as id, null as lines from survey
    union all
    select null, 0, '', b.instrument_id, string_agg(concat_ws(',', b.trade_date, b.open, b.high, b.low, b.close,
      ${orEmpty('b.pre_close')}, ${isAdjusted ? sql`''` : orEmpty('coalesce(b.close - b.pre_close, b.change)')}, ${orEmpty('b.pct_chg')},
      b.volume, b.amount, ${orEmpty('b.is_st')}), e'\n' order by b.trade_date) || e'\n'
    from bars b where ${where} and (select count(*) from survey) = 1
    group by b.instrument_id`
  const found = parts
    .flatMap((part) => (part.source === null ? [] : [{ ...part, source: part.source }]))
    .sort((a, b) => (a.source < b.source ? -1 : 1))
  const lines = parts
    .flatMap(({ id, lines }): [number, string][] => (id === null || lines === null ? [] : [[id, lines]]))
    .sort(([a], [b]) => a - b)
  return {
    sources: found.map((row) => row.source),
    version: found.map((row) => `${row.source} ${row.count} ${row.writers}`).join(),
    bars: found.length > 1 ? null : { source: found[0]?.source ?? '', lines: new Map(lines) },
  }
}
