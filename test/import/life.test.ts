import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { ApiDeps } from '../../api/deps.ts'
import { reconcileRun } from '../../api/runs/reconcile.ts'
import { cancelRun, pauseRun, retryRun } from '../../api/runs/steer.ts'
import { loadMarketFacts } from '../../db/plan-datasets.ts'
import { counting, loadCovered } from '../../db/plan/wanted.ts'
import { getRun, insertRun } from '../../db/queries/runs.ts'
import { subtractCovered } from '../../planning/wanted.ts'
import { programOf } from '../support/programs.ts'
import {
  asTushare,
  bars,
  type Bench,
  linesOf,
  NOW,
  openBench,
  SESSIONS,
  storedBars,
  SYMBOLS,
} from './support.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterEach(() => bench.clear())
afterAll(() => bench.close())

const truth = bars()
const line = (at: number) => asTushare(truth).split('\n')[at] ?? ''

test('a second import of the same file changes nothing', async () => {
  const file = bench.file('a.csv', asTushare(truth))
  await bench.import(file)
  const before = await bench.db.sql`select xmin, * from bars order by 2, 3, 4`

  const again = await bench.import(file)

  expect(again?.totals).toMatchObject({ inserted: 0, updated: 0, unchanged: 160, cellsDone: 160, done: 4 })
  expect(await bench.db.sql`select xmin, * from bars order by 2, 3, 4`).toEqual(before)
})

test('weeks, months, days and statistics follow from an import as from any answer', async () => {
  await bench.import(bench.file('a.csv', asTushare(truth)))

  const periods = await bench.db.sql`
    select period, count(*)::int as n, count(*) filter (where is_final)::int as final from bars group by 1 order by 1`
  expect(periods).toEqual([
    { period: 'daily', n: 160, final: 160 },
    { period: 'monthly', n: 8, final: 4 },
    { period: 'weekly', n: 36, final: 32 },
  ])
  const gates = await bench.db
    .sql`select state, count(*)::int as n from day_gate where dataset = 'bars' group by 1`
  expect(gates).toEqual([{ state: 'complete', n: SESSIONS.length }])
  const counted = await bench.db.sql`
    select sum(bars)::int as n from bar_statistics where source = 'import' and period = 'daily'`
  expect(counted).toEqual([{ n: 160 }])
})

test('what was imported is wanted of no upstream any more, and what was not is', async () => {
  const gap = SESSIONS[12] ?? ''
  await bench.import(
    bench.file('a.csv', asTushare(truth.filter((r) => r.symbol !== '600001.SH' || r.date !== gap))),
  )

  const covered = await loadCovered(bench.db.sql, 'bars', false)
  const { instruments, calendar } = await loadMarketFacts(bench.db.sql, 'bars', NOW)
  const range = { from: SESSIONS[0] ?? '', to: SESSIONS.at(-1) ?? '' }
  const wanted = (want: 'any' | 'upgrade') =>
    subtractCovered({
      instruments,
      range,
      calendar,
      covered: counting(covered, want, { name: 'akshare' } as never),
    })

  expect(wanted('any').map(({ instrument, ranges }) => [instrument.symbol, ranges])).toEqual([
    ['600001.SH', [{ from: gap, to: gap }]],
  ])
  // Every upstream is better than a file.
  expect(wanted('upgrade')).toHaveLength(SYMBOLS.length)
})

test('what another source says otherwise is recorded, and its value goes before that of a file', async () => {
  const [bar] = truth
  if (!bar) throw new Error('no bar')
  await bench.db.sql`
    insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, volume, amount)
    select instrument_id, ${bar.date}, 'daily', 'akshare', code, ${bar.open}, ${bar.high}, ${bar.low}, ${bar.close - 0.05}, ${bar.shares}, ${bar.yuan}
    from instrument_code where code = ${bar.symbol}`

  await bench.import(bench.file('a.csv', asTushare(truth)))

  const differences = await bench.db.sql`select field, source_a, source_b, value_b::float from agreement`
  expect(differences).toEqual([
    { field: 'close', source_a: 'akshare', source_b: 'import', value_b: bar.close },
  ])
  const [best] = await bench.db
    .sql`select ohlc_source, disputed from bars_best where trade_date = ${bar.date} and symbol = ${bar.symbol} and period = 'daily'`
  expect(best).toEqual({ ohlc_source: 'akshare', disputed: true })
})

