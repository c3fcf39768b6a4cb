import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import type { Dataset } from '../market/datasets.ts'
import { countBars } from './bar-statistics.ts'
import type { Tx } from './client.ts'

/*
 * How the rows of a dataset get into its table: COPY into a temporary staging table, insert what is new, change what is
 * different, leave alone what is equal. An unchanged answer writes no row version.
 */

/** Datasets whose rows hang on instrument and date. */
export type DatedDataset = Extract<
  Dataset,
  'suspension' | 'bars' | 'adj_factor' | 'daily_basic' | 'index_bars'
>

interface MergeSpec {
  table: string
  /** Key columns besides instrument_id, trade_date and source. */
  extraKey: readonly string[]
  /** Columns that an upstream may change, with their types. */
  values: Readonly<Record<string, string>>
  /** Columns of the table with a fixed value for everything that comes this way. */
  fixed: Readonly<Record<string, string>>
  /** Old values are kept when one of them changes. */
  revisioned: boolean
}

export const MERGES: Record<DatedDataset, MergeSpec> = {
  suspension: {
    table: 'suspension',
    extraKey: ['suspend_type'],
    values: { suspend_timing: 'text' },
    fixed: {},
    revisioned: false,
  },
  bars: {
    table: 'bars',
    extraKey: [],
    values: {
      open: 'numeric',
      high: 'numeric',
      low: 'numeric',
      close: 'numeric',
      pre_close: 'numeric',
      change: 'numeric',
      pct_chg: 'numeric',
      volume: 'bigint',
      amount: 'numeric(22,4)',
      is_st: 'boolean',
    },
    fixed: { period: 'daily' },
    revisioned: true,
  },
  adj_factor: {
    table: 'adj_factor',
    extraKey: [],
    values: { factor: 'numeric(20,8)' },
    fixed: {},
    revisioned: true,
  },
  daily_basic: {
    table: 'daily_basic',
    extraKey: [],
    values: {
      close: 'numeric',
      turnover_rate: 'numeric',
      turnover_rate_f: 'numeric',
      volume_ratio: 'numeric',
      pe: 'numeric',
      pe_ttm: 'numeric',
      pe_dynamic: 'numeric',
      pb: 'numeric',
      ps: 'numeric',
      ps_ttm: 'numeric',
      pcf_ncf_ttm: 'numeric',
      dv_ratio: 'numeric',
      dv_ttm: 'numeric',
      total_share: 'numeric',
      float_share: 'numeric',
      free_share: 'numeric',
      total_mv: 'numeric(22,4)',
      circ_mv: 'numeric(22,4)',
    },
    fixed: {},
    revisioned: true,
  },
  index_bars: {
    table: 'index_bars',
    extraKey: [],
    values: {
      open: 'numeric',
      high: 'numeric',
      low: 'numeric',
      close: 'numeric',
      pre_close: 'numeric',
      change: 'numeric',
      pct_chg: 'numeric',
      volume: 'numeric',
      amount: 'numeric(22,4)',
    },
    fixed: {},
    revisioned: true,
  },
}

/** One staged line: instrument id, symbol, date, then extra key and values in the order of the spec. */
export type StagedLine = string

export interface MergeCounts {
  inserted: number
  updated: number
  unchanged: number
}

const stageName = (spec: MergeSpec) => `stage_${spec.table}`

/** Column types of the extra keys are all text. */
function stageDefinition(spec: MergeSpec): string {
  const columns = [
    'instrument_id int not null',
    'symbol text not null',
    'trade_date date not null',
    ...spec.extraKey.map((c) => `${c} text not null`),
    ...Object.entries(spec.values).map(([c, type]) => `${c} ${type}`),
  ]
  return `create temp table if not exists ${stageName(spec)} (${columns.join(', ')}) on commit delete rows`
}

/** COPY text of one value: tab, newline and backslash are escaped, null is `\N`. */
export function copyText(value: string | number | boolean | null): string {
  if (value === null) return '\\N'
  if (typeof value !== 'string') return String(value)
  return /[\\\t\n\r]/.test(value)
    ? value.replace(/[\\\t\n\r]/g, (c) => ({ '\t': '\\t', '\n': '\\n', '\r': '\\r' })[c] ?? '\\\\')
    : value
}

// Chunks near the socket's buffer: one huge string would be copied several times over.
const COPY_CHUNK_LINES = 1_000

/** Staged lines as COPY text: a tenth of the memory that rows take as objects, and none of it in the heap. */
export interface StagedRows {
  count: number
  chunks: readonly Buffer[]
}

/** Lines, which must be sorted by key and hold each key once. */
export function copyChunks(lines: readonly StagedLine[]): StagedRows {
  const chunks: Buffer[] = []
  for (let i = 0; i < lines.length; i += COPY_CHUNK_LINES)
    chunks.push(Buffer.from(lines.slice(i, i + COPY_CHUNK_LINES).join('\n') + '\n'))
  return { count: lines.length, chunks }
}

/** COPY into a table, or into some of its columns: `bars (symbol, close)`. */
export async function copyInto(tx: Tx, target: string, { chunks }: StagedRows): Promise<void> {
  const query = tx.unsafe(`copy ${target} from stdin`)
  const sink: Writable = await query.writable()
  // The driver tells nobody of an error that comes after the last byte, and whoever waited for the end waits for ever.
  void Object.assign(query, { reject: (error: Error) => void sink.destroy(error) })
  await pipeline(Readable.from(chunks), sink)
}

/**
 * Merges staged rows into the table of a dataset, inside the caller's transaction. They must be sorted by key, so that
 * two transactions over the same rows lock them in the same order, and must hold each key once.
 *
 * @param context `from` and `to` are the first and the last date of the rows
 */
