import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RankedSource } from '../../db/plan/candidates.ts'
import { type DatasetPlan, planDatasetsOf } from '../../db/plan-datasets.ts'
import { AKSHARE_CAPABILITIES } from '../../market/akshare.ts'
import type { RunParams } from '../../market/run-params.ts'
import { RUN_DEFAULTS } from '../../market/run-settings.ts'
import type { TestDatabase } from '../support/database.ts'
import { cover, FIRST, LAST, openSmallMarket, regionsOf, source, whole } from './small-market.ts'

/* Valuations: no source has all of them, and some bring them with their bars. */

let db: TestDatabase
beforeAll(async () => {
  db = await openSmallMarket()
})
afterAll(() => db.drop())
beforeEach(() => db.sql`delete from coverage`)

/** The plan of the valuations beside that of the bars, or alone. */
async function valuations(
  sources: readonly RankedSource[],
  params: RunParams = {},
  besideBars = true,
): Promise<DatasetPlan[]> {
  const context = {
    sql: db.sql,
    sources,
    depths: [],
    listsAgain: false,
    ...RUN_DEFAULTS,
    historyStart: FIRST,
    now: () => new Date('2024-01-12T20:00:00+08:00'),
  }
  const plans = await planDatasetsOf(context, besideBars ? ['bars', 'daily_basic'] : ['daily_basic'], params)
  return plans.filter(({ dataset }) => dataset === 'daily_basic')
}

const regions = async (...options: Parameters<typeof valuations>): Promise<string[]> =>
  (await valuations(...options)).flatMap(regionsOf)

const noLists = { deniedApis: new Set(['daily_basic']) }

describe('with the bars of the same source', () => {
  test('they come along, and no call is planned', async () => {
    const [plan] = await valuations([source('baostock')])
    expect(plan?.batches).toEqual([])
    expect(plan?.notes).toContain('comes with the bars of baostock')
  })

  test('without the bars they are asked for as bars are', async () => {
    expect(await regions([source('baostock')], {}, false)).toEqual([1, 2, 3].map(whole))
  })

  test('where the bars are there already nothing comes along', async () => {
    for (const id of [1, 2]) await cover(db, 'bars', 'tushare', id)
    expect(await regions([source('baostock')])).toEqual([1, 2].map(whole))
  })

  test('where the bars come from elsewhere they are asked for', async () => {
    const tushare = source('tushare', noLists)
    expect(await regions([tushare, source('baostock')])).toEqual([1, 2, 3].map(whole))
  })

  test('side by side nobody knows whose bars they are', async () => {
    const sources = [source('baostock'), source('tushare', noLists)]
    const params = { source_mode: 'parallel' } as const
    expect(await regions(sources, params)).toEqual([1, 2, 3].map((id) => `${whole(id)} baostock`))
    expect(await regions([source('baostock')], params)).toEqual([])
  })

  test('when every source does everything, each has those of its own bars', async () => {
    const plans = await valuations([source('tushare'), source('baostock')], { source_mode: 'all' })
    expect(plans.map((plan) => [plan.source, plan.batches.length > 0])).toEqual([
      ['tushare', true],
      ['baostock', false],
    ])
  })

  test('a history of bars brings none where only the snapshot has them', async () => {
    const [plan] = await valuations([source('akshare')])
    expect(plan?.parts.map((part) => [part.source, part.capability.api])).toEqual([
      ['akshare', 'stock_zh_a_spot_em'],
    ])
    expect(plan && regionsOf(plan)).toEqual([`all ${LAST}`])
  })

  test('the snapshot of bars brings them along', async () => {
    const day = { start_date: LAST, end_date: LAST }
    const bars = { ...AKSHARE_CAPABILITIES.bars, bySymbols: null }
    const snapshots = source('akshare', { capabilities: { ...AKSHARE_CAPABILITIES, bars } })
    expect(await regions([snapshots], day)).toEqual([])
  })
})

describe('in parts', () => {
  test('who has most of them is asked first, whoever comes first for the run', async () => {
    const sources = [source('baostock'), source('tushare')]
    expect(await regions(sources, {}, false)).toEqual([1, 2, 3, 4].map((id) => `${whole(id)} tushare`))
  })

  test('what only a source without market values has brought is asked of one that has them', async () => {
    for (const id of [1, 2, 3, 4]) await cover(db, 'daily_basic', 'baostock', id)
    expect(await regions([source('tushare')], {}, false)).toEqual([1, 2, 3, 4].map(whole))
    expect(await regions([source('baostock')], {}, false)).toEqual([])
  })

  test('what a source with all of it has brought is asked of nobody', async () => {
    await cover(db, 'daily_basic', 'tushare', 0)
    const sources = [source('tushare'), source('baostock'), source('akshare')]
    expect(await regions(sources, {}, false)).toEqual([])
  })

  test('two that have one part each are asked both, each for its own', async () => {
    const [plan] = await valuations([source('akshare'), source('baostock')], {}, false)
    expect(plan?.parts.map(({ source: name }) => name)).toEqual(['akshare', 'baostock'])
    expect(plan && regionsOf(plan)).toEqual([
      ...[1, 2, 3].map((id) => `${whole(id)} baostock`),
      `all ${LAST}`,
    ])
  })

  test('a part that nobody has is named', async () => {
    const [plan] = await valuations([source('baostock')], {}, false)
    expect(plan?.notes).toEqual(['BSE: no source', 'market values and shares: no source that is switched on'])
  })

  test('a source that may not be asked for so much is left out, with the reason', async () => {
    const [plan] = await valuations([source('baostock', { perDay: 1 }), source('akshare')], {}, false)
    expect(plan?.skipped).toEqual([
      { source: 'baostock', reason: 'the plan exceeds what it may safely be asked' },
    ])
  })
})
