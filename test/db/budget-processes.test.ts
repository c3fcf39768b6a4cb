import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { slotInterval } from '../../db/budget.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { programOf } from '../support/programs.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

const PER_MINUTE = 1_200
// Together more than the 5 s ahead for which slots are given away, so that all of those are always taken.
const CALLS_AT_ONCE = 45
const INTERVAL_MS = slotInterval({ perMinute: PER_MINUTE, perHour: null, perDay: null, minIntervalMs: 0 })
// Windows are scaled down from the minute, and with them the time in which the reserve of 3 % makes up for late timers: a
// machine that is busy with other tests gets this much instead.
const LATE_MS = 1_000

/** An upstream that remembers when it was called. */
async function upstream(): Promise<{ url: string; arrivals: number[] }> {
  const arrivals: number[] = []
  const server = createServer((_request, response) => {
    arrivals.push(performance.now())
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, arrivals }
}

async function worker(url: string): Promise<ChildProcess> {
  const program = await programOf('test/db/fixtures/budget-worker.ts')
  const args = [...program, db.url, url, String(PER_MINUTE), String(CALLS_AT_ONCE)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** The most arrivals in any window of that length, wherever it begins. */
const mostIn = (arrivals: readonly number[], length: number): number =>
  Math.max(...arrivals.map((start) => arrivals.filter((at) => at >= start && at < start + length).length))

const TITLE =
  'three processes stay within one budget, and a killed one costs no more than the slots that it had taken'
// A machine that stands still for a second has all calls of that second leave at once.
test(TITLE, { retry: 3 }, async () => {
  await db.sql`delete from source_budget`
  const { url, arrivals } = await upstream()
  const workers = await Promise.all([worker(url), worker(url), worker(url)])
  const [killed, ...others] = workers
  // By then all three hold slots, up to five seconds ahead.
  await vi.waitFor(() => expect(arrivals.length).toBeGreaterThan(60), { timeout: 60_000, interval: 20 })

  killed.kill('SIGKILL')
  const killedAt = performance.now()
  const after = () => arrivals.filter((at) => at > killedAt).length
  // Two thirds of five seconds of slots belong to the others, and all slots after that.
  await vi.waitFor(() => expect(after()).toBeGreaterThan(70), { timeout: 30_000, interval: 20 })
  for (const child of others) child.stdin?.end()
  await Promise.all(others.map((child) => once(child, 'exit')))

  for (const length of [1_000, 3_000, 6_000])
    expect(mostIn(arrivals, length)).toBeLessThanOrEqual((length + LATE_MS) / INTERVAL_MS + 1)
  const gaps = arrivals.map((at, i) => at - (arrivals[i - 1] ?? at))
  expect(Math.max(...gaps)).toBeLessThan(5_000)
  const [budget] = await db.sql<{ taken: number }[]>`select total_calls as taken from source_budget`
  const lost = (budget?.taken ?? 0) - arrivals.length
  expect(lost).toBeGreaterThan(0)
  expect(lost).toBeLessThanOrEqual(5_000 / INTERVAL_MS + 1)
})
