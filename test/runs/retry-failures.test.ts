import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ApiLab, openApiLab } from '../api/support.ts'
import { forgetBars } from '../support/database.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences, factorDifferences } from '../support/truth.ts'

/* Failures of any runs, tried once more by the job for them. */

let lab: ApiLab
let victims: string[]
const SPAN = { start_date: '2026-09-01', end_date: '2026-11-20' }

beforeAll(async () => {
  lab = await openApiLab({ worker: true, market: yearMarket(16) })
  victims = [...lab.market.truthStocks()]
    .filter((stock) => (stock.list_date ?? '9999') < '2026-01-01' && stock.delist_date === null)
    .slice(2, 5)
    .map((stock) => stock.symbol)
  await lab.run('stock_list')
})
beforeEach(async () => {
  lab.upstream.setFaults([])
  await forgetBars(
    lab.db.sql,
    'suspension',
    'day_gate',
    'quarantine',
    'revision',
    'source_budget',
    'source_health',
  )
})
afterAll(() => lab.close())

/** A run over some stocks that the upstream answers wrongly. */
async function failing(symbols: readonly string[]) {
  lab.upstream.setFaults([{ kind: 'missing_column', column: 'close', api: 'daily', codes: [...symbols] }])
  const run = await lab.run('daily_history', { ...SPAN, symbols })
  expect(run.status).toBe('success_with_errors')
  lab.upstream.setFaults([])
  return run
}

interface Retried {
  failures: number
  run: { id: string } | null
}

/** The job for failures, with what it asked of the upstream. */
async function retry(body: object = {}) {
  const since = lab.upstream.stats().total
  const answer = await lab.post<Retried>('/api/failures/retry', body)
  expect(answer.status).toBe(200)
  const { run, failures } = answer.body
  const row = run && (await lab.until(run.id))
  return { id: run?.id, failures, status: row?.status, calls: lab.upstream.stats().total - since }
}

const open = () => lab.db.sql<
  { id: number; symbol: string | null; dataset: string; retry_count: number; run_id: string }[]
>`
  select id, symbol, dataset, retry_count, run_id from sync_failure where resolved_at is null order by id`
const isWanted = (symbol: string, date: string) =>
  victims.includes(symbol) && date >= SPAN.start_date && date <= SPAN.end_date

test('failures of several runs come in one call, nothing else is asked, and their run resolves them', async () => {
  for (const victim of victims) await failing([victim])
  expect((await open()).map(({ symbol }) => symbol)).toEqual(victims)
  const plan = await lab.post('/api/plan', { job: 'retry_failures', params: {} })
  expect(plan.body).toMatchObject({ calls: 1 })
  const { id, ...retried } = await retry()
  expect(retried).toEqual({ failures: 3, status: 'success', calls: 1 })
  expect(await barDifferences(lab.db.sql, lab.market, isWanted)).toEqual([])
  const resolved = await lab.db.sql`select resolved_by from sync_failure where resolved_at is not null`
  expect(resolved).toEqual(victims.map(() => ({ resolved_by: id })))
})

test('what other runs bring, in however many answers, they resolve; what comes by other ways costs no call', async () => {
  const symbols = victims.slice(0, 1)
  await failing(symbols)
  await lab.run('daily_history', { ...SPAN, symbols, end_date: '2026-10-16' })
  expect(await open()).toHaveLength(1)
  const { id } = await lab.run('daily_history', { ...SPAN, symbols, start_date: '2026-10-17' })
  expect(await open()).toEqual([])
  expect(await lab.db.sql`select resolved_by from sync_failure`).toEqual([{ resolved_by: id }])
  await lab.db.sql`update sync_failure set resolved_at = null, resolved_by = null`
  expect(await retry()).toMatchObject({ failures: 1, status: 'success', calls: 0 })
  expect(await open()).toEqual([])
})

test('what fails again is counted up in its own record until its tries are used; by its id it is tried all the same', async () => {
  const victim = victims.slice(0, 1)
  await failing(victim)
  const [before] = await open()
  lab.upstream.setFaults([{ kind: 'missing_column', column: 'close', api: 'daily', codes: victim }])
  // Half of it comes with another run, so that the rest fails under other dates.
  await lab.db
    .sql`insert into coverage (dataset, instrument_id, source, ranges) select 'bars', instrument_id, 'tushare', '{[2026-09-01,2026-10-10)}' from instrument_code where code = ${victim[0] ?? ''}`
  const again = await retry()
  expect(again.status).toBe('success_with_errors')
  const [after, ...others] = await open()
  expect(others).toEqual([])
  expect(after).toMatchObject({ id: before?.id, run_id: again.id })
  expect(after?.retry_count).toBe((before?.retry_count ?? 0) + 1)
  await lab.db.sql`update sync_failure set retry_count = max_retries`
  expect(await retry()).toMatchObject({ failures: 0, id: undefined, calls: 0 })
  lab.upstream.setFaults([])
  expect(await retry({ ids: [after?.id] })).toMatchObject({ failures: 1, status: 'success', calls: 1 })
  expect(await open()).toEqual([])
})

test('batches that were given up are asked for with all of their cells', async () => {
  lab.upstream.setFaults([
    { kind: 'no_permission', api: 'adj_factor' },
    { kind: 'missing_column', column: 'suspend_type', api: 'suspend_d' },
  ])
  await lab.run('daily_history', { ...SPAN, symbols: victims })
  const left = await open()
  expect(new Set(left.map(({ dataset, symbol }) => `${dataset} ${symbol ?? 'of all'}`))).toEqual(
    new Set(['suspension of all', 'adj_factor of all']),
  )
  lab.upstream.setFaults([])
  await lab.db.sql`update source_budget set denied_at = null`
  expect(await retry()).toMatchObject({ failures: left.length, status: 'success', calls: 2 })
  expect(await factorDifferences(lab.db.sql, lab.market, isWanted)).toEqual([])
  expect(await open()).toEqual([])
})

test('a person finds failures by what they are about, and takes one for settled', async () => {
  await failing(victims.slice(0, 2))
  const [first, second] = await open()
  const find = async (query: string) => {
    const { body } = await lab.get<{ items: { id: number }[] }>(`/api/failures?${query}`)
    return body.items.map(({ id }) => id)
  }
  const both = [second?.id, first?.id]
  expect(
    await find('open=true&dataset=bars&source=tushare&job=daily_history&error_class=SchemaDrift'),
  ).toEqual(both)
  expect(await find(`symbol=${first?.symbol ?? ''}`)).toEqual([first?.id])
  for (const none of [
    'dataset=adj_factor',
    'source=akshare',
    'job=weekly',
    'error_class=Banned',
    'symbol=603999',
  ])
    expect(await find(none)).toEqual([])
  const resolved = await lab.post(`/api/failures/${first?.id ?? 0}/resolve`)
  expect(resolved.body).toMatchObject({ id: first?.id, resolved_by: expect.any(String) as string })
  expect((await lab.post(`/api/failures/${first?.id ?? 0}/resolve`)).body).toEqual(resolved.body)
  expect(await find('open=true')).toEqual([second?.id])
  expect((await lab.post('/api/failures/999999/resolve')).body).toMatchObject({ code: 'failure_not_found' })
  expect((await lab.post('/api/failures/x/resolve')).status).toBe(400)
  // Asked for again by everything, and tried by the job only where it is open.
  expect(await retry({ symbols: [first?.symbol] })).toMatchObject({ failures: 0 })
  expect(await retry({ symbols: [second?.symbol], end_date: SPAN.start_date })).toMatchObject({ failures: 1 })
})
