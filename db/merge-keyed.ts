import type { Dataset } from '../market/datasets.ts'
import type { Tx } from './client.ts'
import type { MergeCounts } from './merge.ts'

/*
 * Small datasets that come as lists and have keys of their own. A list is a few thousand rows: it goes to the database as
 * one JSON value.
 */

export type KeyedDataset = Extract<Dataset, 'name_change' | 'disclosure' | 'index_member'>

interface KeyedSpec {
  table: string
  /** Column → type, besides `source`. */
  key: Readonly<Record<string, string>>
  values: Readonly<Record<string, string>>
}

const KEYED: Record<KeyedDataset, KeyedSpec> = {
  name_change: {
    table: 'name_change',
    key: { instrument_id: 'int', start_date: 'date', name: 'text' },
    values: { symbol: 'text', end_date: 'date', ann_date: 'date', reason: 'text' },
  },
  disclosure: {
    table: 'disclosure',
    key: { instrument_id: 'int', period_end: 'date' },
    values: { symbol: 'text', ann_date: 'date', pre_date: 'date', actual_date: 'date' },
  },
  index_member: {
    table: 'index_member',
    key: { index_id: 'int', trade_date: 'date', instrument_id: 'int' },
    values: { index_symbol: 'text', symbol: 'text', weight: 'numeric' },
  },
}

/** A row by the names of its columns, instrument ids included. */
export type KeyedRow = Readonly<Record<string, string | number | null>>

/**
 * Adds what is new and changes what is different; nulls never overwrite, an unchanged list writes nothing. Of two rows with
 * one key the later one counts.
 */
export async function mergeKeyed(
  tx: Tx,
  dataset: KeyedDataset,
  rows: readonly KeyedRow[],
  context: { source: string; runId: string; job: string },
): Promise<MergeCounts> {
  if (rows.length === 0) return { inserted: 0, updated: 0, unchanged: 0 }
  const { table, key, values } = KEYED[dataset]
  const keys = Object.keys(key)
  const columns = Object.keys(values)
  const unique = [...new Map(rows.map((row) => [keys.map((k) => String(row[k])).join('\t'), row])).values()]
  const types = Object.entries({ ...key, ...values }).map(([column, type]) => `${column} ${type}`)
  const written = await tx.unsafe<{ inserted: boolean }[]>(
    `insert into ${table} as t (${[...keys, ...columns].join(', ')}, source, run_id, data_type)
     select ${[...keys, ...columns].map((c) => `s.${c}`).join(', ')}, $2, $3::uuid, $4
     from jsonb_to_recordset($1::jsonb) as s(${types.join(', ')}) order by ${keys.map((k) => `s.${k}`).join(', ')}
     on conflict (${keys.join(', ')}, source) do update set
       ${columns.map((c) => `${c} = coalesce(excluded.${c}, t.${c})`).join(', ')},
       updated_at = now(), run_id = excluded.run_id, data_type = excluded.data_type
     where ${columns.map((c) => `(excluded.${c} is not null and excluded.${c} is distinct from t.${c})`).join(' or ')}
     returning xmax = 0 as inserted`,
    [tx.json(unique), context.source, context.runId, context.job],
  )
  const inserted = written.filter((row) => row.inserted).length
  const updated = written.length - inserted
  return { inserted, updated, unchanged: unique.length - written.length }
}
