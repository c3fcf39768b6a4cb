import { instrumentIds } from '../db/queries/planning.ts'
import { isTradeDate } from '../market/date.ts'
import type { ApiDeps } from './deps.ts'
import { Problem } from './problems.ts'
import { decodeCursor } from './schemas/common.ts'

/** Ids behind a symbol; none for one that nobody lists, so that nothing is found. Null: all. */
export async function idsOf(
  { db }: ApiDeps,
  symbols: readonly string[] | undefined,
): Promise<number[] | null> {
  if (symbols === undefined) return null
  return [...(await instrumentIds(db.sql, symbols)).values()]
}

/** The parts of a cursor, when there are so many. */
export function partsOf(cursor: string | undefined, count: number): string[] | undefined {
  if (cursor === undefined) return undefined
  const parts = decodeCursor(cursor)
  if (parts.length !== count || !isTradeDate(parts[0] ?? '')) throw badCursor()
  return parts
}

/** One as a list, for what takes several. */
export const listOf = <T>(one: T | undefined): T[] | undefined => (one === undefined ? undefined : [one])

const badCursor = (): Problem =>
  new Problem('invalid_request', 'cursor: is no cursor of this list: leave it out for the first page')
