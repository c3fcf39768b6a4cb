import { kindOf } from '../../market/datasets.ts'
import type { SessionDataset } from '../audit/cells.ts'
import type { Sql, Tx } from '../client.ts'

/**
 * The first row of each instrument, for datasets whose instruments no list dates: `id` and `first`. An upstream that was
 * asked for the sessions before and had none of them has its series from there on. Of other datasets there is none, since
 * a list says what is missing.
 */
export const beginnings = (sql: Sql | Tx, dataset: SessionDataset) =>
  kindOf(dataset) === 'index'
    ? sql`select instrument_id as id, min(trade_date) as first from index_bars group by 1`
    : sql`select null::int as id, null::date as first where false`
