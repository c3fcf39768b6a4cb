import { codeOf } from '../market/symbol.ts'
import type { Tx } from './client.ts'
import { type BarChange, countBars } from './bar-statistics.ts'
import { deriveEverySource } from './derive-bars.ts'
import { IDENTITY_LOCK } from './instruments.ts'
import type { MergeCounts } from './merge.ts'
import { moveRows } from './move-rows.ts'

/** A row of a stock list in canonical form; see sources/contract.ts for units. */
export interface StockListRow {
  symbol: string
  name: string | null
  area: string | null
  industry: string | null
  fullname: string | null
  enname: string | null
  cnspell: string | null
  market: string | null
  board: string
  exchange: string
  curr_type: string | null
  list_status: string
  list_date: string | null
  delist_date: string | null
  is_hs: string | null
}

/** Merges one list of stocks of one source: identity first, then the rows as that source lists them. */
export async function mergeStockList(
  tx: Tx,
  rows: readonly StockListRow[],
  context: { source: string; runId: string; job: string },
): Promise<MergeCounts> {
  if (rows.length === 0) return { inserted: 0, updated: 0, unchanged: 0 }
  await tx`select pg_advisory_xact_lock(${IDENTITY_LOCK})`
  // A list may name a stock twice (pages overlap), and one statement may touch a row once: the later one is the fresher.
  const byCode = new Map(rows.map((row) => [codeOf(row.symbol), row]))
  const sorted = [...byCode]
    .map(([code, row]) => ({ ...row, code }))
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  const payload = tx.json(sorted)
  await openInstruments(tx, payload, context.source)
  await completeInstruments(tx, payload, context.source)
  return await mergeListRows(tx, payload, sorted.length, context)
}

type Json = ReturnType<Tx['json']>

const LISTED = `jsonb_to_recordset($1::jsonb) as s(code text, symbol text, name text, fullname text, enname text, cnspell text,
  area text, industry text, market text, board text, exchange text, curr_type text, is_hs text, list_status text,
  list_date date, delist_date date)`

async function openInstruments(tx: Tx, payload: Json, source: string): Promise<void> {
  // Ids are drawn first: joining new rows to their codes by position would be a join in squares.
  await tx.unsafe(
    `with fresh as (
       select s.* from ${LISTED} where not exists (select from instrument_code c where c.code = s.symbol) order by symbol
     ), numbered as materialized (select nextval(pg_get_serial_sequence('instrument', 'id'))::int as id, fresh.* from fresh),
     opened as (
       insert into instrument (id, kind, board, exchange, list_date, delist_date) overriding system value
       select id, 'stock', board, exchange, list_date, delist_date from numbered
     )
     insert into instrument_code (code, instrument_id, valid_from, source) select symbol, id, list_date, $2 from numbered`,
    [payload, source],
  )
}

/**
 * A list knows the life of a stock better than a stub; nulls never overwrite. Some were delisted and came back years later under
 * their code: one list tells the first life and another one the second, which counts. So a delisting before the listing is
 * forgotten, and a life that was over before one that another source lists is not taken. A code that was replaced ends without
 * its stock.
 */
async function completeInstruments(tx: Tx, payload: Json, source: string): Promise<void> {
  await tx.unsafe(
    `update instrument i set board = s.board, exchange = s.exchange, stub = false, list_date = l.listed, delist_date = l.delisted
     from ${LISTED} join instrument_code c on c.code = s.symbol and c.valid_to is null join instrument k on k.id = c.instrument_id
     cross join lateral (
       select s.delist_date <= k.list_date and exists (
         select from stock_basic_info o where o.instrument_id = k.id and o.source <> $2 and o.list_date = k.list_date
       ) as is_over
     ) e
     cross join lateral (select case when is_over then k.list_date else coalesce(s.list_date, k.list_date) end as listed) b
     cross join lateral (
       select listed, case when not is_over and s.delist_date > coalesce(listed, '-infinity') then s.delist_date
         when k.delist_date > coalesce(listed, '-infinity') then k.delist_date end as delisted
     ) l
     where i.id = k.id and (i.stub or (l.listed, l.delisted) is distinct from (i.list_date, i.delist_date))`,
    [payload, source],
  )
}

const VALUES = [
  'symbol', 'name', 'fullname', 'enname', 'cnspell', 'area', 'industry', 'market', 'exchange', 'curr_type', 'is_hs',
  'list_status', 'list_date', 'delist_date',
] // prettier-ignore

/** What stays of a value that a list leaves out, where that is not all of it. */
const KEPT: Readonly<Record<string, string>> = {
  // A stock that is listed again is delisted no more.
  delist_date:
    'coalesce(excluded.delist_date, case when excluded.list_date >= t.delist_date then null else t.delist_date end)',
}

