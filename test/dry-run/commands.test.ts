import { execFile } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asTushare, bars, type Bench, openBench } from '../import/support.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

interface Ended {
  code: number
  out: string
  err: string
}

/** A program as npm starts it, with nothing in its environment but the database. */
function command(program: string, args: readonly string[], database = bench.db.url): Promise<Ended> {
  const file = new URL(`../../local/${program}/main.ts`, import.meta.url).pathname
  const env = { PATH: process.env.PATH, DATABASE_URL: database, TUSHARE_TOKEN: 'unused' }
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', file, ...args], { env }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    )
  })
}

test('the commands say what they did, what it would cost and why they cannot', async () => {
  const file = bench.file('daily.csv', asTushare(bars()))
  const away = 'postgres://someone:secret-word@127.0.0.1:1/none'
  const [imported, planned, failed] = await Promise.all([
    command('import', [file, '--dataset', 'bars']),
    command('plan', ['daily_history', '--from', '2024-01-02', '--sources', 'tushare', '--json']),
    command('plan', ['stock_list'], away),
  ])

  expect(imported).toMatchObject({ code: 0, err: '' })
  expect(imported.out).toMatch(
    /160 rows read as bars, columns of Tushare; volume in lots and amount in thousand-yuan/,
  )
  expect(imported.out).toMatch(
    /run [0-9a-f-]{36}: success\n {2}160 inserted, 0 updated, 0 unchanged, 0 refused/,
  )
  expect(JSON.parse(planned.out)).toMatchObject({
    job: 'daily_history',
    params: { start_date: '2024-01-02' },
    stages: [
      [{ dataset: 'trade_calendar' }, { dataset: 'stock_list' }],
      [{}],
      [{ dataset: 'bars' }, { dataset: 'adj_factor' }],
    ],
  })
  expect(failed).toMatchObject({ code: 1, out: '' })
  expect(failed.err).not.toContain('secret-word')
})
