import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../db/client.ts'
import { postgresServer, type Server } from '../chaos/servers.ts'

/*
 * A server that dies with transactions in flight. The driver alone (postgres.js 3.4.9) then ends the process ("Cannot read
 * properties of null (reading 'write')"), or keeps connections that never answer again.
 */

let server: Server
let db: Database

beforeAll(async () => {
  server = await postgresServer()
  db = openDatabase({ url: server.address, max: 8, name: 'test' })
  await db.sql`create table kept (n int)`
})
afterAll(async () => {
  await db.close()
  await server.close()
})

const lines = () => Readable.from(Array.from({ length: 20 }, () => '1\n'.repeat(500)))

/** What a commit of ours is made of. */
async function commit(): Promise<void> {
  await db.sql.begin(async (tx) => {
    await tx`create temp table if not exists stage (n int) on commit delete rows`
    await pipeline(lines(), await tx`copy stage from stdin`.writable())
    await tx`insert into kept select n from stage limit 3`
    await tx`select count(*) from kept where n = ${1}`
  })
}

/** Commits again and again; `times` is how often it went well. */
function worker() {
  const state = { times: 0, codes: new Set<unknown>(), stopped: false, ended: Promise.resolve() }
  state.ended = (async () => {
    while (!state.stopped) {
      try {
        await commit()
        state.times++
      } catch (error) {
        state.codes.add((error as { code?: unknown }).code)
        await sleep(20)
      }
    }
  })()
  return state
}

test('what is in flight is refused, nothing hangs, and all go on after its return', async () => {
  const workers = Array.from({ length: 8 }, worker)
  const untilAllHaveCommitted = async (): Promise<void> => {
    const before = workers.map(({ times }) => times)
    const late = () => workers.filter(({ times }, i) => times <= (before[i] ?? 0))
    await expect.poll(late, { timeout: 60_000 }).toEqual([])
  }
  await untilAllHaveCommitted()
  for (let round = 0; round < 3; round++) {
    await server.die()
    await sleep(200)
    await server.comeBack()
    await untilAllHaveCommitted()
  }
  for (const each of workers) each.stopped = true
  await Promise.all(workers.map(({ ended }) => ended))
  const codes = [...new Set(workers.flatMap(({ codes }) => [...codes]))]
  expect(codes).toContain('CONNECTION_LOST')
  const [kept] = await db.sql<{ n: number }[]>`select count(*)::int as n from kept`
  // A commit whose acknowledgement was lost may be there: it is never there in part.
  expect((kept?.n ?? 0) % 3).toBe(0)
  expect(kept?.n).toBeGreaterThanOrEqual(3 * workers.reduce((sum, { times }) => sum + times, 0))
})