test('days of a known suspension belong to what is covered', async () => {
  const [from = '', to = ''] = SESSIONS.slice(12, 14)
  await bench.db.sql`
    insert into suspension (instrument_id, trade_date, source, suspend_type, symbol)
    select instrument_id, d, 'tushare', 'S', code from instrument_code, unnest(${[from, to]}::date[]) as d where code = '600001.SH'`
  const traded = bars(['600001.SH']).filter(({ date }) => date !== from && date !== to)

  const end = await bench.import(bench.file('a.csv', asTushare(traded)))

  expect(end).toMatchObject({ status: 'success', verification: { dates: 38, incomplete: 0 } })
  const [row] = await bench.db.sql`select ranges from coverage`
  expect(row?.ranges).toBe('{[2024-01-02,2024-02-27)}')
})

test('bad rows are quarantined with their line and reason, twins are taken once, and contradictions not at all', async () => {
  const open = Number(line(7).split(',')[2])
  const content = [
    ...asTushare(truth).trim().split('\n').toSpliced(9, 1),
    line(5),
    line(7).replace(`,${open},`, `,${open + 0.01},`),
    line(9).replace(/[^,]+$/, '1'),
  ]

  const end = await bench.import(bench.file('a.csv', content.join('\n')))

  expect(end?.status).toBe('success_with_errors')
  const kept = await bench.db.sql<
    { symbol: string; trade_date: string; reason: string; has_line: boolean }[]
  >`
    select symbol, trade_date, reason, raw like 'line %' as has_line from quarantine order by 2, raw`
  const contradiction = 'another row of the same day says something else'
  expect(kept.map((row) => [row.symbol, row.trade_date, row.reason, row.has_line])).toEqual([
    ['600001.SH', '2024-01-10', contradiction, true],
    ['600001.SH', '2024-01-10', contradiction, true],
    [
      '600001.SH',
      '2024-01-12',
      'amount / volume is outside the range of prices: wrong unit or adjusted prices',
      true,
    ],
  ])
  expect(await storedBars(bench.db.sql)).toHaveLength(158)
  const [run] = await bench.db
    .sql`select rejected::int, (select sum(rejected)::int from sync_batch) as sum from sync_run`
  expect(run).toEqual({ rejected: 3, sum: 3 })
})

test('a corrected file changes its rows and keeps what they said before', async () => {
  await bench.import(bench.file('a.csv', asTushare(truth)))
  const corrected = truth.map((r, i) => (i === 3 ? { ...r, close: r.close + 0.01 } : r))

  const end = await bench.import(bench.file('b.csv', asTushare(corrected)))

  expect(end?.totals).toMatchObject({ inserted: 0, updated: 1, unchanged: 159 })
  const old = await bench.db.sql`select source, (old->>'close')::float as close from revision`
  expect(old).toEqual([{ source: 'import', close: truth[3]?.close }])
})

test('a symbol that no list names comes in under a flagged instrument', async () => {
  const end = await bench.import(
    bench.file('a.csv', asTushare(bars(['600001.SH']).map((r) => ({ ...r, symbol: '688999.SH' })))),
  )
  expect(end?.totals.inserted).toBe(40)
  const stubs = await bench.db.sql`
    select c.code, c.source from instrument i join instrument_code c on c.instrument_id = i.id where stub`
  expect(stubs).toEqual([{ code: '688999.SH', source: 'import' }])
  await bench.db.sql`delete from instrument_code where code = '688999.SH'`
  await bench.db.sql`delete from instrument where stub`
})