async function mergeListRows(
  tx: Tx,
  payload: Json,
  count: number,
  context: { source: string; runId: string; job: string },
): Promise<MergeCounts> {
  const differs = VALUES.map(
    (c) => `(excluded.${c} is not null and excluded.${c} is distinct from t.${c})`,
  ).join(' or ')
  const touched = await tx.unsafe<{ inserted: boolean }[]>(
    `insert into stock_basic_info as t (code, source, instrument_id, ${VALUES.join(', ')}, run_id, data_type)
     select s.code, $2, c.instrument_id, ${VALUES.map((c) => `s.${c}`).join(', ')}, $3::uuid, $4
     from ${LISTED} join instrument_code c on c.code = s.symbol order by s.code
     on conflict (code, source) do update set instrument_id = excluded.instrument_id,
       ${VALUES.map((c) => `${c} = ${KEPT[c] ?? `coalesce(excluded.${c}, t.${c})`}`).join(', ')},
       updated_at = now(), run_id = excluded.run_id, data_type = excluded.data_type
     where ${differs}
     returning (xmax = 0) as inserted`,
    [payload, context.source, context.runId, context.job],
  )
  const inserted = touched.filter((row) => row.inserted).length
  const updated = touched.length - inserted
  return { inserted, updated, unchanged: count - inserted - updated }
}

/**
 * Makes an old code and its successor one instrument. When both were opened apart (rows came before the mapping did),
 * everything of the old one moves to the new one.
 */
export async function mergeCodeChanges(
  tx: Tx,
  changes: readonly { old_symbol: string; new_symbol: string; list_date: string | null }[],
  context: { source: string; renumberedOn: string },
): Promise<MergeCounts> {
  await tx`select pg_advisory_xact_lock(${IDENTITY_LOCK})`
  const counts: MergeCounts = { inserted: 0, updated: 0, unchanged: 0 }
  for (const change of changes) {
    const target = await instrumentOf(tx, change.new_symbol)
    const old = await instrumentOf(tx, change.old_symbol)
    if (target === null || old === target) {
      counts.unchanged++
      continue
    }
    if (old !== null) await moveInstrument(tx, old, target)
    await tx`
      insert into instrument_code (code, instrument_id, valid_from, valid_to, source)
      values (${change.old_symbol}, ${target}, ${change.list_date}, ${context.renumberedOn}, ${context.source})
      on conflict (code) do update set instrument_id = excluded.instrument_id, valid_to = excluded.valid_to,
        valid_from = coalesce(instrument_code.valid_from, excluded.valid_from)`
    await tx`update instrument_code set valid_from = ${context.renumberedOn} where code = ${change.new_symbol}`
    if (old === null) counts.inserted++
    else {
      await tx`delete from instrument i where id = ${old} and not exists (select from instrument_code c where c.instrument_id = i.id)`
      counts.updated++
    }
  }
  return counts
}

async function instrumentOf(tx: Tx, symbol: string): Promise<number | null> {
  const [row] = await tx<
    { id: number }[]
  >`select instrument_id as id from instrument_code where code = ${symbol}`
  return row?.id ?? null
}

/** Rows that both have stay as the new one has them; what it covers is asked again. */
async function moveInstrument(tx: Tx, from: number, to: number): Promise<void> {
  await tx`update bars o set instrument_id = ${to} where instrument_id = ${from} and period = 'daily' and not exists
    (select from bars n where n.instrument_id = ${to} and (n.trade_date, n.period, n.source) = (o.trade_date, o.period, o.source))`
  await tx`update adj_factor o set instrument_id = ${to} where instrument_id = ${from} and not exists
    (select from adj_factor n where n.instrument_id = ${to} and (n.trade_date, n.source) = (o.trade_date, o.source))`
  await tx`update suspension o set instrument_id = ${to} where instrument_id = ${from} and not exists
    (select from suspension n where n.instrument_id = ${to} and (n.trade_date, n.source, n.suspend_type) = (o.trade_date, o.source, o.suspend_type))`
  await moveRows(tx, from, to)
  await deleteBars(tx, from)
  for (const table of ['adj_factor', 'suspension', 'coverage', 'coverage_hole']) {
    await tx`delete from ${tx(table)} where instrument_id = ${from}`
  }
  await tx`update revision set instrument_id = ${to} where instrument_id = ${from}`
  await tx`update sync_failure set resolved_at = now() where instrument_id = ${from} and resolved_at is null`
  await tx`update stock_basic_info set instrument_id = ${to} where instrument_id = ${from}`
  // It lives since it had its old code, whose end is not that of the stock.
  await tx`
    update instrument n set stub = n.stub and o.stub,
      list_date = least(n.list_date, case when o.list_date >= n.delist_date then null else o.list_date end)
    from instrument o where n.id = ${to} and o.id = ${from}`
  await deriveEverySource(tx, { instruments: [to] }, { runId: null, job: 'stock_list' })
}

/** Bars of an instrument that are there under another one, or will be: no last date changes. */
async function deleteBars(tx: Tx, instrument: number): Promise<void> {
  const deleted = await tx<Omit<BarChange, 'latest'>[]>`
    with gone as (delete from bars where instrument_id = ${instrument} returning period, source)
    select period, source, -count(*)::int as added from gone group by 1, 2`
  await countBars(
    tx,
    deleted.map((change) => ({ ...change, latest: null })),
  )
}
