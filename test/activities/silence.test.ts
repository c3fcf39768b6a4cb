import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Work } from '../../activities/batch-work.ts'
import { answerCommit } from '../../activities/commit-call.ts'
import { unknownOf } from '../../activities/silence.ts'
import { loadMarketFacts } from '../../db/plan-datasets.ts'
import { BAOSTOCK_CAPABILITIES } from '../../market/baostock.ts'
import type { SourceCall } from '../../market/capability.ts'
import type { Answer, FactorRow } from '../../sources/contract.ts'
import { FIRST, LAST, openSmallMarket, SYMBOLS } from '../planning/small-market.ts'
import type { TestDatabase } from '../support/database.ts'

/*
 * BaoStock's factors have rows on ex-dates only. Of the three stocks that it may know (the fourth is of Beijing) its list
 * names all but the second one.
 */

const [KNOWN = '', UNKNOWN = '', EX = ''] = SYMBOLS
let db: TestDatabase
let work: Work

beforeAll(async () => {
  db = await openSmallMarket()
  const market = await loadMarketFacts(db.sql, 'adj_factor', new Date('2024-01-12T20:00:00+08:00'))
  const capability = { ...BAOSTOCK_CAPABILITIES.adj_factor, byDate: null }
  work = {
    deps: { db, now: () => new Date('2024-01-12T20:00:00+08:00') },
    market,
    served: market.servedBy(capability.exchanges),
    capability,
    source: { name: 'baostock', partsOf: () => [] },
    batch: { dataset: 'adj_factor', region: { kind: 'market', dates: [FIRST, LAST] } },
    run: { job: 'daily_history', stages: [] },
  } as unknown as Work
})
afterAll(() => db.drop())
beforeEach(() => db.sql`truncate stock_basic_info`)

/** BaoStock's list, with the day of the youngest of its listings. */
const lists = (listDate: string) => db.sql`
  insert into stock_basic_info (code, source, symbol, instrument_id, name, exchange, list_status, list_date)
  select split_part(code, '.', 1), 'baostock', code, instrument_id, code, 'SSE', 'L', ${listDate} from instrument_code
  where code in ${db.sql([KNOWN, EX])}`

const wholeMarket: SourceCall = {
  dataset: 'adj_factor',
  symbols: null,
  from: FIRST,
  to: FIRST,
  part: null,
  rows: 0,
}
const answer: Answer = {
  rows: [{ symbol: EX, trade_date: FIRST, factor: 2 } satisfies FactorRow],
  rejected: [],
  codeChanges: [],
  requests: 1,
}

/** What the answer leaves uncovered, by symbol. */
async function leftOpen(call: SourceCall, from = answer) {
  const claim = { runId: '', seq: 0, epoch: 1, cursor: 0, source: 'baostock' as const }
  const { cover, missing } = answerCommit(work, claim, call, from, await unknownOf(work, call, from))
  const symbolOf = (id: number) => work.market.byId.get(id)?.symbol
  return {
    covers: cover?.instruments === null ? 'market' : cover?.instruments?.map(symbolOf),
    open: missing.map(({ instrumentId, tradeDate }) => [symbolOf(instrumentId), tradeDate]),
  }
}

test('a day of the whole market covers who is silent, but not a stock that the source’s list lacks', async () => {
  await lists('2020-01-02')
  expect(await leftOpen(wholeMarket)).toEqual({ covers: 'market', open: [[UNKNOWN, FIRST]] })
})

test('a list that is older than a stock says nothing of it, nor does none at all', async () => {
  expect((await leftOpen(wholeMarket)).open).toEqual([])
  await lists('2019-12-31')
  expect((await leftOpen(wholeMarket)).open).toEqual([])
})

test('asked for symbols, those that it knows are covered and one mark stands for each other', async () => {
  await lists('2020-01-02')
  const call = { ...wholeMarket, symbols: [KNOWN, UNKNOWN], to: LAST }
  expect(await leftOpen(call, { ...answer, rows: [] })).toEqual({
    covers: [KNOWN],
    open: [[UNKNOWN, FIRST]],
  })
})
