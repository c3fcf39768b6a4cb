import { expect, test } from 'vitest'
import type { Fault } from '../../local/replay/faults.ts'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { openConnection, readFrame, records, requestBytes, withBaostock } from './baostock-client.ts'
import type { Connection } from './baostock-client.ts'

const market = createSandboxMarket({ stocks: 60, years: 1 })
const DAY = '2026-11-20'

const table = ({ ask }: Connection) => ask('98', 'query_daily_history_k_AStock', DAY)
const statuses = ({ ask }: Connection) => ask('35', 'query_all_stock', 1, 2000, DAY)

const withFaults = (
  faults: readonly Fault[],
  test: (connection: Connection, calm: Record<string, string>[]) => Promise<void>,
) =>
  withBaostock({ market }, async (connection, { setFaults }) => {
    const calm = records(await table(connection))
    setFaults(faults)
    await test(connection, calm)
  })

test('row faults damage the rows as they say', async () => {
  await withFaults([{ kind: 'empty' }], async (connection) => {
    expect((await table(connection)).parts[4]).toBe('')
    expect((await statuses(connection)).parts[6]).toBe('')
  })
  await withFaults([{ kind: 'half_day', percent: 25 }], async (connection, calm) =>
    expect(records(await table(connection))).toEqual(calm.slice(0, Math.floor(calm.length / 4))),
  )
  await withFaults([{ kind: 'duplicates' }], async (connection, calm) => {
    const served = records(await table(connection))
    expect(served.length).toBeGreaterThan(calm.length)
    expect(served.slice(calm.length)).toEqual(calm.slice(0, served.length - calm.length))
  })
  await withFaults([{ kind: 'wrong_unit' }], async (connection, calm) => {
    const [first] = records(await table(connection))
    expect(first).toEqual({ ...calm[0], volume: String(Number(calm[0]?.volume) * 100) })
  })
  await withFaults([{ kind: 'wrong_unit', column: 'amount', factor: 0.001 }], async (connection, calm) => {
    const [first] = records(await table(connection))
    expect(first?.amount).toBe((Number(calm[0]?.amount) / 1000).toFixed(4))
  })
})

test('a column goes missing or gets another name, in tables and in histories', async () => {
  const history = ({ ask }: Connection) =>
    ask('95', 'query_history_k_data_plus', 1, 10, 'sh.600000', 'date,close,volume', DAY, DAY, 'd', '3')
  await withFaults([{ kind: 'missing_column', column: 'close' }], async (connection, calm) => {
    expect(Object.keys(calm[0] ?? {})).toContain('close')
    expect(Object.keys(records(await table(connection))[0] ?? {})).not.toContain('close')
    expect((await history(connection)).parts[8]).toBe('date,volume')
  })
  await withFaults([{ kind: 'renamed_column', column: 'volume', to: 'vol' }], async (connection) =>
    expect((await history(connection)).parts[8]).toBe('date,close,vol'),
  )
})

test.each([
  ['high_below_low', (row: Record<string, string>) => Number(row.high) < Number(row.low)],
  ['null_close', (row: Record<string, string>) => row.close === ''],
  ['bad_date', (row: Record<string, string>) => row.date === '2026-13-45'],
] as const)('a bad row can be %s', (damage, isBad) =>
  withFaults([{ kind: 'bad_row', damage, row: 2 }], async (connection) =>
    expect(
      records(await table(connection))
        .map(isBad)
        .indexOf(true),
    ).toBe(2),
  ),
)

test.each([
  ['not_logged_in', '10001001'],
  ['idle_logout', '10001001'],
  ['no_permission', '10001006'],
  ['rate_limited', '10001007'],
  ['black_list', '10001011'],
  ['system_error', '10005001'],
] as const)('%s answers a query with %s', (kind, code) =>
  withFaults([{ kind, count: 1 }], async (connection) => {
    expect((await table(connection)).parts[0]).toBe(code)
    // Only after an idle logout is the session gone for good.
    expect((await table(connection)).parts[0]).toBe(kind === 'idle_logout' ? '10001001' : '0')
  }),
)

test.each([
  ['bad_token', '10001002'],
  ['version_expired', '10001004'],
  ['too_many_logins', '10001005'],
  ['black_list', '10001011'],
] as const)('%s answers a login with %s', (kind, code) =>
  withFaults([{ kind, api: 'login' }], async (connection) => {
    expect((await table(connection)).parts[0]).toBe('0')
    expect((await connection.login()).parts[0]).toBe(code)
  }),
)

