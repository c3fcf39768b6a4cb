import type { Sql } from '../client.ts'
import { type BarRegion, type Fragment, inRegion } from './region.ts'

/** Sources by precedence for each group of fields of a bar, the best first. */
export type Precedence = Readonly<Record<(typeof GROUPS)[number], readonly string[]>>
const GROUPS = ['ohlc', 'volume', 'amount', 'pre_close', 'st'] as const

/** Whose value stands in which group of fields. */
export async function readPrecedence(sql: Sql): Promise<Precedence> {
  const rows = await sql<{ group: string; sources: string[] }[]>`
    select field_group as group, array_agg(source order by rank, source) as sources from value_precedence group by 1`
  const found = new Map(rows.map(({ group, sources }) => [group, sources]))
  return Object.fromEntries(GROUPS.map((group) => [group, found.get(group) ?? []])) as unknown as Precedence
}

export interface BarSurvey {
  /** Sources with bars in the region. */
  sources: string[]
  /**
   * Changes with every write to a bar of the region: the count of rows and the sum of the transactions that wrote them.
   * A changed row has a later transaction, and one row less is one less.
   */
  version: string
}

/** What a region holds, without its rows. */
export async function surveyBars(sql: Sql, region: BarRegion, source: string | null): Promise<BarSurvey> {
  const where = sql`${inRegion(sql, region)} ${source === null ? sql`` : sql`and b.source = ${source}`}`
  const rows = await sql<{ source: string; count: number; writers: string }[]>`
    ${surveyOf(sql, where)} order by source`
  return { sources: rows.map((row) => row.source), version: versionOf(rows) }
}

/** @param parts the count of rows of each source and the sum of the transactions that wrote them */
export const versionOf = (
  parts: readonly { source: string; count: number; writers: number | string }[],
): string => parts.map(({ source, count, writers }) => `${source} ${count} ${writers}`).join()

/** A row for each source with bars `b`: their count, and the sum of the transactions that wrote them. */
const surveyOf = (sql: Sql, where: Fragment): Fragment => sql`
  select source, sum(rows)::bigint as count, sum(rows * writer::text::bigint)::text as writers from (
    select b.source, b.xmin as writer, count(*) as rows from bars b where ${where} group by 1, 2
  ) b
  group by 1`

/** The newest code of every instrument. */
export async function symbolsOfToday(sql: Sql): Promise<Map<number, string>> {
  const rows = await sql<[number, string][]>`
    select distinct on (instrument_id) instrument_id, code from instrument_code
    order by instrument_id, valid_to desc nulls first, valid_from desc nulls last, code`.values()
  return new Map(rows as unknown as [number, string][])
}
