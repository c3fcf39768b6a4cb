import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { loadMarketFacts } from '../../db/plan-datasets.ts'
import { loadCovered } from '../../db/plan/wanted.ts'
import { expandRanges } from './ranges.ts'
import { subtractCovered } from '../../planning/wanted.ts'
import { ImportRefused } from '../../sources/import/refused.ts'
import {
  asParquet,
  asTushare,
  bars,
  type Bench,
  linesOf,
  NOW,
  openBench,
  SESSIONS,
  storedBars,
} from './support.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterEach(() => bench.clear())
afterAll(() => bench.close())

const truth = bars()

test('whatever rows a file has and in whatever order, they are stored, and exactly their cells are covered', async () => {
  const files = fc.shuffledSubarray(truth, { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(fc.array(files, { minLength: 1, maxLength: 2 }), async (kept) => {
      await bench.clear()
      for (const rows of kept) await bench.import(bench.file('a.csv', asTushare(rows)), { scattered: true })

      const came = new Set(kept.flat())
      expect(await storedBars(bench.db.sql)).toEqual(linesOf([...came]))
      const covered = await loadCovered(bench.db.sql, 'bars', false)
      const { instruments, calendar } = await loadMarketFacts(bench.db.sql, 'bars', NOW)
      const range = { from: SESSIONS[0] ?? '', to: SESSIONS.at(-1) ?? '' }
      const wanted = subtractCovered({ instruments, range, calendar, covered }).flatMap(
        ({ instrument, ranges }) =>
          expandRanges(ranges, SESSIONS).map((date) => `${instrument.symbol} ${date}`),
      )
      const lacking = truth.filter((bar) => !came.has(bar)).map(({ symbol, date }) => `${symbol} ${date}`)
      expect(wanted.sort()).toEqual(lacking.sort())
    }),
    { numRuns: 6 },
  )
})

test('a damaged file is refused in words or read, whatever the damage, and a dry run writes nothing', async () => {
  const csv = Buffer.from(asTushare(truth))
  const parquet = Buffer.from(asParquet(truth))
  const damage = fc.record({
    file: fc.constantFrom(csv, gzipSync(csv), parquet),
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    bytes: fc.uint8Array({ maxLength: 20 }),
    cut: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(damage, async ({ file, at, bytes, cut }) => {
      const place = Math.floor(at * file.length)
      const rest = cut ? Buffer.alloc(0) : file.subarray(place + bytes.length)
      const broken = bench.file('x', Buffer.concat([file.subarray(0, place), bytes, rest]))
      await bench
        .import(broken, { dryRun: true, named: file === parquet ? new Map([['open', 'o']]) : new Map() })
        .catch((error: unknown) => expect(error).toBeInstanceOf(ImportRefused))
      const [left] = await bench.db
        .sql`select (select count(*) from bars) + (select count(*) from sync_run) as n`
      expect(left?.n).toBe(0)
    }),
    { numRuns: 60 },
  )
})
