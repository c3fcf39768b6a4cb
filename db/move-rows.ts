import type { Tx } from './client.ts'

/** Tables besides bars, factors and suspensions whose rows hang on an instrument, with the rest of their keys. */
export const KEYS = {
  name_change: ['start_date', 'name', 'source'],
  disclosure: ['period_end', 'source'],
  daily_basic: ['trade_date', 'source'],
  index_member: ['index_id', 'trade_date', 'source'],
  financial_report: [
    'statement',
    'period_end',
    'source',
    'report_type',
    'comp_type',
    'ann_date',
    'f_ann_date',
    'update_flag',
    'content_hash',
  ],
} as const

/** Gives the rows of one instrument to another one. Of two with one key that of the other one stays. */
export async function moveRows(tx: Tx, from: number, to: number): Promise<void> {
  for (const [table, keys] of Object.entries(KEYS)) {
    const isSame = keys.map((key) => `n.${key} is not distinct from o.${key}`).join(' and ')
    await tx.unsafe(
      `update ${table} o set instrument_id = $2 where instrument_id = $1
         and not exists (select from ${table} n where n.instrument_id = $2 and ${isSame})`,
      [from, to],
    )
    await tx`delete from ${tx(table)} where instrument_id = ${from}`
  }
}
