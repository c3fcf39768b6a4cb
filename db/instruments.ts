import { boardOf, exchangeOf, parseSymbol } from '../market/symbol.ts'
import type { Tx } from './client.ts'

/** Held by whoever opens instruments or changes what codes stand for: lists, renumberings and stubs must not interleave. */
export const IDENTITY_LOCK = 7_316_205

/**
 * Ids of the instruments behind symbols. A symbol that no list has named opens a flagged stub, so that its rows are not
 * lost; the stock list completes it when it comes.
 */
export async function resolveInstruments(
  tx: Tx,
  symbols: readonly string[],
  source: string,
): Promise<Map<string, number>> {
  const known = await tx<{ code: string; instrument_id: number }[]>`
    select code, instrument_id from instrument_code where code = any(${symbols as string[]})`
  const ids = new Map(known.map((row) => [row.code, row.instrument_id]))
  for (const symbol of [...symbols].sort()) {
    if (!ids.has(symbol)) ids.set(symbol, await openStub(tx, symbol, source))
  }
  return ids
}

async function openStub(tx: Tx, symbol: string, source: string): Promise<number> {
  if (parseSymbol(symbol) === null) throw new TypeError(`not a symbol: ${symbol}`)
  // Two transactions may meet a new symbol at once: the lock lets the second one find the first one's row.
  await tx`select pg_advisory_xact_lock(${IDENTITY_LOCK})`
  const [found] = await tx<
    { instrument_id: number }[]
  >`select instrument_id from instrument_code where code = ${symbol}`
  if (found) return found.instrument_id
  const [created] = await tx<{ id: number }[]>`
    with opened as (
      insert into instrument (kind, board, exchange, stub) values ('stock', ${boardOf(symbol)}, ${exchangeOf(symbol)}, true)
      returning id
    )
    insert into instrument_code (code, instrument_id, source) select ${symbol}, id, ${source} from opened
    returning instrument_id as id`
  if (!created) throw new Error(`no instrument could be opened for ${symbol}`)
  return created.id
}