export async function mergeRows(
  tx: Tx,
  dataset: DatedDataset,
  rows: StagedRows,
  context: { source: string; runId: string; job: string; from: string; to: string },
): Promise<MergeCounts> {
  if (rows.count === 0) return { inserted: 0, updated: 0, unchanged: 0 }
  const counts = await mergeStage(tx, dataset, rows, context)
  if (dataset === 'bars' && counts.inserted + counts.updated > 0) {
    const [staged] = await tx<{ latest: string }[]>`select max(trade_date)::text as latest from stage_bars`
    const change = { period: 'daily', source: context.source, added: counts.inserted } as const
    await countBars(tx, [{ ...change, latest: staged?.latest ?? null }])
  }
  return counts
}

async function mergeStage(
  tx: Tx,
  dataset: DatedDataset,
  rows: StagedRows,
  context: { source: string; runId: string; job: string; from: string; to: string },
): Promise<MergeCounts> {
  const spec = MERGES[dataset]
  await tx.unsafe(stageDefinition(spec))
  await copyInto(tx, stageName(spec), rows)
  const inserted = (await tx.unsafe(insertStatement(spec), [context.source, context.runId, context.job]))
    .count
  if (inserted === rows.count) return { inserted, updated: 0, unchanged: 0 }
  // The stage has no statistics: without this the planner may scan whole partitions instead of probing the key.
  await tx.unsafe(PROBE.map((method) => `set local ${method} = off`).join(';'))
  const [row] = await tx.unsafe<{ updated: number }[]>(updateStatement(spec, dataset, context), [
    context.source,
    context.runId,
    context.job,
  ])
  // What follows in the transaction is planned as ever.
  await tx.unsafe(PROBE.map((method) => `set local ${method} = on`).join(';'))
  const updated = row?.updated ?? 0
  return { inserted, updated, unchanged: rows.count - inserted - updated }
}

const PROBE = ['enable_hashjoin', 'enable_mergejoin', 'enable_seqscan'] as const

function insertStatement(spec: MergeSpec): string {
  const staged = ['instrument_id', 'symbol', 'trade_date', ...spec.extraKey, ...Object.keys(spec.values)]
  const fixed = Object.entries(spec.fixed)
  const columns = [...staged, ...fixed.map(([c]) => c), 'source', 'run_id', 'data_type']
  const values = [...staged, ...fixed.map(([, v]) => `'${v}'`), '$1', '$2::uuid', '$3']
  return `insert into ${spec.table} (${columns.join(', ')}) select ${values.join(', ')} from ${stageName(spec)} on conflict do nothing`
}

/**
 * Later nulls never overwrite values: a null in the stage is no difference.
 *
 * Rows that differ are locked, then compared once more: another transaction may have changed one since this statement
 * began, and what is kept as its old value has to be what it held last. Equal rows are not locked, since a lock is a write.
 *
 * Changed rows are written as inserts that conflict, because those find their row by the key whatever the planner
 * believes of the table; an update from a join does not.
 */
function updateStatement(spec: MergeSpec, dataset: string, range: { from: string; to: string }): string {
  const keys = ['instrument_id', 'trade_date', ...spec.extraKey]
  const values = Object.keys(spec.values)
  const fixed = Object.entries(spec.fixed)
  const onKey = [
    ...keys.map((k) => `t.${k} = s.${k}`),
    ...fixed.map(([c, v]) => `t.${c} = '${v}'`),
    't.source = $1',
    // Dates as literals let the planner leave out the partitions of other years. As a plain range it would also take the
    // index of dates for as good as the key.
    `(t.trade_date >= '${range.from}' or t.trade_date is null) and (t.trade_date <= '${range.to}' or t.trade_date is null)`,
  ].join(' and ')
  const differs = values.map((c) => `(s.${c} is not null and s.${c} is distinct from t.${c})`).join(' or ')
  const merged = values.map((c) => `coalesce(s.${c}, t.${c}) as ${c}`).join(', ')
  const oldValues = values.map((c) => `'${c}', t.${c}`).join(', ')
  const keep = spec.revisioned
    ? `, kept as (insert into revision (dataset, instrument_id, trade_date, source, old, known_from, known_to, run_id)
        select '${dataset}', instrument_id, trade_date, $1, old_values, old_since, greatest(now(), old_since), $2::uuid from changed)`
    : ''
  const written = [...keys, 'symbol', ...values]
  return `with differing as materialized (
      select s.* from ${stageName(spec)} s cross join lateral (
        select t.* from ${spec.table} t where ${onKey} limit 1
      ) t where ${differs} order by ${keys.map((k) => `s.${k}`).join(', ')}
    ), changed as materialized (
      select ${keys.map((k) => `s.${k}`).join(', ')}, s.symbol, ${merged}, t.old_values, t.old_since
      from differing s cross join lateral (
        select t.*, t.updated_at as old_since, jsonb_build_object(${oldValues}) as old_values
        from ${spec.table} t where ${onKey} for update
      ) t where ${differs}
    )${keep}, done as (
      insert into ${spec.table} (${[...written, ...fixed.map(([c]) => c)].join(', ')}, source, updated_at, run_id, data_type)
      select ${[...written, ...fixed.map(([, v]) => `'${v}'`)].join(', ')}, $1, greatest(now(), old_since), $2::uuid, $3 from changed
      on conflict (${[...keys, ...fixed.map(([c]) => c)].join(', ')}, source) do update set
        ${['symbol', ...values, 'updated_at', 'run_id', 'data_type'].map((c) => `${c} = excluded.${c}`).join(', ')}
      returning 1
    ) select count(*)::int as updated from done`
}
