import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { addStock } from '../db/bars-support.ts'
import { type ApiLab, openApiLab } from './support.ts'

/* Bars over a real connection: long answers, and readers that leave. */

// Together they have 73,040 bars, some 15 MB of JSON.
const CODES = Array.from({ length: 20 }, (_, i) => `0000${String(i + 10)}.SZ`)

let lab: ApiLab
let server: Server
let port: number

beforeAll(async () => {
  lab = await openApiLab({ api: { now: () => new Date('2024-01-10T10:00:00+08:00') } })
  const ids: number[] = []
  for (const code of CODES) ids.push(await addStock(lab.db.sql, [code]))
  await lab.db.sql`
    insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, pre_close, volume, amount)
    select i, d::date, 'daily', 'tushare', '000001.SZ', 10, 12, 9, 11, 10, 1, 10
    from generate_series('2014-01-01'::date, '2023-12-31', '1 day') d, unnest(${ids}::int[]) i`
})
afterAll(() => lab.close())
beforeEach(async () => {
  server = createAdaptorServer({ fetch: lab.app.fetch }) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

const busy = async () => {
  const [row] = await lab.db.sql<{ n: number }[]>`
    select count(*)::int as n from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`
  return row?.n ?? 0
}

test('a long answer comes whole', async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/api/bars?symbol=${CODES.join()}`)
  const { data, count } = (await answer.json()) as { data: unknown[]; count: number }
  expect([data.length, count]).toEqual([73_040, 73_040])
})

// Of so many years, some stocks are read at a time.
test('the whole market over years comes as a Parquet file', async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/api/bars?from=1900-01-01&format=parquet`)
  const rows = await parquetReadObjects({ file: await answer.arrayBuffer(), columns: ['symbol'] })
  expect([rows.length, new Set(rows.map((row: Record<string, unknown>) => row['symbol'])).size]).toEqual([
    73_040, 20,
  ])
})

test.each([`symbol=${CODES.join()}`, 'from=2014-01-01&format=csv', 'from=2014-01-01&format=arrow'])(
  'readers that leave in the middle of %s leave nothing behind',
  async (query) => {
    for (let i = 0; i < 6; i++) {
      const socket = connect(port, '127.0.0.1')
      socket.write(`GET /api/bars?${query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
      await once(socket, 'data')
      socket.destroy()
    }
    await expect.poll(busy).toBe(0)
    expect((await lab.get('/api/bars?symbol=000010')).status).toBe(200)
  },
)
