import { knownTo, unlistedBy } from '../db/queries/known-codes.ts'
import type { SourceCall } from '../market/capability.ts'
import type { Answer } from '../sources/contract.ts'
import type { Work } from './batch-work.ts'

/**
 * Instruments of whose silence nothing can be learned. In a sparse dataset no row means that nothing happened, but a code
 * that the source does not know has no row either. Of the whole market nearly all are silent: there it takes a list of the
 * source that could name an instrument and does not.
 */
export async function unknownOf(
  { deps, market, served, source, capability }: Work,
  call: SourceCall,
  answer: Answer,
): Promise<ReadonlySet<number>> {
  if (!capability.sparse) return new Set()
  const { sql } = deps.db
  const brought = new Set((answer.rows as { symbol: string }[]).map(({ symbol }) => symbol))
  if (call.symbols === null) {
    const silent = served.flatMap(({ id, symbol }) => (brought.has(symbol) ? [] : id))
    return await unlistedBy(sql, source.name, silent)
  }
  const silent = call.symbols.filter((symbol) => !brought.has(symbol))
  const ids = silent.flatMap((symbol) => market.bySymbol.get(symbol)?.id ?? [])
  if (ids.length === 0) return new Set()
  const known = await knownTo(sql, source.name, ids)
  return new Set(ids.filter((id) => !known.has(id)))
}
