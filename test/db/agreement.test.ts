import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { recordAgreement } from '../../db/queries/agreement.ts'
import { BAR_FIELD_NAMES, BAR_FIELDS } from '../../market/tolerances.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import {
  agrees,
  barOfSources,
  choose,
  DEFAULT_PRECEDENCE,
  insertBars,
  type SourceBar,
  stored,
  valueOf,
} from './best-reference.ts'
import { barLine, merge } from './support.ts'

fc.configureGlobal({ seed: 20_260_706 })

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'bars', 'agreement')
})

const ALL = { instruments: null, from: '2023-01-01', to: '2026-12-31' } as const

const recordBars = (
  region: Partial<{ instruments: number[]; from: string; to: string; runId: string }> = {},
) => recordAgreement(db.sql, { ...ALL, runId: null, ...region, dataset: 'bars' })

interface Difference {
  id: number
  field: string
  a: string
  valueA: bigint | null
  b: string
  valueB: bigint | null
  verdict: string
}

const sorted = (differences: Difference[]) =>
  differences.sort((x, y) => x.id - y.id || keyOf(x).localeCompare(keyOf(y)))
const keyOf = ({ field, a, b }: Pick<Difference, 'field' | 'a' | 'b'>) => [field, a, b].join(' ')

const placeOf = ({ source }: SourceBar) => [...DEFAULT_PRECEDENCE.ohlc, source].indexOf(source)

/** What the reference finds in the rows of bars: differences, and counts per field and pair. */
function expectedOf(bars: readonly SourceBar[][]) {
  const differences: Difference[] = []
  const counts = new Map<string, { compared: number; agreed: number }>()
  for (const [i, own] of bars.entries()) {
    const ordered = [...own].sort((x, y) => placeOf(x) - placeOf(y))
    for (const [n, a] of ordered.entries()) {
      for (const b of ordered.slice(n + 1)) {
        for (const field of BAR_FIELD_NAMES) {
          const verdict = agrees(a, b, field)
          if (verdict === null) continue
          const key = keyOf({ field, a: a.source, b: b.source })
          const count = counts.get(key) ?? { compared: 0, agreed: 0 }
          counts.set(key, { compared: count.compared + 1, agreed: count.agreed + Number(verdict) })
          if (verdict) continue
          const { disputed } = choose(own, BAR_FIELDS[field].group, DEFAULT_PRECEDENCE)
          differences.push({
            id: i + 1,
            field,
            a: a.source,
            valueA: valueOf(a, field),
            b: b.source,
            valueB: valueOf(b, field),
            verdict: disputed ? 'disputed' : 'outvoted',
          })
        }
      }
    }
  }
  return { differences: sorted(differences), counts }
}

async function recorded(): Promise<Difference[]> {
  const rows = await db.sql<(Omit<Difference, 'valueA' | 'valueB'> & { x: string; y: string })[]>`
    select instrument_id as id, field, source_a as a, value_a::text as x, source_b as b, value_b::text as y, verdict from agreement`
  return sorted(
    rows.map(({ x, y, ...row }) => {
      const field = row.field as (typeof BAR_FIELD_NAMES)[number]
      return { ...row, valueA: stored(x, field), valueB: stored(y, field) }
    }),
  )
}

describe('bars', () => {
  test('differences, verdicts and counts equal the reference, whatever one to four sources say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(barOfSources, { minLength: 20, maxLength: 40 }), async (bars) => {
        await db.sql`delete from bars`
        await insertBars(db.sql, bars)
        const found = await recordBars()
        const { differences, counts } = expectedOf(bars)
        expect(await recorded()).toEqual(differences)
        expect(
          new Map(
            found.map((f) => [
              keyOf({ field: f.field, a: f.sourceA, b: f.sourceB }),
              { compared: f.compared, agreed: f.agreed },
            ]),
          ),
        ).toEqual(counts)
        // A bar is shown as disputed exactly where a difference is.
        const [row] = await db.sql<{ wrong: number }[]>`
          select count(*)::int as wrong from bars_best b where disputed is distinct from exists (
            select from agreement g where g.instrument_id = b.instrument_id and g.verdict = 'disputed')`
        expect(row?.wrong).toBe(0)
      }),
      { numRuns: 30 },
    )
  })

  const twoSources = async (close: number) => {
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', close: 10 })])
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', close })], { source: 'baostock' })
  }

  test('a difference that is seen again is dated anew and keeps its first date, with the values of now', async () => {
    await twoSources(11)
    await recordBars()
    const [first] = await db.sql`select id, first_seen_at, last_seen_at, value_b::float8 as b from agreement`
    await twoSources(11.5)
    const runId = randomUUID()
    await recordBars({ runId })
    const [second] = await db.sql`
      select id, first_seen_at, last_seen_at > ${first?.last_seen_at as string} as later, value_b::float8 as b, run_id from agreement`
    expect(second).toEqual({
      id: first?.id as number,
      first_seen_at: first?.first_seen_at as string,
      later: true,
      b: 11.5,
      run_id: runId,
    })
  })

  test('a difference that is gone is forgotten, others outside of the region stay', async () => {
    await merge(db, 'bars', [
      barLine({ id: 1, date: '2023-12-29' }),
      barLine({ id: 1, date: '2024-01-02' }),
      barLine({ id: 2, date: '2024-01-02' }),
    ])
    const other = ['2023-12-29', '2024-01-02'].map((date) => barLine({ id: 1, date, close: 11 }))
    await merge(db, 'bars', [...other, barLine({ id: 2, date: '2024-01-02', close: 11 })], {
      source: 'baostock',
    })
    await recordBars()
    await db.sql`update bars set close = 10`
    await recordBars({ instruments: [1], from: '2024-01-01' })
    expect(await db.sql`select instrument_id as id, trade_date as date from agreement order by 1, 2`).toEqual(
      [
        { id: 1, date: '2023-12-29' },
        { id: 2, date: '2024-01-02' },
      ],
    )
  })

  test('nothing is compared where one source has all bars', async () => {
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02' })])
    await merge(db, 'bars', [barLine({ id: 2, date: '2024-01-02' })], { source: 'baostock' })
    expect(await recordBars()).toEqual([])
  })

  test('volume that only the trade after hours makes larger agrees, and is counted apart', async () => {
    const date = '2026-07-06'
    await merge(db, 'bars', [barLine({ id: 1, date, close: 10, volume: 100_000 })])
    await merge(db, 'bars', [barLine({ id: 1, date, close: 10, volume: 150_000 })], { source: 'baostock' })
    const counts = (await recordBars()).filter(({ field }) => field === 'volume' || field === 'amount')
    expect(counts.map(({ field, agreed, explained }) => ({ field, agreed, explained }))).toEqual([
      { field: 'volume', agreed: 1, explained: 1 },
      { field: 'amount', agreed: 1, explained: 1 },
    ])
  })
})
