import { Writable } from 'node:stream'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { yearMarket } from '../support/market.ts'
import { openLab, TEST_TOKEN, wholeMarket } from '../support/lab.ts'

/** Every place where a token could come to light, after runs that succeed, fail, and are refused. */
test('no token in any table, workflow history or log line', async () => {
  const lines: string[] = []
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString())
      done()
    },
  })
  const lab = await openLab({ market: yearMarket(20), log: pino({ level: 'debug' }, sink) })
  try {
    const ids: string[] = []
    const range = wholeMarket(lab.market)
    for (const fault of [null, 'bad_token', 'html', 'missing_column', 'no_permission'] as const) {
      lab.upstream.setFaults(fault === null ? [] : [{ kind: fault, api: 'adj_factor' }])
      const id = await lab.start('daily_history', { ...range, refresh: true })
      await lab
        .until(id, undefined, fault === 'html' ? 2 : 60)
        .catch(() => lab.client.workflow.getHandle(`sync/${id}`).cancel())
      await lab.until(id)
      ids.push(id)
    }
    const tables = await lab.db.sql<
      { name: string }[]
    >`select relname as name from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`
    expect(tables.length).toBeGreaterThan(15)
    for (const { name } of tables) {
      const [found] = await lab.db
        .sql`select 1 from ${lab.db.sql(name)} t where t::text like ${`%${TEST_TOKEN}%`} limit 1`
      expect({ name, found }).toEqual({ name, found: undefined })
    }
    for (const id of ids) {
      const history = await lab.client.workflow.getHandle(`sync/${id}`).fetchHistory()
      // Payloads are base64 in JSON: decoded, so that what they hold can be searched.
      const bytes = historyToJSON(history).replace(/"data": "([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
        Buffer.from(data, 'base64').toString(),
      )
      expect(bytes.includes(TEST_TOKEN)).toBe(false)
      expect(bytes.includes('daily_history')).toBe(true)
    }
    expect(lines.join('').includes(TEST_TOKEN)).toBe(false)
    // A test that cannot fail would be worse than none: the upstream did get the token.
    expect(lab.upstream.stats().byApi.daily?.ok).toBeGreaterThan(0)
  } finally {
    await lab.close()
  }
})
