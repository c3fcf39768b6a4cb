import { INDEX_SYMBOLS, INDICES } from '../market/indices.ts'
import type { Sql } from './client.ts'
import { IDENTITY_LOCK } from './instruments.ts'

/** Opens the instruments of the main indices, once: no list names them. */
export async function openIndices(sql: Sql): Promise<void> {
  const listed = INDEX_SYMBOLS.map((symbol) => ({ symbol, ...INDICES[symbol] }))
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${IDENTITY_LOCK})`
    for (const { symbol, exchange, since } of listed) {
      await tx`
        with opened as (
          insert into instrument (kind, board, exchange, list_date)
          select 'index', 'index', ${exchange}, ${since} where not exists (select from instrument_code where code = ${symbol})
          returning id
        )
        insert into instrument_code (code, instrument_id, source) select ${symbol}, id, 'indices' from opened`
    }
  })
}