test('an import waits for no other run: it names the one that is under way', async () => {
  const id = '0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90'
  await insertRun(bench.db, {
    id,
    job: 'daily_history',
    params: {},
    lockKey: 'global',
    workflowId: 'x',
    requestId: null,
  })
  await expect(bench.import(bench.file('a.csv', asTushare(truth)))).rejects.toThrow(
    `run ${id} (daily_history) is under way`,
  )
  expect(await storedBars(bench.db.sql)).toEqual([])
})

test('an import that is stopped leaves whole stocks and ends as cancelled', async () => {
  const stopping = new AbortController()
  const file = bench.file('a.csv', asTushare(truth))

  await expect(
    bench.import(
      file,
      {},
      { onChunk: (done) => (done === 2 ? stopping.abort() : undefined) },
      stopping.signal,
    ),
  ).rejects.toThrow()

  expect(await storedBars(bench.db.sql)).toHaveLength(80)
  const [run] = await bench.db.sql`select status, inserted::int from sync_run`
  expect(run).toEqual({ status: 'cancelled', inserted: 80 })
})

test('the API cancels an import, and neither pauses nor retries it', async () => {
  // Nothing of this asks Temporal.
  const api = { db: bench.db } as unknown as ApiDeps
  const steered: string[] = []
  const noted = (error: unknown) => void steered.push((error as Error).message)
  const steer = async () => {
    const [run] = await bench.db.sql<{ id: string }[]>`select id from sync_run`
    await pauseRun(api, run?.id ?? '').catch(noted)
    await cancelRun(api, run?.id ?? '')
    await retryRun(api, run?.id ?? '').catch(noted)
  }

  const importing = bench.import(
    bench.file('a.csv', asTushare(truth)),
    {},
    { onChunk: (done) => (done === 2 ? steer() : undefined) },
  )

  await expect(importing).rejects.toThrow(/ended from outside/)
  expect(steered).toEqual([
    expect.stringMatching(/cannot pause: cancel it/),
    expect.stringMatching(/start it again with npm run import/),
  ])
  const [run] = await bench.db.sql`select status, inserted::int from sync_run`
  expect(run).toEqual({ status: 'cancelled', inserted: 80 })
})

test('an import that is killed in the middle is closed, and the next one goes on', async () => {
  const file = bench.file('a.csv', asTushare(truth))
  const blocker = await bench.db.sql.reserve()
  await blocker`begin`
  // The last stock cannot be covered before this transaction ends.
  await blocker`insert into coverage (dataset, instrument_id, source, ranges) select 'bars', instrument_id, 'import', '{}'
    from instrument_code where code = ${SYMBOLS.at(-1) ?? ''}`
  const program = await programOf('test/import/fixtures/import.ts')
  const child = spawn(process.execPath, [...program, bench.db.url, file], {
    stdio: 'inherit',
  })
  await until(async () => (await storedBars(bench.db.sql)).length === 120)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await blocker`rollback`
  blocker.release()

  const [run] = await bench.db.sql<{ id: string }[]>`select id from sync_run`
  const row = await getRun(bench.db, run?.id ?? '')
  expect(row).toMatchObject({ status: 'running', inserted: 120, cellsDone: 120, symbolsDone: 3 })
  // Its lease tells that it may live; once that has run out, nobody believes it.
  const api = { db: bench.db } as unknown as ApiDeps
  expect(row && (await reconcileRun(api, row))).toBe('unchanged')
  await bench.db.sql`update source_lease set until = now()`
  expect(row && (await reconcileRun(api, row))).toBe('ended')
  expect(await getRun(bench.db, run?.id ?? '')).toMatchObject({ status: 'terminated' })
  const again = await bench.import(file)
  expect(again?.totals).toMatchObject({ inserted: 40, updated: 0, unchanged: 120 })
  expect(await storedBars(bench.db.sql)).toEqual(linesOf(truth))
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const limit = Date.now() + 90_000; !(await condition());) {
    if (Date.now() > limit) throw new Error('it did not come to that within 90 s')
    await new Promise((go) => setTimeout(go, 20))
  }
}