test('a fault is not used up by a request that it cannot happen to', () =>
  withFaults(
    [
      { kind: 'empty', count: 1 },
      { kind: 'too_many_logins', count: 1 },
      { kind: 'bad_zlib', count: 1 },
    ],
    async (connection) => {
      expect((await connection.login()).parts[0]).toBe('10001005')
      expect((await connection.login()).parts[0]).toBe('0')
      expect((await statuses(connection)).parts[6]).toBe('')
      await expect(table(connection)).rejects.toMatchObject({ cause: { code: 'Z_DATA_ERROR' } })
    },
  ))

test('an answer breaks off in the middle, with RST, with FIN or with silence', async () => {
  await withFaults([{ kind: 'fin', percent: 40 }], async (connection) => {
    await expect(statuses(connection)).rejects.toThrow('ended: fin')
    expect(connection.rest().length).toBeGreaterThan(100)
  })
  await withFaults([{ kind: 'reset' }], (connection) =>
    expect(statuses(connection)).rejects.toThrow('ended: ECONNRESET'),
  )
  await withFaults([{ kind: 'fin', percent: 0 }], async (connection) => {
    await expect(statuses(connection)).rejects.toThrow('ended: fin')
    expect(connection.rest().length).toBe(0)
  })
  await withFaults([{ kind: 'hang', ms: 80 }], async (connection) => {
    await expect(statuses(connection)).rejects.toThrow('ended: fin')
    expect(connection.rest().length).toBe(0)
  })
  await withFaults([{ kind: 'truncated', percent: 30 }], async (connection) => {
    const answer = statuses(connection)
    await expect.poll(() => connection.rest().length).toBeGreaterThan(100)
    connection.socket.destroy()
    await expect(answer).rejects.toThrow('ended: fin')
  })
})

test('an answer comes in many segments and is the same', () =>
  withBaostock({ market }, async (connection, { setFaults }) => {
    const whole = await statuses(connection)
    for (const [bytes, least] of [
      [undefined, 100],
      [7, 20],
    ] as const) {
      setFaults([{ kind: 'split', ...(bytes !== undefined && { bytes }) }])
      const before = connection.pieces()
      expect((await statuses(connection)).bytes).toEqual(whole.bytes)
      // The system may join some of them.
      expect(connection.pieces() - before).toBeGreaterThan(least)
    }
  }))

test('an answer has the wrong CRC, comes twice, or is none', async () => {
  await withFaults([{ kind: 'wrong_crc', count: 1 }], async (connection) => {
    const wrong = await statuses(connection)
    const right = await statuses(connection)
    expect([wrong.crcIsRight, right.crcIsRight, wrong.body]).toEqual([false, true, right.body])
  })
  await withFaults([{ kind: 'sent_twice' }], async (connection) => {
    const { bytes } = await statuses(connection)
    await expect.poll(() => readFrame(connection.rest())?.bytes).toEqual(bytes)
  })
  await withFaults([{ kind: 'garbage' }], (connection) =>
    expect(statuses(connection)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('not a header') as string },
    }),
  )
})

test('an answer comes late', () =>
  withFaults([{ kind: 'latency', ms: 120 }], async (connection) => {
    const started = performance.now()
    await statuses(connection)
    expect(performance.now() - started).toBeGreaterThan(110)
  }))

test('faults name codes and dates as everywhere in the replay', () =>
  withFaults(
    [
      { kind: 'rate_limited', codes: ['600000.SH'], api: 'query_adjust_factor' },
      { kind: 'system_error', date: '20261120' },
    ],
    async (connection) => {
      const factors = (code: string) => connection.ask('15', 'query_adjust_factor', 1, 10, code, '', '')
      const day = (date: string) => connection.ask('98', 'query_daily_history_k_AStock', date)
      const answers = [factors('sh.600000'), factors('sh.600001'), day('2026-11-20'), day('2026-11-19')]
      expect((await Promise.all(answers)).map(({ parts }) => parts[0])).toEqual([
        '10001007',
        '0',
        '10005001',
        '0',
      ])
    },
  ))

test('a fault in the middle leaves other connections alone', () =>
  withBaostock({ market }, async (connection, replay) => {
    replay.setFaults([{ kind: 'hang', nth: 1, api: 'query_all_stock' }])
    const stuck = connection.send(requestBytes('35', ['query_all_stock', 'anonymous', '1', '9', DAY]))
    await expect.poll(() => replay.stats().byApi.query_all_stock?.other['fault:hang']).toBe(1)
    const other = await openConnection(replay)
    await other.login()
    expect(records(await statuses(other)).length).toBeGreaterThan(20)
    await other.close()
    connection.socket.destroy()
    await expect(stuck).rejects.toThrow('ended')
  }))
