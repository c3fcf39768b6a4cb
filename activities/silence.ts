import { knownTo } from '../db/queries/known-codes.ts'
import type { SourceCall } from '../market/capability.ts'
import type { Answer } from '../sources/contract.ts'
import type { Work } from './batch-work.ts'

/**
 * Instruments of whose silence nothing can be learned. In a sparse dataset no row means that nothing happened, but a code
 * that the source does not know has no row either.
 */
export async function unknownOf(
  { deps, market, source, capability }: Work,
  call: SourceCall,
  answer: Answer,
): Promise<ReadonlySet<number>> {
  if (!capability.sparse || call.symbols === null) return new Set()
  const brought = new Set((answer.rows as { symbol: string }[]).map(({ symbol }) => symbol))
  const silent = call.symbols.filter((symbol) => !brought.has(symbol))
  const ids = silent.flatMap((symbol) => market.bySymbol.get(symbol)?.id ?? [])
  if (ids.length === 0) return new Set()
  const known = await knownTo(deps.db.sql, source.name, ids)
  return new Set(ids.filter((id) => !known.has(id)))
}
